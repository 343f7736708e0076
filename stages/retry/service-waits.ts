/**
 * How long to wait for a service that throttles, and for one that has responded before and cannot be reached now. All requests
 * of the process share what is known of a service.
 */
import { FileError, RunError } from '../errors.ts';
import { faultOf } from './faults.ts';

/** What one request has waited for so far; also its identity. */
export interface RequestWaits {
  retries: number;
  /** How often the service asked for fewer requests, and how long the request has waited then. */
  refusals: number;
  throttledMs: number;
  /** How often it has waited for the end of an outage. */
  outageWaits: number;
}

interface WaitOptions {
  /** The run stops when no request has succeeded for this time. */
  timeoutMs: number;
  /** Called at most once a minute with a message that the program is waiting. */
  say: (message: string) => void;
  /** Monotonic clock, in milliseconds. */
  now?: () => number;
}

interface Jitter {
  baseMs: number;
  random?: () => number;
}

const SHORTEST_WAIT_MS = 500;
const SAY_EVERY_MS = 60_000;

abstract class ServiceWait<Options extends WaitOptions = WaitOptions> {
  protected readonly service: string;
  protected readonly options: Options;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** `service` is how messages name it. */
  constructor(service: string, options: Options) {
    this.service = service;
    this.options = options;
  }

  protected now(): number {
    return (this.options.now ?? (() => performance.now()))();
  }

  /** `state`: what is the matter with the service, as in "is limiting the request rate". */
  protected say(state: string, error: unknown, leftMs: number): void {
    const now = this.now();
    if (now - this.#saidAt < SAY_EVERY_MS) return;
    this.#saidAt = now;
    this.options.say(
      `${this.service} ${state} (${faultOf(error).code}). Waiting and trying again, for up to ${duration(leftMs)}.`,
    );
  }
}

/** A request that is refused for this many timeouts, while others succeed, is given up. */
const MAX_TIMEOUTS_PER_REQUEST = 3;
const FIRST_THROTTLED_MS = 5_000;
const LONGEST_THROTTLED_MS = 60_000;
/** A shorter first wait is normal and needs no message. */
const NOTEWORTHY_MS = 5_000;

/**
 * The throttling of one service, seen by all requests of the process together: as long as some of them succeed, the
 * others go on waiting. Each request waits longer each time (exponential, with jitter, at most a minute).
 */
export class Throttling extends ServiceWait {
  #since: number | null = null;
  /** A refusal later than this starts a new series. */
  #forgetAt = 0;

  /** A request succeeded. */
  succeeded(): void {
    this.#since = null;
  }

  /**
   * Milliseconds to wait after a refusal. Throws RunError when the service has refused everything for too long, or this request
   * for far too long, or asks for a longer pause (`afterMs`) than the timeout.
   */
  waitMs(
    request: RequestWaits,
    error: unknown,
    afterMs: number | null,
    { baseMs, random = Math.random }: Jitter,
  ): number {
    const now = this.now();
    if (now > this.#forgetAt) this.#since = null;
    this.#since ??= now;
    const { timeoutMs } = this.options;
    const waited = now - this.#since;
    const left = timeoutMs - waited;
    const asked = afterMs ?? 0;
    if (left <= 0 || asked > left) throw this.#ended(error, waited, asked);
    if (request.throttledMs > timeoutMs * MAX_TIMEOUTS_PER_REQUEST) throw this.#ended(error, 0, asked);
    const first = Math.min(FIRST_THROTTLED_MS, Math.max(SHORTEST_WAIT_MS, baseMs));
    const longest = Math.min(LONGEST_THROTTLED_MS, first * 2 ** request.refusals);
    const wait = Math.min(left, Math.max(asked, jittered(longest, random)));
    this.#forgetAt = Math.max(this.#forgetAt, now + 2 * Math.max(wait, LONGEST_THROTTLED_MS));
    if (request.refusals > 0 || wait >= NOTEWORTHY_MS) this.say('is limiting the request rate', error, left);
    request.refusals += 1;
    request.throttledMs += wait;
    return wait;
  }

  #ended(error: unknown, waited: number, asked: number): RunError {
    const { code } = faultOf(error);
    const how = waited < 1000 ? '' : ` It has accepted no request for ${duration(waited)}.`;
    const wish = asked > 0 ? ` It asks to wait ${duration(asked)}.` : '';
    return new RunError(
      'throttled',
      `${this.service} is limiting the request rate (${code}).${how}${wish}`,
      'Nothing is lost. Wait a while, then run the command again ("migrator resume" continues a migration). To wait longer, raise migration.throttle_patience_minutes; to send fewer requests, lower migration.concurrency or google_drive.queries_per_second.',
    );
  }
}

/** With a timeout of 0, requests fail when their retries are used up. */
interface OutageOptions extends WaitOptions {
  /** Requests that currently get no response; shared by all services of a process. */
  failing: Set<object>;
}

/** If fewer requests fail at the same time, it may be about single files, which should not delay the end of the run. */
const REQUESTS_OF_AN_OUTAGE = 3;
const LONGEST_OUTAGE_WAIT_MS = 30_000;

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

  failed(request: RequestWaits, error: unknown): void {
    if (isWithoutResponse(error)) {
      this.#since ??= this.now();
      this.options.failing.add(request);
    } else {
      this.options.failing.delete(request);
      if (!(error instanceof FileError)) this.responded();
    }
  }

  ended(request: RequestWaits): void {
    this.options.failing.delete(request);
  }

  /**
   * Milliseconds until the next attempt of a request whose retries are used up; null if there is no outage.
   * Throws RunError when the outage has lasted too long.
   */
  waitMs(request: RequestWaits, error: unknown, { baseMs, random = Math.random }: Jitter): number | null {
    const { timeoutMs, failing } = this.options;
    if (this.#since === null || !this.#hasResponded || timeoutMs === 0) return null;
    this.#isOutage ||= failing.size >= REQUESTS_OF_AN_OUTAGE;
    if (!failing.has(request) || !this.#isOutage) return null;
    const now = this.now();
    const left = timeoutMs - (now - this.#since);
    if (left <= 0) throw this.#lasting(error);
    this.say('cannot be reached', error, left);
    const longest = Math.min(
      LONGEST_OUTAGE_WAIT_MS,
      Math.max(SHORTEST_WAIT_MS, baseMs) * 2 ** request.outageWaits,
    );
    request.outageWaits += 1;
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

function isWithoutResponse(error: unknown): boolean {
  if (error instanceof FileError && !error.unreachable) return false;
  const { kind, status } = faultOf(error);
  return kind === 'temporary' && status === null;
}

/** Random between half of `longestMs` and all of it. */
function jittered(longestMs: number, random: () => number): number {
  return (longestMs / 2) * (1 + random());
}

/** `30 s`, `10 minutes`. */
function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}
