/** One writer a run. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RunError } from '../../../stages/errors.ts';
import { type Holder, type Lock, SILENT_HOLDER_MS, tryLock } from '../../config/files/lock.ts';

export type { Lock } from '../../config/files/lock.ts';

/** Where the lock of a run folder lies. */
export function lockPath(folder: string): string {
  return join(folder, 'lock');
}

/** Takes the lock of a run folder (which is made if need be). Throws RunError that names the holder. */
export function takeLock(folder: string, command: string): Lock {
  const attempt = tryLock(lockPath(folder), command);
  if ('holder' in attempt) throw held(attempt.holder, lockPath(folder));
  return attempt.lock;
}

function held({ pid, host, command, since }: Holder, path: string): RunError {
  const isHere = host === hostname();
  const where = isHere ? '' : ` on ${host}`;
  return new RunError(
    'run_locked',
    `This run is being worked on already: "${command}", process ${pid}${where}, since ${since}.`,
    isHere
      ? `Wait until it has finished, or end process ${pid} first.`
      : `Wait until it has finished. If that process is gone, try again when ${path} is ${SILENT_HOLDER_MS / 1000} seconds old, or remove that file.`,
  );
}
