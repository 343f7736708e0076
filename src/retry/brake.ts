/**
 * How fast to go when a service says "slower": half as fast at once, then back in small steps while all is well
 * (additive increase, multiplicative decrease, as TCP does it; RFC 5681). For query rates and numbers of workers.
 */
export interface BrakeOptions {
  /** The share that is never gone below. */
  slowest: number;
  /** By how much the share rises at a time. */
  step: number;
  /** Successes in a row before it rises. */
  successesAStep: number;
  /** Refusals within so short a time are one: the requests were out already. */
  quietMs?: number;
}

export class Brake {
  readonly #options: BrakeOptions;
  #share = 1;
  #successes = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(options: BrakeOptions) {
    this.#options = options;
  }

  /** From `slowest` to 1. */
  get share(): number {
    return this.#share;
  }

  /** The service asks for less. True if the share changed. `now` in ms. */
  refused(now = performance.now()): boolean {
    const { slowest, quietMs = 1000 } = this.#options;
    this.#successes = 0;
    if (now - this.#refusedAt < quietMs) return false;
    this.#refusedAt = now;
    return this.#become(Math.max(slowest, this.#share / 2));
  }

  /** A request was answered as it should be. True if the share changed. */
  succeeded(): boolean {
    if (this.#share === 1) return false;
    this.#successes += 1;
    if (this.#successes < this.#options.successesAStep) return false;
    this.#successes = 0;
    return this.#become(Math.min(1, this.#share + this.#options.step));
  }

  #become(share: number): boolean {
    const changed = share !== this.#share;
    this.#share = share;
    return changed;
  }
}
