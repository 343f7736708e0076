/**
 * One writer a run. The lock is a file that names the process that holds it; one that a dead process left behind is
 * taken over.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RunError } from '../../stages/errors.ts';

interface Holder {
  pid: number;
  host: string;
  command: string;
  /** RFC 3339. */
  since: string;
}

export interface Lock {
  release(): void;
}

/** Takes the lock of a run folder (which is made if need be). Throws RunError that names the holder. */
export function takeLock(folder: string, command: string): Lock {
  const path = join(folder, 'lock');
  const mine = `${path}.${process.pid}`;
  const me: Holder = { pid: process.pid, host: hostname(), command, since: new Date().toISOString() };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(mine, JSON.stringify(me), { mode: 0o600 });
  } catch (error) {
    throw unwritable(folder, error);
  }
  try {
    // A link is made whole or not at all, so nobody ever reads a lock that is half written.
    while (!linked(mine, path)) {
      const holder = read(path);
      if (holder && isAlive(holder)) throw held(holder);
      setAside(path);
    }
  } finally {
    unlinkSync(mine);
  }
  return {
    release: () => {
      const holder = read(path);
      if (holder?.pid === me.pid && holder.host === me.host && holder.since === me.since)
        rmSync(path, { force: true });
    },
  };
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

/** Of several processes that find the same stale lock only one can rename it away. */
function setAside(path: string): void {
  const stale = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, stale);
    unlinkSync(stale);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unwritable(path, error);
  }
}

function read(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

/** A process on another machine cannot be looked at: it counts as alive. */
function isAlive({ pid, host }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function held({ pid, host, command, since }: Holder): RunError {
  const where = host === hostname() ? '' : ` on ${host}`;
  return new RunError(
    'run_locked',
    `This run is being worked on already: "${command}", process ${pid}${where}, since ${since}.`,
    `Wait until it has finished, or end process ${pid} first.`,
  );
}

function unwritable(path: string, error: unknown): RunError {
  return new RunError(
    'home_unwritable',
    `${path} cannot be written: ${(error as Error).message}.`,
    'Check who owns the folder, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of yours.',
    { cause: error },
  );
}
