/**
 * A lock between processes: a lock of the operating system on a file (fcntl's on Linux, also over NFSv4), which ends with
 * the process. The file names the holder, who touches it every few seconds: on file systems that do not pass locks on to
 * other machines, a recent modification time shows that a holder on another machine is alive.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { RunError } from '../../../stages/errors.ts';
import { pause } from '../../../stages/retry/backoff.ts';
import { foreignFile } from './foreign-file.ts';
import { type Holder, holderIn, isTouched, textIn } from './holder.ts';
import { makePrivateFolder } from './private-files.ts';

/** The part of fs-native-extensions that is used. */
interface NativeExtensions {
  /** Locks bytes of an open file for as long as it stays open; false if another process has done so. */
  tryLock(fd: number, offset: number, length: number, options?: { shared?: boolean }): boolean;
}

export interface Lock {
  release(): void;
}

const TOUCH_EVERY_MS = 10_000;

/** Loaded on the first lock: most commands take none, and it would slow their start. */
const native = () => createRequire(import.meta.url)('fs-native-extensions') as NativeExtensions;

const { O_RDWR, O_RDONLY, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
/** Behind the text: on Windows other processes cannot read locked bytes. */
const LOCKED_BYTE = 2 ** 30;
/** A process that has taken the lock but not yet written its name. */
const UNKNOWN: Holder = { pid: 0, host: hostname(), command: 'unknown', since: 'just now' };

/**
 * Takes the lock at `path` (its folder is made if needed), or says who holds it. Throws RunError if the file cannot be
 * made or locked, or is something else than a file.
 */
export function tryLock(path: string, command: string): { lock: Lock } | { holder: Holder } {
  const fd = opened(path);
  let lock: Lock | null = null;
  try {
    if (!locked(fd, path)) return { holder: holderIn(fd) ?? UNKNOWN };
    // Its holder removed the file after we opened it: the next process locks another file of this name.
    if (!isStillAt(path, fd)) return tryLock(path, command);
    if (isForeign(fd)) throw foreignFile(path);
    const holder = holderElsewhere(fd);
    if (holder) return { holder };
    lock = held(path, command, fd);
    return { lock };
  } finally {
    if (!lock) closeSync(fd);
  }
}

function held(path: string, command: string, fd: number): Lock {
  const me: Holder = { pid: process.pid, host: hostname(), command, since: new Date().toISOString() };
  ftruncateSync(fd, 0);
  writeSync(fd, JSON.stringify(me), 0);
  let isHeld = true;
  const touching = setInterval(() => {
    const now = new Date();
    try {
      futimesSync(fd, now, now);
    } catch {}
  }, TOUCH_EVERY_MS).unref();
  return {
    release: () => {
      if (!isHeld) return;
      isHeld = false;
      clearInterval(touching);
      // Removed while still locked, so that a process that has opened it already notices.
      if (isStillAt(path, fd)) unlinkSync(path);
      closeSync(fd);
    },
  };
}

/**
 * The holder of the lock at `path`; null if it is free. Asks the operating system with a shared lock, so that several
 * processes may ask at once; a process that takes the lock in that instant is refused.
 */
export function heldBy(path: string): Holder | null {
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw homeUnwritable(path, (error as Error).message, error);
  }
  try {
    const isFree = native().tryLock(fd, LOCKED_BYTE, 1, { shared: true });
    return isFree ? holderElsewhere(fd) : (holderIn(fd) ?? UNKNOWN);
  } finally {
    closeSync(fd);
  }
}

/** The holder on another machine, if it has shown signs of life. */
function holderElsewhere(fd: number): Holder | null {
  const holder = holderIn(fd);
  return holder && holder.host !== hostname() && isTouched(fd) ? holder : null;
}

const POLL_MS = 50;

/**
 * Like {@link tryLock}, but waits for the holder. `onWait` is called once, after `noticeMs`. Throws RunError after
 * `timeoutMs`.
 */
export async function waitForLock(
  path: string,
  command: string,
  options: { timeoutMs: number; onWait?: (holder: Holder) => void; noticeMs?: number },
): Promise<Lock> {
  const { timeoutMs, onWait, noticeMs = 3_000 } = options;
  let isNoticed = false;
  for (const since = Date.now(); ; await pause(POLL_MS)) {
    const attempt = tryLock(path, command);
    if ('lock' in attempt) return attempt.lock;
    const waitedMs = Date.now() - since;
    if (waitedMs > timeoutMs) throw homeUnwritable(path, `process ${attempt.holder.pid} keeps it locked`);
    if (!isNoticed && waitedMs > noticeMs) onWait?.(attempt.holder);
    isNoticed ||= waitedMs > noticeMs;
  }
}

/** The folder may be removed with a lock now and then; after this many attempts it cannot be made at all. */
const OPEN_ATTEMPTS = 100;

function opened(path: string, attempt = 1): number {
  try {
    makePrivateFolder(dirname(path));
    const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // The holder has just removed the folder with its lock.
    if (code === 'ENOENT' && attempt < OPEN_ATTEMPTS) return opened(path, attempt + 1);
    if (!['ELOOP', 'EISDIR', 'ENXIO'].includes(code ?? '')) throw homeUnwritable(path, message, error);
  }
  throw new RunError(
    'lock_not_a_file',
    `${path} is a link, a folder or a device instead of a lock file.`,
    'Remove it, and run the command again.',
  );
}

function locked(fd: number, path: string): boolean {
  try {
    return native().tryLock(fd, LOCKED_BYTE, 1);
  } catch (error) {
    throw new RunError(
      'lock_unsupported',
      `The file system of ${path} has no locks (${(error as Error).message}), so two processes could write the same manifests.`,
      'Set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder on another disk; NFS has locks from version 4 on.',
      { cause: error },
    );
  }
}

function isStillAt(path: string, fd: number): boolean {
  const [there, ours] = [lstatSync(path, { throwIfNoEntry: false }), fstatSync(fd)];
  return there?.ino === ours.ino && there.dev === ours.dev;
}

/** True for a file of another program. After a power cut a lock file may be empty or filled with zeros. */
function isForeign(fd: number): boolean {
  return !/^(?:\0*$|\s*\{.*"pid"\s*:)/s.test(textIn(fd));
}

function homeUnwritable(path: string, why: string, cause?: unknown): RunError {
  return new RunError(
    'home_unwritable',
    `${path} cannot be written: ${why}.`,
    'Check the permissions of the folder, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of your own.',
    { cause },
  );
}
