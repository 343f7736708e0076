import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { type Lock, tryLock, waitForLock } from '../src/lock.ts';
import { type Scratch, scratchFolder } from './config/scratch.ts';

/** Above every process id that a system gives. */
const DEAD = 2 ** 22 + 1;

describe('a lock between processes', () => {
  let scratch: Scratch;
  let path: string;

  beforeEach(async () => {
    scratch = await scratchFolder();
    path = join(scratch.folder, 'home', 'some.lock');
  });
  afterEach(() => scratch.remove());

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

  it('is taken over from a dead process, and from none else', () => {
    leaveBehind({ pid: DEAD });
    taken(tryLock(path, 'me')).release();
    leaveBehind({ pid: process.ppid });
    expect(tryLock(path, 'me')).to.have.property('holder');
    leaveBehind({ pid: DEAD, host: 'another-machine' });
    expect(tryLock(path, 'me')).to.have.property('holder');
  });

  it('is taken over from who has had it for too long, where there is such a thing', () => {
    leaveBehind({ pid: process.ppid, since: new Date(Date.now() - 5_000).toISOString() });
    expect(tryLock(path, 'me', 60_000)).to.have.property('holder');
    taken(tryLock(path, 'me', 1_000)).release();
  });

  it('is taken over when nobody can tell who holds it', () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
    taken(tryLock(path, 'me')).release();
  });

  it('of another one is not released', () => {
    const lock = taken(tryLock(path, 'me'));
    leaveBehind({ pid: process.pid + 1 });
    lock.release();
    expect(JSON.parse(readFileSync(path, 'utf8')).pid).to.equal(process.pid + 1);
  });

  it('is waited for, and who waits long is told for whom', async () => {
    const lock = taken(tryLock(path, 'first'));
    const told: number[] = [];
    const waiting = waitForLock(path, 'second', {
      staleAfterMs: 60_000,
      longMs: -1,
      waiting: ({ pid }) => {
        told.push(pid);
        lock.release();
      },
    });
    (await waiting).release();
    expect(told).to.deep.equal([process.pid]);
  });
});
