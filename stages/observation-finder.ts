/**
 * Finds observations by sequential id with as few requests as it can.
 *
 * There are two ways: queries of the secondary index, with several ids in a request, and a scan of the whole table, a page in
 * a request. The size of the table is unknown, so the finder never reads more pages than index lookups would have cost so far,
 * and continues there when more ids are needed. In total this costs at most about twice as much as the better way. Without
 * an index only the scan is possible.
 */

export interface Observation {
  id: string;
  sequentialId: number;
  /** Value of the prefix rules' discriminator field; absent when the rules are off. */
  discriminator?: string | null;
}

export interface ObservationIndex {
  /** Number of ids in one request. */
  idsPerRequest: number;
  /** All observations with one of the ids, in any order. */
  find(sequentialIds: number[]): Promise<Observation[]>;
}

/** What resolve needs from the data service. */
export interface ObservationTable {
  /** The whole table, one page per request. Pages may be empty, and an observation may appear twice. */
  sweep(): AsyncIterable<Observation[]>;
  /** The index on the sequential id; null if the schema has none. */
  index(): Promise<ObservationIndex | null>;
}

export class ObservationFinder {
  readonly #table: ObservationTable;
  readonly #onRead: (sequentialIds: number[]) => void;
  /** What has been read of the table so far. */
  readonly #swept = new Map<number, Observation[]>();
  readonly #lookedUp = new Map<number, Observation[]>();
  #pages: AsyncIterator<Observation[]> | null = null;
  #pagesRead = 0;
  #lookUpsWanted = 0;
  #complete = false;

  /** `onRead` is called with all sequential ids, ascending, when the whole table has been read. */
  constructor(table: ObservationTable, onRead: (sequentialIds: number[]) => void = () => {}) {
    this.#table = table;
    this.#onRead = onRead;
  }

  /** All observations of each id; ids without one are absent. Throws what the table throws. */
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

    this.#lookUpsWanted += Math.ceil(ids.length / index.idsPerRequest);
    // A single lookup costs no more than a page.
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

  /** A scan may return an observation twice. */
  #add(observation: Observation): void {
    const known = this.#swept.get(observation.sequentialId);
    if (!known) this.#swept.set(observation.sequentialId, [observation]);
    else if (!known.some(({ id }) => id === observation.id)) known.push(observation);
  }
}
