/** How fast queries go to Drive: at most as configured, and slower for a while when Drive says so. */
import Bottleneck from 'bottleneck';

const SLOWEST_SHARE = 1 / 32;
const RECOVERY_STEP = 1 / 10;
const SUCCESSES_PER_STEP = 20;
/** Refusals of queries that were sent together count once. */
const SAME_BURST_MS = 1000;

/**
 * One limit for all workers. Every refusal because of the rate halves it, and it recovers in small steps while queries
 * succeed (additive increase, multiplicative decrease, as in RFC 5681).
 */
export class QueryRate {
  readonly #maxPerSecond: number;
  readonly #limiter: Bottleneck;
  #share = 1;
  #successes = 0;
  #throttledAt = Number.NEGATIVE_INFINITY;

  constructor(queriesPerSecond: number) {
    this.#maxPerSecond = queriesPerSecond;
    this.#limiter = new Bottleneck({ minTime: 1000 / queriesPerSecond });
  }

  /** Queries a second allowed at the moment. */
  get perSecond(): number {
    return this.#maxPerSecond * this.#share;
  }

  /** Resolves when the next query may be sent, in the order of the calls. */
  turn(): Promise<void> {
    return this.#limiter.schedule(() => Promise.resolve());
  }

  /** Drive refused a query because of the rate. `nowMs` is for tests. */
  throttled(nowMs = performance.now()): void {
    this.#successes = 0;
    if (nowMs - this.#throttledAt < SAME_BURST_MS) return;
    this.#throttledAt = nowMs;
    this.#setShare(Math.max(SLOWEST_SHARE, this.#share / 2));
  }

  succeeded(): void {
    if (this.#share === 1) return;
    this.#successes += 1;
    if (this.#successes < SUCCESSES_PER_STEP) return;
    this.#successes = 0;
    this.#setShare(Math.min(1, this.#share + RECOVERY_STEP));
  }

  #setShare(share: number): void {
    this.#share = share;
    this.#limiter.updateSettings({ minTime: 1000 / this.perSecond });
  }
}
