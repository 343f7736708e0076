import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { scratchFolder } from './config/scratch.ts';
import { projectRoot } from './project-root.ts';

function packageOf(name: string): string {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}

interface Packed {
  files: { path: string; mode: number }[];
}

/** As the compiler writes them: whole lines, and `import()` anywhere. */
const IMPORTS = /^(?:import|export|\}).* from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;

describe('the package', () => {
  const root = projectRoot();
  let paths: string[];
  let packed: Packed;

  before(() => {
    const { status, stdout, stderr } = spawnSync(
      'npm',
      ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'],
      { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' },
    );
    expect(status, stderr).to.equal(0);
    const output = JSON.parse(stdout) as Packed[] | Record<string, Packed>;
    [packed] = Object.values(output) as [Packed];
    paths = packed.files.map(({ path }) => path);
  });

  it('has what runs, and what is to be read', () => {
    expect(paths).to.include.members([
      ...['README.md', 'LICENSE', 'package.json', 'docs/setup.md'],
      ...['bin/run.js', 'dist/src/cli/main.js', 'dist/src/commands/migrate.js', 'dist/stages/transfer.js'],
      'dist/oclif.manifest.json',
    ]);
  });

  it('has nothing else: no tests, no local cloud, no sources, no source maps', () => {
    const others = paths.filter(
      path =>
        !/^(README\.md|LICENSE|package\.json|bin\/run\.js|docs\/[\w-]+\.(md|png|svg))$/.test(path) &&
        !/^dist\/(src|stages)\/[\w/.-]+\.js$/.test(path) &&
        path !== 'dist/oclif.manifest.json',
    );
    expect(others).to.deep.equal([]);
  });

  it('gives both names to a program that may be run', () => {
    const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(bin).to.deep.equal({ 'amplify-media-migrator': 'bin/run.js', migrator: 'bin/run.js' });
    const program = packed.files.find(({ path }) => path === 'bin/run.js');
    expect(program!.mode & 0o111).to.equal(0o111);
    expect(readFileSync(join(root, 'bin', 'run.js'), 'utf8')).to.match(/^#!\/usr\/bin\/env node\n/);
  });

  it('imports only its own modules, Node’s, and those of its dependencies', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const programs = paths.filter(path => path.endsWith('.js'));
    const imports = programs.flatMap(path => {
      const found = readFileSync(join(root, path), 'utf8').matchAll(IMPORTS);
      return [...found].map(([, whole, bare, lazy]) => ({ path, name: (whole ?? bare ?? lazy)! }));
    });
    expect(imports).to.have.length.above(programs.length);
    const missing = imports.filter(({ path, name }) => {
      if (name.startsWith('.')) return !paths.includes(join(path, '..', name));
      return !isBuiltin(name) && !Object.hasOwn(dependencies, packageOf(name));
    });
    expect(missing).to.deep.equal([]);
  });

  it('runs where there is nothing but it and its dependencies', async () => {
    const scratch = await scratchFolder();
    try {
      for (const path of paths) {
        mkdirSync(dirname(join(scratch.folder, path)), { recursive: true });
        copyFileSync(join(root, path), join(scratch.folder, path));
      }
      symlinkSync(join(root, 'node_modules'), join(scratch.folder, 'node_modules'), 'junction');
      const env = { ...process.env, AMPLIFY_MEDIA_MIGRATOR_HOME: join(scratch.folder, 'home') };
      const migrator = (args: string[], input = '') =>
        spawnSync(process.execPath, [join(scratch.folder, 'bin', 'run.js'), ...args], {
          env,
          input,
          encoding: 'utf8',
        });
      expect(migrator(['migrate', '--help']).stdout).to.contain('USAGE');
      const parsed = migrator(['parse', '--in', '-', '--out', '-'], '{"id":"a","name":"6602a.jpg"}\n');
      expect(parsed.status, parsed.stderr).to.equal(0);
      expect(JSON.parse(parsed.stdout)).to.deep.include({ sequentialIds: [6602], contentType: 'image/jpeg' });
    } finally {
      await scratch.remove();
    }
  });
});
