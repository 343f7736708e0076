/** The records that the data service could not give, as a run keeps them for its report. */
import type { UnreadableRecord } from '../../services/appsync/client.ts';

type NamedRecord = Omit<UnreadableRecord, 'query'>;

/** Unreadable records by the query that found them. `count` counts all; only the first ones are named. */
export type UnreadableRecords = Record<string, { count: number; records: NamedRecord[] }>;

const MOST_NAMED = 100;
const LONGEST_REASON = 500;

/** Collects the unreadable records while a process works on the run, and drops those that can be read again. */
export class UnreadableCollector {
  readonly #kept: UnreadableRecords;
  readonly #save: (records: UnreadableRecords) => void;
  /** What this process has seen: by query and name. */
  readonly #seenNow = new Map<string, Map<string, NamedRecord | null>>();
  #isSaved = true;

  constructor(kept: UnreadableRecords, save: (records: UnreadableRecords) => void) {
    this.#kept = { ...kept };
    this.#save = save;
  }

  add({ name, query, reason: whole }: UnreadableRecord): void {
    const seen = this.#seenNowBy(query);
    if (seen.has(name)) return;
    const record = { name, reason: whole.slice(0, LONGEST_REASON) };
    seen.set(name, seen.size < MOST_NAMED ? record : null);
    const { count, records } = this.#kept[query] ?? { count: 0, records: [] };
    const isNew = records.length < MOST_NAMED && !records.some(known => known.name === name);
    const all = isNew ? [...records, record] : records;
    this.#kept[query] = { count: Math.max(count, seen.size, all.length), records: all };
    this.#isSaved = false;
    // More than are named are only counted, and saved at the end.
    if (isNew) this.save();
  }

  /** The query has given every record, or every one of the name, except those that were seen. */
  settle(query: string, name?: string): void {
    const known = this.#kept[query];
    const seen = this.#seenNowBy(query);
    if (!known || (name !== undefined && seen.has(name))) return;
    const records =
      name === undefined
        ? [...seen.values()].filter(record => record !== null)
        : known.records.filter(record => record.name !== name);
    const count = name === undefined ? seen.size : known.count - known.records.length + records.length;
    if (name !== undefined && count === known.count) return;
    if (count > 0) this.#kept[query] = { count, records };
    else delete this.#kept[query];
    this.#isSaved = false;
    this.save();
  }

  save(): void {
    if (!this.#isSaved) this.#save(this.#kept);
    this.#isSaved = true;
  }

  #seenNowBy(query: string): Map<string, NamedRecord | null> {
    const seen = this.#seenNow.get(query) ?? new Map<string, NamedRecord | null>();
    this.#seenNow.set(query, seen);
    return seen;
  }
}
