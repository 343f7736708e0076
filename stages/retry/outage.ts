/** How long to wait for a service that has responded before and cannot be reached now. */
import { FileError, RunError } from '../errors.ts';
import { faultOf } from './faults.ts';
import { duration, jittered, ServiceWait, SHORTEST_WAIT_MS, type WaitOptions } from './service-wait.ts';

/** With a timeout of 0, requests fail when their retries are used up. */
interface OutageOptions extends WaitOptions {
  /** Requests that currently get no response; shared by all services of a process. */
  failing: Set<object>;
}

/** If fewer requests fail at the same time, it may be about single files, which should not delay the end of the run. */
const REQUESTS_OF_AN_OUTAGE = 3;
const LONGEST_MS = 30_000;

/** The outages of one service, seen by all requests of the process together. */
export class Outage extends ServiceWait<OutageOptions> {
  #hasResponded = false;
  /** First request without a response since the last response; null if the last one had a response. */
  #since: number | null = null;
  /** Enough requests have failed at the same time since then. */
  #isOutage = false;

  /** The service responded to a request. */
  responded(): void {
    this.#hasResponded = true;
    this.#since = null;
    this.#isOutage = false;
  }

  /** A request failed. `request` is any object that identifies it, until {@link ended}. */
  failed(request: object, error: unknown): void {
    if (isWithoutResponse(error)) {
      this.#since ??= this.now();
      this.options.failing.add(request);
    } else {
      this.options.failing.delete(request);
      if (!(error instanceof FileError)) this.responded();
    }
  }

  ended(request: object): void {
    this.options.failing.delete(request);
  }

  /**
   * Milliseconds until the next attempt of a request whose retries are used up; null if there is no outage.
   * Throws RunError when the outage has lasted too long.
   */
  waitMs(request: object, error: unknown, { waits, baseMs, random }: OutageWait): number | null {
    const { timeoutMs, failing } = this.options;
    if (this.#since === null || !this.#hasResponded || timeoutMs === 0) return null;
    this.#isOutage ||= failing.size >= REQUESTS_OF_AN_OUTAGE;
    if (!failing.has(request) || !this.#isOutage) return null;
    const now = this.now();
    const left = timeoutMs - (now - this.#since);
    if (left <= 0) throw this.#lasting(error);
    this.say('cannot be reached', error, left);
    const longest = Math.min(LONGEST_MS, Math.max(SHORTEST_WAIT_MS, baseMs) * 2 ** waits);
    return Math.min(left, jittered(longest, random));
  }

  #lasting(error: unknown): RunError {
    return new RunError(
      'outage',
      `${this.service} could not be reached for ${duration(this.options.timeoutMs)} (${faultOf(error).code}).`,
      'Nothing is lost. Check the network connection, then run the command again ("migrator resume" continues a migration).',
    );
  }
}

interface OutageWait {
  /** How often this request has waited for the end of the outage. */
  waits: number;
  baseMs: number;
  random: () => number;
}

function isWithoutResponse(error: unknown): boolean {
  if (error instanceof FileError && !error.unreachable) return false;
  const { kind, status } = faultOf(error);
  return kind === 'temporary' && status === null;
}
