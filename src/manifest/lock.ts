/** One writer a run. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RunError } from '../../stages/errors.ts';
import { type Holder, type Lock, tryLock } from '../lock.ts';

export type { Lock } from '../lock.ts';

/** Where the lock of a run folder lies. */
export function lockPath(folder: string): string {
  return join(folder, 'lock');
}

/** Takes the lock of a run folder (which is made if need be). Throws RunError that names the holder. */
export function takeLock(folder: string, command: string): Lock {
  const attempt = tryLock(lockPath(folder), command);
  if ('holder' in attempt) throw held(attempt.holder);
  return attempt.lock;
}

function held({ pid, host, command, since }: Holder): RunError {
  const where = host === hostname() ? '' : ` on ${host}`;
  return new RunError(
    'run_locked',
    `This run is being worked on already: "${command}", process ${pid}${where}, since ${since}.`,
    `Wait until it has finished, or end process ${pid} first.`,
  );
}
