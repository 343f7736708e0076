// npm runs this after an installation in a checkout, from git, and before it packs. With `--omit=dev` it cannot build:
// what has been built before stays.
import { execSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const project = new URL('..', import.meta.url);
const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', project), 'utf8'));
// All of them: a compiler alone may be there as a peer of another package.
const canBuild = Object.keys(devDependencies).every(name =>
  existsSync(new URL(`node_modules/${name}`, project)),
);

if (canBuild) {
  execSync('npm run build', { cwd: project, stdio: 'inherit' });
} else if (!existsSync(new URL('dist', project))) {
  console.error('Not built: that takes the development dependencies. "npm ci" installs them and builds.');
  // `npm install --global` of a git address leaves a link to a folder that it removes; better to say so than to seem well.
  if (process.env.npm_config_global === 'true') {
    console.error(
      'From git: clone it, run "npm ci" and "npm pack" there, and install the .tgz file globally.',
    );
    process.exitCode = 1;
  }
}
