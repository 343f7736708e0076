import type Bottleneck from 'bottleneck';

/** Where the rate ends up when Drive goes on refusing. */
const SLOWEST_SHARE = 1 / 32;
/** After so many answered queries in a row a slowed rate rises by one step. */
const QUERIES_A_STEP = 20;
const STEP_SHARE = 1 / 10;

/**
 * Lets queries out at no more than the given rate, for all workers together. When Drive says "too fast", everyone
 * waits: the rate halves, and climbs back in small steps while queries succeed.
 */
export class QueryQuota {
  readonly #limiter: Bottleneck;
  readonly #queriesPerSecond: number;
  #share = 1;
  #answered = 0;
  #throttledAt = Number.NEGATIVE_INFINITY;

  private constructor(limiter: Bottleneck, queriesPerSecond: number) {
    this.#limiter = limiter;
    this.#queriesPerSecond = queriesPerSecond;
  }

  static async of(queriesPerSecond: number): Promise<QueryQuota> {
    const { default: Limiter } = await import('bottleneck');
    return new QueryQuota(new Limiter({ minTime: 1000 / queriesPerSecond }), queriesPerSecond);
  }

  /** Queries a second allowed at the moment. */
  get rate(): number {
    return this.#queriesPerSecond * this.#share;
  }

  /** Resolves when a query may go out. */
  async turn(): Promise<void> {
    await this.#limiter.schedule(async () => {});
  }

  /** Drive refused a query because of the rate. Refusals of queries that were already out count once. */
  throttled(now = performance.now()): void {
    this.#answered = 0;
    if (now - this.#throttledAt < 1000) return;
    this.#throttledAt = now;
    this.#setShare(Math.max(SLOWEST_SHARE, this.#share / 2));
  }

  answered(): void {
    if (this.#share === 1) return;
    this.#answered += 1;
    if (this.#answered < QUERIES_A_STEP) return;
    this.#answered = 0;
    this.#setShare(Math.min(1, this.#share + STEP_SHARE));
  }

  #setShare(share: number): void {
    this.#share = share;
    this.#limiter.updateSettings({ minTime: 1000 / this.rate });
  }
}
