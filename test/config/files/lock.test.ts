import { execFile, execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { SILENT_HOLDER_MS } from '../../../src/config/files/holder.ts';
import { type Lock, tryLock, waitForLock } from '../../../src/config/files/lock.ts';
import { RunError } from '../../../stages/errors.ts';
import { projectRoot } from '../../project-root.ts';
import { useScratch } from '../scratch.ts';

/** Above every process id that a system gives. */
const DEAD = 2 ** 22 + 1;

describe('a lock between processes', () => {
  const scratch = useScratch();
  let path: string;

  beforeEach(() => {
    path = join(scratch.folder, 'home', 'some.lock');
  });

  const taken = (attempt: ReturnType<typeof tryLock>): Lock => {
    if ('holder' in attempt) throw new Error(`held by ${attempt.holder.pid}`);
    return attempt.lock;
  };
  const leaveBehind = (holder: object) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(
      path,
      JSON.stringify({ host: hostname(), command: 'x', since: '2026-01-01T00:00:00Z', ...holder }),
    );
  };

  it('is held by one at a time, and free again after release', () => {
    const lock = taken(tryLock(path, 'first'));
    const second = tryLock(path, 'second');
    expect('holder' in second && second.holder).to.include({ pid: process.pid, command: 'first' });
    lock.release();
    taken(tryLock(path, 'second')).release();
    expect(readdirSync(dirname(path))).to.deep.equal([]);
  });

  it('is taken from a process that has ended, whatever the file says', () => {
    for (const left of [{ pid: DEAD }, { pid: process.ppid, since: new Date().toISOString() }]) {
      leaveBehind(left);
      taken(tryLock(path, 'me')).release();
    }
  });

  it('is left to a process on another machine for as long as that touches it', () => {
    leaveBehind({ pid: DEAD, host: 'another-machine' });
    expect(tryLock(path, 'me')).to.have.nested.property('holder.host', 'another-machine');
    const longAgo = new Date(Date.now() - SILENT_HOLDER_MS - 1000);
    utimesSync(path, longAgo, longAgo);
    taken(tryLock(path, 'me')).release();
  });

  it('is not taken through a link, from a pipe, a folder or a device, and says so at once', () => {
    mkdirSync(dirname(path));
    const victim = join(scratch.folder, 'victim');
    const plants = [
      () => symlinkSync(join(scratch.folder, 'nowhere'), path),
      () => symlinkSync(victim, path),
      () => mkdirSync(path),
      () => execFileSync('mkfifo', [path]),
    ];
    writeFileSync(victim, 'theirs');
    for (const plant of plants) {
      plant();
      expect(() => tryLock(path, 'me')).to.throw(
        RunError,
        'is a link, a folder or a device instead of a lock file',
      );
      rmSync(path, { recursive: true });
    }
    expect(readFileSync(victim, 'utf8')).to.equal('theirs');
  });

  it('is taken over when its file does not say who holds it', () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
    taken(tryLock(path, 'me')).release();
  });

  it('of another one is not released', () => {
    const lock = taken(tryLock(path, 'me'));
    rmSync(path);
    leaveBehind({ pid: process.pid + 1 });
    lock.release();
    expect(JSON.parse(readFileSync(path, 'utf8')).pid).to.equal(process.pid + 1);
  });

  it('is waited for, and who waits long is told for whom, but not for ever', async () => {
    const lock = taken(tryLock(path, 'first'));
    await waitForLock(path, 'second', { timeoutMs: -1 }).then(
      () => expect.fail('taken'),
      error => expect(error).to.be.instanceOf(RunError),
    );
    const told: number[] = [];
    const waiting = waitForLock(path, 'second', {
      timeoutMs: 60_000,
      noticeMs: -1,
      onWait: ({ pid }) => {
        told.push(pid);
        lock.release();
      },
    });
    (await waiting).release();
    expect(told).to.deep.equal([process.pid]);
  });

  it('never has two holders, however many processes take it, and whichever of them are killed', async () => {
    const witness = join(scratch.folder, 'witness');
    const attempts = Array.from({ length: 6 }, (_, index) => lockUsers(path, witness, 150, index === 0));
    const taken = (await Promise.all(attempts)).reduce((sum, count) => sum + count, 0);
    expect(taken).to.be.at.least(5 * 150);
  });
});

const LOCK_MODULE = pathToFileURL(join(projectRoot(), 'dist', 'src', 'config', 'files', 'lock.js')).href;

/**
 * A process that takes the lock so many times, and each time makes a file that must not be there; gives how often it did.
 * Throws if there was another holder. `dies`: it is killed while it has the lock, and its file is then removed.
 */
function lockUsers(path: string, witness: string, times: number, dies: boolean): Promise<number> {
  const script = `
    import { closeSync, openSync, unlinkSync } from 'node:fs';
    const { waitForLock } = await import(${JSON.stringify(LOCK_MODULE)});
    const witness = ${JSON.stringify(witness)};
    for (let time = 0; time < ${times}; time += 1) {
      const lock = await waitForLock(${JSON.stringify(path)}, 'test', { timeoutMs: 60_000 });
      closeSync(openSync(witness, 'wx'));
      await new Promise(setImmediate);
      unlinkSync(witness);
      if (${dies} && time === 20) process.kill(process.pid, 'SIGKILL');
      lock.release();
    }`;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], error => {
      if (!error) resolve(times);
      else if (dies && error.signal === 'SIGKILL') resolve(20);
      else reject(error);
    });
  });
}
