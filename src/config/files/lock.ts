/**
 * A lock between processes: a lock of the operating system on a file (fcntl's on Linux, also over NFSv4; it ends with the
 * process, however that ends) whose text names the holder. The holder touches the file now and then: where a file system
 * does not pass locks on to other machines, a holder elsewhere is known by that.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { hostname, uptime } from 'node:os';
import { dirname } from 'node:path';
import extensions from 'fs-native-extensions';
import { RunError } from '../../../stages/errors.ts';
import { pause } from '../../../stages/retry/backoff.ts';
import { makePrivateFolder } from './private-folder.ts';

export interface Holder {
  pid: number;
  host: string;
  command: string;
  /** RFC 3339. */
  since: string;
}

/** What the file says. Earlier versions wrote no `system`: their locks were the file itself. */
interface LockText extends Holder {
  system?: boolean;
}

export interface Lock {
  release(): void;
}

/** A holder on another machine that has not touched the file for so long is gone. */
export const SILENT_HOLDER_MS = 60_000;
const TOUCH_EVERY_MS = 10_000;

const { O_RDWR, O_RDONLY, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
/** Far behind the text: Windows lets nobody read what is locked. */
const LOCKED_BYTE = 2 ** 30;
const MAX_TEXT_BYTES = 4096;
/** Who has just taken the lock writes its name next; a process in between may be slow. */
const NAMING_ATTEMPTS = 10;
const NAMING_POLL_MS = 2;
const NOBODY = new Int32Array(new SharedArrayBuffer(4));
const UNKNOWN: Holder = { pid: 0, host: hostname(), command: 'unknown', since: 'just now' };

/**
 * Takes the lock at `path` (its folder is made if need be), or tells who holds it. Throws RunError if the file cannot be
 * made or locked, or is something else than a file.
 */
export function tryLock(path: string, command: string): { lock: Lock } | { holder: Holder } {
  for (let attempt = 1; ; attempt += 1) {
    const fd = opened(path);
    try {
      if (!locked(fd, path)) {
        const holder = textIn(fd);
        // It has the lock and is about to write its name.
        if (!holder && attempt < NAMING_ATTEMPTS) {
          Atomics.wait(NOBODY, 0, 0, NAMING_POLL_MS);
          continue;
        }
        return { holder: holder ?? UNKNOWN };
      }
      // Its holder removed it between our opening and locking it: the next one locks another file of this name.
      if (!isStillAt(path, fd)) continue;
      const other = textIn(fd);
      if (other && isHeldWithoutSystem(other, fd)) return { holder: other };
      return { lock: held(path, command, fd) };
    } finally {
      if (!HELD.has(fd)) closeSync(fd);
    }
  }
}

/** Files of locks that this process holds. */
const HELD = new Set<number>();

function held(path: string, command: string, fd: number): Lock {
  const me: LockText = {
    ...{ pid: process.pid, host: hostname(), command, since: new Date().toISOString() },
    system: true,
  };
  ftruncateSync(fd, 0);
  writeSync(fd, JSON.stringify(me), 0);
  HELD.add(fd);
  const touching = setInterval(() => {
    const now = new Date();
    try {
      futimesSync(fd, now, now);
    } catch {}
  }, TOUCH_EVERY_MS).unref();
  return {
    release: () => {
      if (!HELD.delete(fd)) return;
      clearInterval(touching);
      // While it is still locked: whoever has opened it already finds out that it is gone.
      if (isStillAt(path, fd)) unlinkSync(path);
      closeSync(fd);
    },
  };
}

/** Who seems to hold the lock at `path`; null if nobody does or nobody can tell. For display; takes nothing. */
export function holderOf(path: string): Holder | null {
  let fd: number | null = null;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const text = textIn(fd);
    if (!text) return null;
    return (text.host === hostname() ? isAlive(text) : isTouched(fd)) ? text : null;
  } catch {
    // Who only looks at a run needs no lock, and is not kept from it by one that cannot be read.
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

const POLL_MS = 50;

/**
 * Like {@link tryLock}, but waits for the holder. `waiting` is called once, when the wait gets long. Throws RunError
 * after `patienceMs`.
 */
export async function waitForLock(
  path: string,
  command: string,
  options: { patienceMs: number; waiting?: (holder: Holder) => void; longMs?: number },
): Promise<Lock> {
  const { patienceMs, waiting, longMs = 3_000 } = options;
  const since = Date.now();
  let told = false;
  while (true) {
    const attempt = tryLock(path, command);
    if ('lock' in attempt) return attempt.lock;
    const waitedMs = Date.now() - since;
    if (waitedMs > patienceMs) throw unusable(path, `process ${attempt.holder.pid} keeps it locked`);
    if (!told && waitedMs > longMs) {
      told = true;
      waiting?.(attempt.holder);
    }
    await pause(POLL_MS);
  }
}

/** The folder may go with the lock of its last holder so often; more means that no file can be made there. */
const OPEN_ATTEMPTS = 100;

function opened(path: string, attempt = 1): number {
  try {
    makePrivateFolder(dirname(path));
    const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // The holder has removed the folder together with its lock.
    if (code === 'ENOENT' && attempt < OPEN_ATTEMPTS) return opened(path, attempt + 1);
    if (!['ELOOP', 'EISDIR', 'ENXIO'].includes(code ?? '')) throw unusable(path, message, error);
  }
  throw new RunError(
    'lock_not_a_file',
    `${path} is a link, a folder or a device, and not the lock file that belongs there.`,
    'Remove it, and run the command again.',
  );
}

function locked(fd: number, path: string): boolean {
  try {
    return extensions.tryLock(fd, LOCKED_BYTE, 1);
  } catch (error) {
    throw new RunError(
      'lock_unsupported',
      `The file system of ${path} has no locks (${(error as Error).message}), so nothing would keep two processes from writing the same manifests.`,
      'Set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder on another disk; NFS has locks from version 4 on.',
      { cause: error },
    );
  }
}

function isStillAt(path: string, fd: number): boolean {
  const [there, ours] = [lstatSync(path, { throwIfNoEntry: false }), fstatSync(fd)];
  return there?.ino === ours.ino && there.dev === ours.dev;
}

/** Null for what no version of this program has written. */
function textIn(fd: number): LockText | null {
  const bytes = Buffer.alloc(MAX_TEXT_BYTES);
  try {
    const text = JSON.parse(bytes.toString('utf8', 0, readSync(fd, bytes, 0, MAX_TEXT_BYTES, 0))) as LockText;
    const isHolder = Number.isInteger(text.pid) && [text.host, text.command, text.since].every(isText);
    return isHolder ? text : null;
  } catch {
    return null;
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** True for a holder whose lock the operating system does not know: of an earlier version, or on another machine. */
function isHeldWithoutSystem(holder: LockText, fd: number): boolean {
  if (holder.host !== hostname()) return isTouched(fd);
  return !holder.system && isAlive(holder);
}

function isTouched(fd: number): boolean {
  return Math.abs(Date.now() - fstatSync(fd).mtimeMs) < SILENT_HOLDER_MS;
}

function isAlive({ pid, since }: Holder): boolean {
  if (pid <= 0) return false;
  // In a container every run may have the same pid, and after a restart of the machine another process.
  const startedAt = pid === process.pid ? performance.timeOrigin : Date.now() - uptime() * 1000;
  if (Date.parse(since) < startedAt) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function unusable(path: string, why: string, cause?: unknown): RunError {
  return new RunError(
    'home_unwritable',
    `${path} cannot be written: ${why}.`,
    'Check who owns the folder, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of yours.',
    { cause },
  );
}
