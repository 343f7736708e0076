/** One writer a run, or one a shard of it. */
import { hostname } from 'node:os';
import { RunError } from '../../../stages/errors.ts';
import { type Holder, holderOf, SILENT_HOLDER_MS } from '../../config/files/holder.ts';
import { heldBy, type Lock, tryLock } from '../../config/files/lock.ts';
import { lockPath, type Shard, shardFiles } from './shard.ts';

/**
 * Takes the lock of a run folder (which is made if need be), or of a shard. The whole run and its shards exclude each other;
 * each takes its own lock before it looks at the others'. Throws RunError that names the holder.
 */
export function takeLock(folder: string, command: string, shard: Shard | null = null): Lock {
  const path = lockPath(folder, shard);
  const attempt = tryLock(path, command);
  if ('holder' in attempt) throw lockedError(attempt.holder, path);
  for (const other of shard ? [lockPath(folder)] : locksOfShards(folder)) {
    const holder = heldBy(other);
    if (!holder) continue;
    attempt.lock.release();
    throw lockedError(holder, other);
  }
  return attempt.lock;
}

/** The process that works on the run or a shard of it; null if there is none. */
export function holderOfRun(folder: string): Holder | null {
  for (const path of [lockPath(folder), ...locksOfShards(folder)]) {
    const holder = holderOf(path);
    if (holder) return holder;
  }
  return null;
}

function locksOfShards(folder: string): string[] {
  return shardFiles(folder, 'lock').map(({ path }) => path);
}

function lockedError({ pid, host, command, since, seen }: Holder, path: string): RunError {
  const isHere = host === hostname();
  const where = isHere ? '' : ` on ${host}`;
  const activity = isHere || !seen ? '' : `, last active at ${seen}`;
  return new RunError(
    'run_locked',
    `Another process is using this run: "${command}", process ${pid}${where}, since ${since}${activity}.`,
    isHere
      ? `Wait until it has finished, or end process ${pid} first.`
      : `Wait until it has finished. If that process is gone, try again when ${path} is ${SILENT_HOLDER_MS / 1000} seconds old, or remove that file.`,
  );
}
