import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { answer, arrival, driveRefusal, hold, inject } from '../faults.ts';
import { Sandbox } from './sandbox.ts';
import { TerminalRun } from './terminal.ts';

describe('a run watched from outside: its log file, and status', () => {
  const sandbox = Sandbox.forEach();

  const linesOf = (path: string): Record<string, unknown>[] =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));

  it('has a log that names each retry, each throttled request and each finished file', async () => {
    const { drive, s3 } = sandbox.cloud;
    const home = await sandbox.home({ folderId: sandbox.seed({ '1.jpg': 'one', '2.jpg': 'two2' }, [1, 2]) });
    inject(drive.service, /alt=media/, [driveRefusal(403, 'userRateLimitExceeded')]);
    inject(s3.service, /^PUT/, [answer(500, '')]);
    const path = join(sandbox.folder, 'run.log');
    const { stderr } = await home.exits(0, ['migrate', '--verbose', '--log-file', path]);
    expect(stderr).to.include(path);
    const lines = linesOf(path);
    for (const { level } of lines) expect(level).to.be.oneOf(['debug', 'info', 'warn']);
    const one = (msg: string) => lines.filter(line => line.msg === msg);
    expect(one('throttled')[0]).to.include({ service: 'Google Drive', status: 403 });
    const retry = one('retry').find(({ service }) => service === 'transfer');
    expect(retry?.reason).to.match(/\d\.jpg/);
    expect(one('file').map(({ name, size, status }) => `${name} ${size} ${status}`)).to.have.members([
      '1.jpg 3 completed',
      '2.jpg 4 completed',
    ]);
    for (const { key, seconds } of one('file')) {
      expect(key).to.match(/\d\.jpg/);
      expect(seconds).to.be.a('number');
    }
  });

  it('has no stack trace in the log after Ctrl-C', async () => {
    const home = await sandbox.home({ folderId: sandbox.seed({ '1.jpg': 'one' }, [1]) });
    const asked = arrival(sandbox.cloud.drive.service, ({ url }) => /alt=media/.test(url!));
    const path = join(sandbox.folder, 'run.log');
    const { child, ended } = home.start(['migrate', '--log-file', path]);
    await asked;
    child.kill('SIGINT');
    expect((await ended).code).to.equal(130);
    expect(readFileSync(path, 'utf8'))
      .to.match(/"msg":"Interrupted/)
      .and.not.include('stack');
  });

  it('needs a log file in a folder that exists', async () => {
    const home = await sandbox.home();
    const { stderr } = await home.exits(2, ['status', '--log-file', '/nowhere/run.log']);
    expect(stderr).to.match(
      /^Error: The log cannot be written to \/nowhere\/run.log: ENOENT.*\n.*--log-file/,
    );
  });

  it('status says who works on the run, and --watch goes on until Ctrl-C', async () => {
    const home = await sandbox.home({ folderId: sandbox.seed({ '1.jpg': 'one', '2.jpg': 'two' }, [1, 2]) });
    let downloads = 0;
    const { reached, release } = hold(
      sandbox.cloud.drive.service,
      ({ url }) => /alt=media/.test(url!) && ++downloads > 1,
    );
    const running = home.start(['migrate']);
    await reached;
    const watch = new TerminalRun(['status', '--watch'], home.env, {
      columns: 80,
      rows: 24,
    });
    await watch.until(lines => lines.some(line => /^This session: 1 file stored, 3 B, /.test(line)));
    expect(watch.lines().join('\n')).to.match(/^Folder "pictures" .*2 files, 6 B/m);
    const { in_progress, session } = await home.json('status');
    expect(in_progress).to.include({ command: 'migrator migrate', pid: running.child.pid });
    expect(session).to.include({ files: 1, bytes: 3 });
    release();
    expect((await running.ended).code).to.equal(0);
    await watch.until(lines => lines.some(line => line.startsWith('Not in progress.')));
    process.kill(watch.pid, 'SIGINT');
    expect(await watch.ended).to.equal(0);
    expect(watch.lines().filter(line => /Error|Interrupted/.test(line))).to.deep.equal([]);
  });
});
