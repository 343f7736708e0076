import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { keepAwake, toolFor } from '../../src/cli/keep-awake.ts';
import { projectRoot } from '../project-root.ts';

const MODULE = join(projectRoot(), 'dist', 'src', 'cli', 'keep-awake.js');

describe('The computer is kept awake', () => {
  let folder: string;
  let child: ChildProcess | null = null;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keep-awake-'));
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    child = null;
    rmSync(folder, { recursive: true, force: true });
  });

  const place = (name: string) => join(folder, name);

  /** A systemd-inhibit that writes down its arguments, runs the command among them, and writes down that it has ended. */
  function fakeInhibit(): NodeJS.ProcessEnv {
    const script = `#!/bin/sh
for word; do echo "$word"; done > '${place('begun.part')}'
mv '${place('begun.part')}' '${place('begun')}'
for word; do case $word in --*) ;; *) "$word" ;; esac; done
echo over > '${place('ended')}'
`;
    writeFileSync(place('systemd-inhibit'), script);
    chmodSync(place('systemd-inhibit'), 0o755);
    return { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  }

  function appears(name: string): Promise<void> {
    return new Promise(resolve => {
      const look = () => {
        if (!existsSync(place(name))) return;
        watcher.close();
        resolve();
      };
      const watcher = watch(folder, look);
      look();
    });
  }

  /** A process that keeps awake and lives until it is killed. */
  function keeper(env: NodeJS.ProcessEnv): ChildProcess {
    const code = `import(${JSON.stringify(MODULE)}).then(m => { m.keepAwake({ platform: 'linux' }); setInterval(() => {}, 1e6); });`;
    return spawn(process.execPath, ['-e', code], { env, stdio: 'ignore' });
  }

  it('by systemd-inhibit on Linux, which is told what for and by whom', async function () {
    if (process.platform === 'win32') this.skip();
    const release = keepAwake({ platform: 'linux', env: fakeInhibit() });
    await appears('begun');
    expect(readFileSync(place('begun'), 'utf8').trim().split('\n')).to.deep.equal([
      '--what=idle:sleep',
      '--who=amplify-media-migrator',
      '--why=Files are being migrated',
      '--mode=block',
      'cat',
    ]);
    expect(existsSync(place('ended'))).to.equal(false);
    release();
  });

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`no longer than the process lives that ends by ${signal}`, async function () {
      if (process.platform === 'win32') this.skip();
      child = keeper(fakeInhibit());
      await appears('begun');
      expect(existsSync(place('ended'))).to.equal(false);
      child.kill(signal);
      await appears('ended');
    });
  }

  it('without a word, and without holding up the end, where the tool is missing', async () => {
    const code = `import(${JSON.stringify(MODULE)}).then(m => m.keepAwake({ platform: 'linux' }));`;
    const run = spawn(process.execPath, ['-e', code], { env: { PATH: folder } });
    let output = '';
    run.stdout.on('data', text => {
      output += text;
    });
    run.stderr.on('data', text => {
      output += text;
    });
    const exitCode = await new Promise(resolve => run.on('close', resolve));
    expect({ exitCode, output }).to.deep.equal({ exitCode: 0, output: '' });
  });

  it('without a word where the tool refuses', async function () {
    if (process.platform === 'win32') this.skip();
    writeFileSync(place('systemd-inhibit'), '#!/bin/sh\necho "Failed to inhibit" >&2\nexit 1\n');
    chmodSync(place('systemd-inhibit'), 0o755);
    const code = `import(${JSON.stringify(MODULE)}).then(m => { const end = m.keepAwake({ platform: 'linux' }); setTimeout(end, 0); });`;
    const run = spawn(process.execPath, ['-e', code], {
      env: { PATH: `${folder}:${process.env.PATH}` },
    });
    let output = '';
    run.stderr.on('data', text => {
      output += text;
    });
    const exitCode = await new Promise(resolve => run.on('close', resolve));
    expect({ exitCode, output }).to.deep.equal({ exitCode: 0, output: '' });
  });

  it('by caffeinate on a Mac, which watches our process', () => {
    expect(toolFor('darwin', 77)).to.deep.equal({ command: 'caffeinate', args: ['-i', '-w', '77'] });
  });

  it('by PowerShell on Windows, until its standard input ends', () => {
    const { command, args } = toolFor('win32', 77)!;
    expect(command).to.equal('powershell.exe');
    expect(args.at(-1)).to.match(/SetThreadExecutionState.*ReadToEnd\(\)$/);
  });

  it('by nothing on systems that nobody knows', () => {
    expect(toolFor('aix', 77)).to.equal(null);
    expect(() => keepAwake({ platform: 'aix' })()).not.to.throw();
  });
});
