/** How long to wait for a service that throttles. */
import { RunError } from '../errors.ts';
import { faultOf } from './faults.ts';
import { duration, jittered, ServiceWait, SHORTEST_WAIT_MS } from './service-wait.ts';

/** A request that is refused for this many timeouts, while others succeed, is given up. */
const UNLUCKY = 3;
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;
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
   * Milliseconds to wait after a refusal, the request's `refusals`-th (from 0), after it has waited `waitedMs` for the
   * others. Throws RunError when the service has refused everything for too long, or this request for far too long, or
   * asks for a longer pause than the timeout.
   */
  waitMs(
    error: unknown,
    { refusals, waitedMs }: { refusals: number; waitedMs: number },
    { baseMs, random, afterMs }: { baseMs: number; random: () => number; afterMs: number | null },
  ): number {
    const now = this.now();
    if (now > this.#forgetAt) this.#since = null;
    this.#since ??= now;
    const { timeoutMs } = this.options;
    const waited = now - this.#since;
    const left = timeoutMs - waited;
    const asked = afterMs ?? 0;
    if (left <= 0 || asked > left) throw this.#ended(error, waited, asked);
    if (waitedMs > timeoutMs * UNLUCKY) throw this.#ended(error, 0, asked);
    const first = Math.min(FIRST_MS, Math.max(SHORTEST_WAIT_MS, baseMs));
    const longest = Math.min(LONGEST_MS, first * 2 ** refusals);
    const wait = Math.min(left, Math.max(asked, jittered(longest, random)));
    this.#forgetAt = Math.max(this.#forgetAt, now + 2 * Math.max(wait, LONGEST_MS));
    if (refusals > 0 || wait >= NOTEWORTHY_MS) this.say('is limiting the request rate', error, left);
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
