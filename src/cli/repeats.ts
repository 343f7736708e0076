/** Messages that repeat: of each kind, one in a period is shown. */
export class Repeats {
  readonly #everyMs: number;
  readonly #now: () => number;
  /** By kind: the last text that was shown, when, and how many have been left out since. */
  #byKind = new Map<string, { text: string; at: number; leftOut: number }>();

  constructor(everyMs: number, now = () => performance.now()) {
    this.#everyMs = everyMs;
    this.#now = now;
  }

  /** How many of this kind have been left out since the last one was shown; null if this one is to be left out as well. */
  next(kind: string, text: string): number | null {
    const last = this.#byKind.get(kind);
    if (last && this.#now() - last.at < this.#everyMs) {
      last.leftOut += 1;
      return null;
    }
    this.#byKind.set(kind, { text, at: this.#now(), leftOut: 0 });
    return last?.leftOut ?? 0;
  }

  /** The kinds with messages that have been left out and not been counted yet. */
  rest(): [kind: string, { text: string; leftOut: number }][] {
    const rest = [...this.#byKind].filter(([, { leftOut }]) => leftOut > 0);
    this.#byKind.clear();
    return rest;
  }
}
