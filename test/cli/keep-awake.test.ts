import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { keepAwake, toolFor } from '../../src/cli/keep-awake.ts';

describe('The computer is kept awake', () => {
  it('by systemd-inhibit on Linux, which is told what for and by whom', async function () {
    if (process.platform === 'win32') this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'keep-awake-'));
    const [part, begun] = [join(folder, 'part'), join(folder, 'begun')];
    const script = `#!/bin/sh\nfor word; do echo "$word"; done > '${part}'\nmv '${part}' '${begun}'\n`;
    writeFileSync(join(folder, 'systemd-inhibit'), script);
    chmodSync(join(folder, 'systemd-inhibit'), 0o755);
    const appeared = new Promise<void>(resolve => {
      const watcher = watch(folder, () => {
        if (!existsSync(begun)) return;
        watcher.close();
        resolve();
      });
    });
    const release = keepAwake('linux', { PATH: `${folder}:${process.env.PATH}` });
    await appeared;
    expect(readFileSync(begun, 'utf8').trim().split('\n')).to.deep.equal([
      '--what=idle:sleep',
      '--who=amplify-media-migrator',
      '--why=Files are being migrated',
      '--mode=block',
      'cat',
    ]);
    release();
    rmSync(folder, { recursive: true, force: true });
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
    expect(() => keepAwake('aix')()).not.to.throw();
  });
});
