import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from './project-root.ts';

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

  it('holds what runs, and what is to be read', () => {
    expect(paths).to.include.members([
      ...['README.md', 'LICENSE', 'package.json', 'docs/setup.md', 'docs/commands.md'],
      ...['bin/run.js', 'dist/src/main.js', 'dist/src/commands/migrate.js', 'dist/stages/parse.js'],
      ...['dist/oclif.manifest.json', 'dist/man/migrator.1', 'dist/man/amplify-media-migrator.1'],
    ]);
  });

  it('holds nothing else: no tests, no local cloud, no sources, no source maps', () => {
    const others = paths.filter(
      path =>
        !/^(README\.md|LICENSE|package\.json|bin\/run\.js|docs\/[\w-]+\.(md|png|svg))$/.test(path) &&
        !/^dist\/(src|stages)\/[\w/-]+\.(js|css|html)$/.test(path) &&
        !/^dist\/(oclif\.manifest\.json|man\/[\w-]+\.1)$/.test(path),
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

  it('has every module that its own modules import, and every package is a dependency', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const missing: string[] = [];
    for (const path of paths.filter(name => name.endsWith('.js'))) {
      for (const [, whole, bare, lazy] of readFileSync(join(root, path), 'utf8').matchAll(IMPORTS)) {
        const name = (whole ?? bare ?? lazy)!;
        if (name.startsWith('node:')) continue;
        const own = name.startsWith('.') ? join(path, '..', name) : null;
        const known = own
          ? paths.includes(own) && existsSync(join(root, own))
          : name
              .split('/')
              .slice(0, name.startsWith('@') ? 2 : 1)
              .join('/') in dependencies;
        if (!known) missing.push(`${path}: ${name}`);
      }
    }
    expect(missing).to.deep.equal([]);
  });
});
