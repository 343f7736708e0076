import { pause } from '../retry/backoff.ts';
import { Brake } from '../retry/brake.ts';

const BRAKE = { slowest: 1 / 32, step: 1 / 10, successesAStep: 20 };

/**
 * Lets queries out at no more than the given rate, for all workers together. When Drive says "too fast", everyone
 * waits: the rate halves, and climbs back in small steps while queries succeed.
 */
export class QueryQuota {
  readonly #queriesPerSecond: number;
  readonly #brake = new Brake(BRAKE);
  /** When the next query may go out, in ms of `performance.now()`: turns are given out ahead, so that late timers cost nothing. */
  #nextAt = 0;

  constructor(queriesPerSecond: number) {
    this.#queriesPerSecond = queriesPerSecond;
  }

  /** Queries a second allowed at the moment. */
  get rate(): number {
    return this.#queriesPerSecond * this.#brake.share;
  }

  /** Resolves when a query may go out, in the order of asking. */
  turn(): Promise<void> {
    const now = performance.now();
    const turnAt = Math.max(now, this.#nextAt);
    this.#nextAt = turnAt + 1000 / this.rate;
    return turnAt > now ? pause(turnAt - now) : Promise.resolve();
  }

  /** Drive refused a query because of the rate. Refusals of queries that were already out count once. */
  throttled(now = performance.now()): void {
    this.#brake.refused(now);
  }

  answered(): void {
    this.#brake.succeeded();
  }
}
