/** Refusals within this time count as one: the requests were sent together. */
const SAME_BURST_MS = 1000;

/**
 * How many files to transfer at a time: the configured number; half of the current number after a service throttled; then one
 * more each time that the configured number of files succeeded in a row.
 */
export class WorkerCount {
  readonly #max: number;
  readonly #onChange: (allowed: number) => void;
  #limit: number;
  #successes = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(max: number, onChange: (allowed: number) => void = () => {}) {
    this.#max = max;
    this.#limit = max;
    this.#onChange = onChange;
  }

  get allowed(): number {
    return Math.max(1, Math.floor(this.#limit));
  }

  /** A service asked for fewer requests. `nowMs` is for tests. */
  refused(nowMs = performance.now()): void {
    this.#successes = 0;
    if (nowMs - this.#refusedAt < SAME_BURST_MS) return;
    this.#refusedAt = nowMs;
    this.#change(this.#limit / 2);
  }

  /** A file has been transferred. */
  succeeded(): void {
    if (this.#limit === this.#max) return;
    this.#successes += 1;
    if (this.#successes < this.#max) return;
    this.#successes = 0;
    this.#change(Math.min(this.#max, Math.max(1, this.#limit) + 1));
  }

  #change(limit: number): void {
    const before = this.allowed;
    this.#limit = limit;
    if (this.allowed !== before) this.#onChange(this.allowed);
  }
}
