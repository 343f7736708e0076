/** The records that the data service could not give, as a run remembers them for its report. */
import type { UnreadableRecord } from '../../services/appsync/client.ts';

/** By the query that met them. At most so many of each are named; all are counted. */
export type UnreadableRecords = Record<string, { count: number; records: Omit<UnreadableRecord, 'query'>[] }>;

const MOST_NAMED = 100;
const LONGEST_REASON = 500;

interface Met {
  names: Set<string>;
  records: Omit<UnreadableRecord, 'query'>[];
}

/** Collects the unreadable records while a process works on the run, and drops those that can be read again. */
export class UnreadableMemory {
  readonly #remembered: UnreadableRecords;
  readonly #save: (remembered: UnreadableRecords) => void;
  readonly #met = new Map<string, Met>();
  #isSaved = true;

  constructor(remembered: UnreadableRecords, save: (remembered: UnreadableRecords) => void) {
    this.#remembered = { ...remembered };
    this.#save = save;
  }

  add({ name, query, reason: whole }: UnreadableRecord): void {
    const record = { name, reason: whole.slice(0, LONGEST_REASON) };
    const met = this.#metBy(query);
    if (met.names.has(name)) return;
    met.names.add(name);
    if (met.records.length < MOST_NAMED) met.records.push(record);
    const { count, records } = this.#remembered[query] ?? { count: 0, records: [] };
    const isNew = records.length < MOST_NAMED && !records.some(known => known.name === name);
    const all = isNew ? [...records, record] : records;
    this.#remembered[query] = { count: Math.max(count, met.names.size, all.length), records: all };
    this.#isSaved = false;
    // More than are named are only counted, and saved at the end.
    if (isNew) this.save();
  }

  /** The query has given every record, or every one of the name, except those that were met. */
  settle(query: string, name?: string): void {
    const known = this.#remembered[query];
    if (!known) return;
    const { names, records } = this.#metBy(query);
    const left =
      name === undefined
        ? { count: names.size, records }
        : without(known, names.has(name) ? undefined : name);
    if (left.count === known.count && left.records.length === known.records.length && name !== undefined)
      return;
    if (left.count > 0) this.#remembered[query] = { count: left.count, records: [...left.records] };
    else delete this.#remembered[query];
    this.#isSaved = false;
    this.save();
  }

  save(): void {
    if (!this.#isSaved) this.#save(this.#remembered);
    this.#isSaved = true;
  }

  #metBy(query: string): Met {
    const met = this.#met.get(query) ?? { names: new Set(), records: [] };
    this.#met.set(query, met);
    return met;
  }
}

function without(
  { count, records }: UnreadableRecords[string],
  name: string | undefined,
): UnreadableRecords[string] {
  const left = records.filter(record => record.name !== name);
  return { count: count - (records.length - left.length), records: left };
}
