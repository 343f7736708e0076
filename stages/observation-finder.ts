/**
 * Finds observations by sequential id with as few requests as it can.
 *
 * There are two ways to ask: the secondary index' own query, some ids a request, and a sweep over the whole table, a
 * page a request. How large the table is nobody tells, so the finder never spends more pages on the sweep than
 * look-ups by index would have cost so far, and goes on where it stopped when more ids are wanted: in all at most
 * about twice what the better of the two would have needed. Without an index only the sweep is left.
 */

export interface Observation {
  id: string;
  sequentialId: number;
  /** Value of the prefix rules' discriminator field; absent when the rules are off. */
  discriminator?: string | null;
}

export interface ObservationIndex {
  /** How many ids one request asks for. */
  idsARequest: number;
  /** All observations with one of the ids, in no order. */
  find(sequentialIds: number[]): Promise<Observation[]>;
}

/** What resolve needs of the data service. */
export interface ObservationTable {
  /** The whole table, a page a request; pages may be empty, and an observation may come twice. */
  sweep(): AsyncIterable<Observation[]>;
  /** The index on the sequential id; null if the schema has none. */
  index(): Promise<ObservationIndex | null>;
}

export class ObservationFinder {
  readonly #table: ObservationTable;
  readonly #onRead: (sequentialIds: number[]) => void;
  /** The table as far as it has been read. */
  readonly #swept = new Map<number, Observation[]>();
  readonly #lookedUp = new Map<number, Observation[]>();
  #pages: AsyncIterator<Observation[]> | null = null;
  #pagesRead = 0;
  #lookUpsWanted = 0;
  #complete = false;

  /** `onRead` gets the sequential ids of the whole table, ascending, when a sweep has read all of it. */
  constructor(table: ObservationTable, onRead: (sequentialIds: number[]) => void = () => {}) {
    this.#table = table;
    this.#onRead = onRead;
  }

  /** Per id all its observations; ids without one are absent. Throws what the table throws. */
  async find(sequentialIds: Iterable<number>): Promise<Map<number, Observation[]>> {
    const wanted = [...new Set(sequentialIds)];
    const unknown = wanted.filter(id => !this.#lookedUp.has(id));
    if (!this.#complete && unknown.length > 0) await this.#learn(unknown);

    const found = new Map<number, Observation[]>();
    for (const id of wanted) {
      const observations = this.#complete ? this.#swept.get(id) : this.#lookedUp.get(id);
      if (observations?.length) found.set(id, observations);
    }
    return found;
  }

  async #learn(ids: number[]): Promise<void> {
    const index = await this.#table.index();
    if (!index) return this.#sweep(Number.POSITIVE_INFINITY);

    this.#lookUpsWanted += Math.ceil(ids.length / index.idsARequest);
    // One look-up is as cheap as one page could be.
    if (this.#lookUpsWanted > 1) await this.#sweep(this.#lookUpsWanted);
    if (this.#complete) return;
    const observations = await index.find(ids);
    for (const id of ids) this.#lookedUp.set(id, []);
    for (const observation of observations) this.#lookedUp.get(observation.sequentialId)?.push(observation);
  }

  async #sweep(pageLimit: number): Promise<void> {
    this.#pages ??= this.#table.sweep()[Symbol.asyncIterator]();
    while (!this.#complete && this.#pagesRead < pageLimit) {
      const page = await this.#pages.next();
      if (page.done) {
        this.#complete = true;
        this.#lookedUp.clear();
        this.#onRead([...this.#swept.keys()].sort((a, b) => a - b));
        return;
      }
      this.#pagesRead += 1;
      for (const observation of page.value) this.#add(observation);
    }
  }
  /** A sweep may give an observation twice. */
  #add(observation: Observation): void {
    const known = this.#swept.get(observation.sequentialId);
    if (!known) this.#swept.set(observation.sequentialId, [observation]);
    else if (!known.some(({ id }) => id === observation.id)) known.push(observation);
  }
}
