/** Handles Ctrl-C, SIGTERM and the end of an ssh session in commands that transfer files. */
import type { EventEmitter } from 'node:events';
import { RunError } from '../../stages/errors.ts';
import type { Shutdown } from '../../stages/flow/shutdown.ts';
import { EXIT } from '../config/error.ts';

export class Interrupted extends RunError {
  override remedy = 'Progress is saved. Continue with "migrator resume", or run the same command again.';

  constructor() {
    super('interrupted', 'Interrupted.', '', { exitCode: EXIT.interrupted });
  }

  /** Nothing was saved, so there is no run to resume. */
  markNothingDone(): void {
    this.remedy = 'Nothing was done yet. Run the same command again.';
  }
}

/** How long transfers in progress may take to finish. */
const GRACE_MS = 10_000;
/** A run that ends by itself sooner than this needs no message before its last one. */
const NOTICE_MS = 2_000;

/**
 * The first SIGINT, SIGTERM or SIGHUP gives transfers in progress ten seconds to finish, the second one exits at once. Where the
 * run ends for another reason, transfers in progress are finished, however long they take, and the first signal exits at once:
 * the reason has been said by then. Returns a function that removes the handlers.
 */
export function shutDownOnSignals(
  shutdown: Shutdown,
  say: (text: string) => void,
  {
    source = process as EventEmitter,
    exit = (code: number): unknown => process.exit(code),
    graceMs = GRACE_MS,
    noticeMs = NOTICE_MS,
  } = {},
): () => void {
  const { drainSignal } = shutdown;
  let timer: NodeJS.Timeout | undefined;
  const onSignal = () => {
    if (drainSignal.aborted) return exit(EXIT.interrupted);
    drainSignal.removeEventListener('abort', onEnding);
    shutdown.drain(new Interrupted());
    timer = setTimeout(() => shutdown.kill(), graceMs);
    say('Stopping: waiting up to 10 s for transfers in progress. Press Ctrl-C again to stop now.');
  };
  const onEnding = () => {
    const notice = `${shutdown.reason!.message} Waiting for transfers in progress. Press Ctrl-C to stop now.`;
    timer = setTimeout(() => say(notice), noticeMs).unref();
  };
  drainSignal.addEventListener('abort', onEnding, { once: true });
  // A lost terminal sends SIGHUP more than once: by itself, and through the shell.
  const onHangUp = () => {
    if (!drainSignal.aborted) onSignal();
  };
  source.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onHangUp);
  return () => {
    clearTimeout(timer);
    drainSignal.removeEventListener('abort', onEnding);
    source.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onHangUp);
  };
}
