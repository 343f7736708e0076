/** What a run writes to its log: a heartbeat a minute, retries, and at debug level each file. */
import type { Retry } from '../../stages/retry/backoff.ts';
import { faultOf } from '../../stages/retry/faults.ts';
import type { RunEvents } from '../run/events.ts';
import type { ProgressFacts } from '../run/progress/progress-facts.ts';
import type { Logger } from './log.ts';
import { Repeats } from './repeats.ts';

const HEARTBEAT_EVERY_MS = 60_000;
/** Retries of all workers for the same reason are one line at the default level; the debug level has each. */
const SAME_BURST_MS = 10_000;

export class RunLog {
  readonly #logger: Logger;
  readonly #retries = new Repeats(SAME_BURST_MS);
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger, events: RunEvents) {
    this.#logger = logger;
    /** When the transfer of a file started (ms), and how long it took (s). */
    const startedAt = new Map<string, number>();
    const seconds = new Map<string, number>();
    events
      .on('transferStarted', ({ id }) => startedAt.set(id, performance.now()))
      .on('transferEnded', ({ id }) => {
        const now = performance.now();
        seconds.set(id, Math.round(now - (startedAt.get(id) ?? now)) / 1000);
        startedAt.delete(id);
      })
      .on('workersChanged', workers => logger.info({ workers }, 'workers changed'))
      .on('finished', ({ id, name, path, status, key, error, size, bytes = size }) => {
        logger.debug({ id, name, path, status, size: bytes, seconds: seconds.get(id), key, error }, 'file');
        seconds.delete(id);
      });
  }

  /** Writes `facts` once a minute until {@link stop}. */
  start(facts: () => ProgressFacts): void {
    this.#timer = setInterval(
      () => this.#logger.info(heartbeatOf(facts()), 'heartbeat'),
      HEARTBEAT_EVERY_MS,
    ).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** `what`: the service, or `transfer` for a file as a whole. */
  retry(what: string, { error, waitMs, throttled }: Retry): void {
    const { code, status } = faultOf(error);
    const reason = error instanceof Error ? error.message : String(error);
    const wait_seconds = Math.round(waitMs / 10) / 100;
    const fields = { service: what, code, status, reason, wait_seconds };
    const message = throttled ? 'throttled' : 'retry';
    const leftOut = this.#retries.next(`${what} ${code}`, message);
    if (leftOut === null) this.#logger.debug(fields, message);
    else this.#logger.info({ ...fields, ...(leftOut > 0 && { more_since_last: leftOut }) }, message);
  }
}

function heartbeatOf(facts: ProgressFacts): Record<string, unknown> {
  const { bytes, workers, queriesPerSecond, secondsLeft } = facts;
  return {
    files: facts.filesDone,
    files_total: facts.files,
    ...(facts.sessionFiles !== null && { files_this_session: facts.sessionFiles }),
    ...(bytes && { bytes: bytes.done, bytes_total: bytes.all }),
    ...(bytes && { bytes_per_second: Math.round(bytes.perSecond ?? 0) }),
    ...(workers && { workers: workers.busy, workers_allowed: workers.allowed }),
    ...(queriesPerSecond !== null && { queries_per_second: Math.round(queriesPerSecond * 10) / 10 }),
    ...(facts.silentSeconds > 0 && { silent_seconds: Math.round(facts.silentSeconds) }),
    seconds_left: secondsLeft === null ? null : Math.round(secondsLeft),
    bottleneck: facts.bottleneck,
    counts: facts.counts,
  };
}
