/** How long to wait for a service that throttles. */
import { RunError } from '../errors.ts';
import { faultOf } from './faults.ts';

export interface ThrottlingOptions {
  /** The run stops when no request has succeeded for this time. */
  timeoutMs: number;
  /** Called at most once a minute with a message that the program is waiting. */
  say: (message: string) => void;
  /** Monotonic clock, in milliseconds. */
  now?: () => number;
}

/** A request that is refused for this many timeouts, while others succeed, is given up. */
const UNLUCKY = 3;
const SHORTEST_MS = 500;
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;
const SAY_EVERY_MS = 60_000;
/** A shorter first wait is normal and needs no message. */
const NOTEWORTHY_MS = 5_000;

/**
 * The throttling of one service, seen by all requests of the process together: as long as some of them succeed, the
 * others go on waiting. Each request waits longer each time (exponential, with jitter, at most a minute).
 */
export class Throttling {
  readonly #service: string;
  readonly #options: ThrottlingOptions;
  #since: number | null = null;
  /** A refusal later than this starts a new series. */
  #forgetAt = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** `service` is how messages name it. */
  constructor(service: string, options: ThrottlingOptions) {
    this.#service = service;
    this.#options = options;
  }

  /** A request succeeded. */
  succeeded(): void {
    this.#since = null;
  }

  /**
   * Milliseconds to wait after a refusal, the request's `refusals`-th (from 0), after it has waited `waitedMs` for the
   * others. Throws RunError when the service has refused everything for too long, or this request for far too long, or
   * asks for a longer pause than the timeout.
   */
  waitMs(
    error: unknown,
    { refusals, waitedMs }: { refusals: number; waitedMs: number },
    { baseMs, random, afterMs }: { baseMs: number; random: () => number; afterMs: number | null },
  ): number {
    const now = (this.#options.now ?? (() => performance.now()))();
    if (now > this.#forgetAt) this.#since = null;
    this.#since ??= now;
    const { timeoutMs } = this.#options;
    const waited = now - this.#since;
    const left = timeoutMs - waited;
    const asked = afterMs ?? 0;
    if (left <= 0 || asked > left) throw this.#ended(error, waited, asked);
    if (waitedMs > timeoutMs * UNLUCKY) throw this.#ended(error, 0, asked);
    const first = Math.min(FIRST_MS, Math.max(SHORTEST_MS, baseMs));
    const longest = Math.min(LONGEST_MS, first * 2 ** refusals);
    const wait = Math.min(left, Math.max(asked, (longest / 2) * (1 + random())));
    this.#forgetAt = Math.max(this.#forgetAt, now + 2 * Math.max(wait, LONGEST_MS));
    if (refusals > 0 || wait >= NOTEWORTHY_MS) this.#say(error, now, left);
    return wait;
  }

  #say(error: unknown, now: number, left: number): void {
    if (now - this.#saidAt < SAY_EVERY_MS) return;
    this.#saidAt = now;
    const { code } = faultOf(error);
    this.#options.say(
      `${this.#service} is limiting the request rate (${code}). Waiting and trying again, for up to ${duration(left)}.`,
    );
  }

  #ended(error: unknown, waited: number, asked: number): RunError {
    const { code } = faultOf(error);
    const how = waited < 1000 ? '' : ` It has accepted no request for ${duration(waited)}.`;
    const wish = asked > 0 ? ` It asks to wait ${duration(asked)}.` : '';
    return new RunError(
      'throttled',
      `${this.#service} is limiting the request rate (${code}).${how}${wish}`,
      'Nothing is lost. Wait a while, then run the command again ("migrator resume" continues a migration). To wait longer, raise migration.throttle_patience_minutes; to send fewer requests, lower migration.concurrency or google_drive.queries_per_second.',
    );
  }
}

/** `30 s`, `10 minutes`. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}
