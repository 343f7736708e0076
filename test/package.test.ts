import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { scratchFolder } from './config/scratch.ts';
import { projectRoot } from './project-root.ts';

interface Packed {
  files: { path: string; mode: number }[];
}

/** As the bundler writes them: whole lines, and `import()` anywhere. */
const IMPORTS = /^(?:import|export|\}).* from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

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
      ...['bin/run.js', 'dist/program/src/main.js', 'dist/program/src/commands/migrate.js'],
      ...['dist/program/oclif.manifest.json', 'dist/program/THIRD-PARTY-NOTICES.txt'],
      ...['dist/program/man/migrator.1', 'dist/program/man/amplify-media-migrator.1'],
    ]);
  });

  it('holds nothing else: no tests, no local cloud, no sources, no source maps', () => {
    const others = paths.filter(
      path =>
        !/^(README\.md|LICENSE|package\.json|bin\/run\.js|docs\/[\w-]+\.(md|png|svg))$/.test(path) &&
        !/^dist\/program\/(src|chunks)\/[\w/.-]+\.js$/.test(path) &&
        path !== 'dist/program/chunks/xdg-open' &&
        !/^dist\/program\/(oclif\.manifest\.json|THIRD-PARTY-NOTICES\.txt|man\/[\w-]+\.1)$/.test(path),
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

  it('needs no other package: every module that it imports is its own or Node’s', () => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(dependencies).to.deep.equal({});
    const programs = paths.filter(path => path.endsWith('.js'));
    const imports = programs.flatMap(path => {
      const found = readFileSync(join(root, path), 'utf8').matchAll(IMPORTS);
      return [...found].map(([, whole, bare, lazy]) => ({ path, name: (whole ?? bare ?? lazy)! }));
    });
    expect(imports).to.have.length.above(programs.length);
    const missing = imports.filter(({ path, name }) => {
      if (name.startsWith('.')) return !paths.includes(join(path, '..', name));
      return !isBuiltin(name);
    });
    expect(missing).to.deep.equal([]);
  });

  it('runs where there is nothing but it', async () => {
    const scratch = await scratchFolder();
    try {
      for (const path of paths) {
        mkdirSync(dirname(join(scratch.folder, path)), { recursive: true });
        copyFileSync(join(root, path), join(scratch.folder, path));
      }
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

  it('brings what opens a browser where the system has nothing for it', () => {
    const file = packed.files.find(({ path }) => path === 'dist/program/chunks/xdg-open');
    expect(file!.mode & 0o111).to.equal(0o111);
    const modules = paths.filter(path => path.endsWith('.js'));
    const lookers = modules.filter(path =>
      readFileSync(join(root, path), 'utf8').includes('__dirname, "xdg-open"'),
    );
    expect(lookers.map(path => dirname(path))).to.deep.equal(['dist/program/chunks']);
  });

  it('gives the license of every package that is part of it', () => {
    const notices = readFileSync(join(root, 'dist', 'program', 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of [
      '@aws-sdk/client-s3',
      '@oclif/core',
      'graphql',
      'google-auth-library',
      'pino',
      'uuid',
    ]) {
      const { version, license } = JSON.parse(
        readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
      );
      expect(notices).to.match(new RegExp(`^${name} ${version} \\(${license}\\)$`, 'm'));
    }
    expect(notices).to.contain('Apache License').and.to.contain('MIT License');
    expect(notices).not.to.match(/^(mocha|typescript|chai) /m);
  });
});
