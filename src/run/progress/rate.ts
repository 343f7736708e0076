/** An amount per second: a moving average in which the last seconds weigh most. */
export class Rate {
  readonly #memorySeconds: number;
  #amount = 0;
  #seconds = 0;
  #at: number | null = null;

  constructor(memorySeconds = 60) {
    this.#memorySeconds = memorySeconds;
  }

  /** `amount` more since the last call; `at` in ms. Idle time does not count. */
  note(at: number, amount: number, isIdle = false): void {
    const seconds = this.#at === null || isIdle ? 0 : (at - this.#at) / 1000;
    const kept = Math.exp(-seconds / this.#memorySeconds);
    this.#amount = this.#amount * kept + amount;
    this.#seconds = this.#seconds * kept + this.#memorySeconds * (1 - kept);
    this.#at = at;
  }

  /** Null until some time has passed. */
  get perSecond(): number | null {
    return this.#seconds === 0 ? null : this.#amount / this.#seconds;
  }
}
