import type Bottleneck from 'bottleneck';
import { Brake } from '../retry/brake.ts';

const BRAKE = { slowest: 1 / 32, step: 1 / 10, successesAStep: 20 };

/**
 * Lets queries out at no more than the given rate, for all workers together. When Drive says "too fast", everyone
 * waits: the rate halves, and climbs back in small steps while queries succeed.
 */
export class QueryQuota {
  readonly #limiter: Bottleneck;
  readonly #queriesPerSecond: number;
  readonly #brake = new Brake(BRAKE);

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
    return this.#queriesPerSecond * this.#brake.share;
  }

  /** Resolves when a query may go out. */
  async turn(): Promise<void> {
    await this.#limiter.schedule(async () => {});
  }

  /** Drive refused a query because of the rate. Refusals of queries that were already out count once. */
  throttled(now = performance.now()): void {
    if (this.#brake.refused(now)) this.#adjust();
  }

  answered(): void {
    if (this.#brake.succeeded()) this.#adjust();
  }

  #adjust(): void {
    this.#limiter.updateSettings({ minTime: 1000 / this.rate });
  }
}
