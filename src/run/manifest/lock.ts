/** One writer a run, or one a shard of it. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RunError } from '../../../stages/errors.ts';
import { type Holder, SILENT_HOLDER_MS } from '../../config/files/holder.ts';
import { type Lock, tryLock } from '../../config/files/lock.ts';
import { nameOfShard, type Shard } from './shard.ts';

export type { Lock } from '../../config/files/lock.ts';

/** The lock file of a run, or of one of its shards. */
export function lockPath(folder: string, shard: Shard | null = null): string {
  return join(folder, shard ? `lock.${nameOfShard(shard)}` : 'lock');
}

/** Takes the lock of a run folder (which is made if need be). Throws RunError that names the holder. */
export function takeLock(folder: string, command: string, shard: Shard | null = null): Lock {
  const path = lockPath(folder, shard);
  const attempt = tryLock(path, command);
  if ('holder' in attempt) throw lockedError(attempt.holder, path);
  return attempt.lock;
}

export function lockedError({ pid, host, command, since, seen }: Holder, path: string): RunError {
  const isHere = host === hostname();
  const where = isHere ? '' : ` on ${host}`;
  const activity = isHere || !seen ? '' : `, last active at ${seen}`;
  return new RunError(
    'run_locked',
    `This run is being worked on already: "${command}", process ${pid}${where}, since ${since}${activity}.`,
    isHere
      ? `Wait until it has finished, or end process ${pid} first.`
      : `Wait until it has finished. If that process is gone, try again when ${path} is ${SILENT_HOLDER_MS / 1000} seconds old, or remove that file.`,
  );
}
