/** The bytes that a run still has to begin to move, as far as its files are known, in the order of their turn. */

/** Stands for a file of which no byte is to be moved. */
const NOTHING = -1;

export class Workload {
  /** Sizes of the files that have been listed and not been planned; those before `#next` have been. */
  #listed: number[] = [];
  #next = 0;
  /** Planned and not begun: bytes by id. */
  readonly #planned = new Map<string, number>();
  /** Of the files whose turn it was: how many seemed to have to be moved, and how many had to be. */
  #expected = 0;
  #confirmed = 0;
  /** Bytes of all files listed that seem to have to be moved, and are not begun. */
  #bytes = 0;

  /** A file has been listed; `bytes` is null if none is to be moved, because an earlier run has done that. */
  listed(bytes: number | null): void {
    this.#listed.push(bytes ?? NOTHING);
    this.#bytes += bytes ?? 0;
  }

  /** The next of the listed files had its turn; `bytes` is null if it goes past the transfer. */
  planned(id: string, bytes: number | null): void {
    const listed = this.#listed[this.#next] ?? NOTHING;
    this.#next += 1;
    this.#bytes += (bytes ?? 0) - Math.max(0, listed);
    if (listed !== NOTHING) this.#expected += 1;
    if (bytes === null) return;
    if (listed !== NOTHING) this.#confirmed += 1;
    this.#planned.set(id, bytes);
  }

  /** The file is on its way, or has come through without. */
  begun(id: string): void {
    this.#bytes -= this.#planned.get(id) ?? 0;
    this.#planned.delete(id);
  }

  /** Bytes that are not begun, files that may not have to be moved included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** At most how many files are to come. */
  get count(): number {
    return this.#planned.size + Math.max(0, this.#listed.length - this.#next);
  }

  /**
   * Bytes of each file to come, in order; each `step`-th one. Of the files whose names and observations nobody has
   * looked at yet, as many are left out as it were of the others.
   */
  *toCome(step = 1): Generator<number> {
    const share = this.#expected === 0 ? 1 : this.#confirmed / this.#expected;
    let due = 0;
    for (const bytes of this.#planned.values()) {
      due += 1 / step;
      if (due < 1) continue;
      due -= 1;
      yield bytes;
    }
    for (const bytes of this.#rest()) {
      if (bytes === NOTHING) continue;
      due += share / step;
      if (due < 1) continue;
      due -= 1;
      yield bytes;
    }
  }

  *#rest(): Generator<number> {
    for (let index = this.#next; index < this.#listed.length; index += 1) yield this.#listed[index]!;
  }
}
