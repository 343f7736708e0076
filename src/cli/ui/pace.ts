/** How fast something goes at the moment: over a window of the last seconds, so that it neither jumps nor lags for long. */

const WINDOW_MS = 30_000;
const SAMPLE_EVERY_MS = 500;

export class Pace {
  readonly #samples: { at: number; value: number }[] = [];

  /** `value` grows over time; `at` is in ms. */
  note(at: number, value: number): void {
    const last = this.#samples.at(-1);
    if (last && at - last.at < SAMPLE_EVERY_MS) return;
    this.#samples.push({ at, value });
    while (this.#samples.length > 2 && at - this.#samples[0]!.at > WINDOW_MS) this.#samples.shift();
  }

  /** Per second; null while there is too little to tell. */
  perSecond(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at === first.at) return null;
    return Math.max(0, ((last.value - first.value) * 1000) / (last.at - first.at));
  }
}
