/**
 * A lock between processes: a file that names the process that holds it. One that a dead process left behind is taken
 * over.
 */
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { RunError } from '../stages/errors.ts';
import { makePrivateFolder } from './private-folder.ts';
import { pause } from './retry/backoff.ts';

export interface Holder {
  pid: number;
  host: string;
  command: string;
  /** RFC 3339. */
  since: string;
}

export interface Lock {
  release(): void;
}

/**
 * Takes the lock at `path` (its folder is made if need be), or tells who holds it. A holder whose process is dead, or
 * who has had the lock for longer than `staleAfterMs`, loses it. Throws RunError if the folder cannot be written.
 */
export function tryLock(
  path: string,
  command: string,
  staleAfterMs = Number.POSITIVE_INFINITY,
): { lock: Lock } | { holder: Holder } {
  const mine = `${path}.${process.pid}`;
  const me: Holder = { pid: process.pid, host: hostname(), command, since: new Date().toISOString() };
  try {
    makePrivateFolder(dirname(path));
    writeFileSync(mine, JSON.stringify(me), { mode: 0o600 });
  } catch (error) {
    throw unwritable(dirname(path), error);
  }
  try {
    // A link is made whole or not at all, so nobody ever reads a lock that is half written.
    while (!linked(mine, path)) {
      const text = textOf(path);
      const holder = holderIn(text);
      if (holder && isAlive(holder) && Date.now() - Date.parse(holder.since) < staleAfterMs)
        return { holder };
      if (text !== null) setAside(path, text);
    }
  } finally {
    unlinkSync(mine);
  }
  return {
    lock: {
      release: () => {
        const holder = holderIn(textOf(path));
        if (holder?.pid === me.pid && holder.host === me.host && holder.since === me.since)
          rmSync(path, { force: true });
      },
    },
  };
}

/** Who holds the lock at `path`; null if nobody does, a dead process, or nobody can tell. Takes nothing. */
export function holderOf(path: string): Holder | null {
  try {
    const holder = holderIn(textOf(path));
    return holder && isAlive(holder) ? holder : null;
  } catch {
    // Who only looks at a run needs no lock, and is not kept from it by one that cannot be read.
    return null;
  }
}

const POLL_MS = 50;

/** Like {@link tryLock}, but waits for the holder. `waiting` is told once, when the wait gets long. */
export async function waitForLock(
  path: string,
  command: string,
  options: { staleAfterMs: number; waiting?: (holder: Holder) => void; longMs?: number },
): Promise<Lock> {
  const { staleAfterMs, waiting, longMs = 3_000 } = options;
  const since = Date.now();
  let told = false;
  while (true) {
    const attempt = tryLock(path, command, staleAfterMs);
    if ('lock' in attempt) return attempt.lock;
    if (!told && Date.now() - since > longMs) {
      told = true;
      waiting?.(attempt.holder);
    }
    await pause(POLL_MS);
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unwritable(to, error);
  }
}

/**
 * Of several processes that find the same stale lock only one can rename it away. One that comes late might rename the
 * lock of whoever was first; it sees so by the content and puts it back.
 */
function setAside(path: string, stale: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    if (textOf(aside) !== stale) linked(aside, path);
    unlinkSync(aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unwritable(path, error);
  }
}

/** Null if there is none (any more). Throws RunError for what cannot be a lock. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unwritable(path, error);
  }
}

function holderIn(text: string | null): Holder | null {
  try {
    return JSON.parse(text ?? '') as Holder;
  } catch {
    return null;
  }
}

/** A process on another machine cannot be looked at: it counts as alive. */
function isAlive({ pid, host, since }: Holder): boolean {
  if (host !== hostname()) return true;
  // In a container every run may have the same pid: an older lock with ours is that of a run before.
  if (pid === process.pid) return Date.parse(since) >= performance.timeOrigin;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function unwritable(path: string, error: unknown): RunError {
  return new RunError(
    'home_unwritable',
    `${path} cannot be written: ${(error as Error).message}.`,
    'Check who owns the folder, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of yours.',
    { cause: error },
  );
}
