/**
 * Finds media records that somebody else has made (another tool, with ids of its own), so that what is linked already
 * is neither transferred nor linked a second time. For `--skip-existing`, and for runs taken over from another tool.
 */
import { RunError } from './errors.ts';
import { isSafeKey } from './object-key.ts';
import { type FileRecord, isOnTheWay } from './record.ts';
import type { Shutdown } from './shutdown.ts';
import type { Stage } from './stage.ts';

export interface ExistingMedia {
  id: string;
  url: string;
  observationId: string;
}

/** What is needed of the data service: the whole Media table, page by page. */
export interface MediaSweep {
  sweep(): AsyncIterable<ExistingMedia[]>;
}

/** The Media table by what its records link; swept once, when the first question comes. */
export class MediaIndex {
  readonly #table: MediaSweep;
  #ids: Promise<Map<string, string>> | null = null;

  constructor(table: MediaSweep) {
    this.#table = table;
  }

  /** Id of a record that links the observation to the object at `url`; undefined if there is none. */
  async find(observationId: string, url: string): Promise<string | undefined> {
    this.#ids ??= this.#sweep();
    return (await this.#ids).get(linkOf(observationId, url));
  }

  async #sweep(): Promise<Map<string, string>> {
    const ids = new Map<string, string>();
    for await (const page of this.#table.sweep()) {
      for (const { id, url, observationId } of page) ids.set(linkOf(observationId, url), id);
    }
    return ids;
  }
}

export interface ExistingOptions {
  /** Whether a record is to be looked up at all. */
  concerns: (record: FileRecord) => boolean;
  /** The canonical URL of a key, for records that have no `url` yet. */
  urlOf?: (key: string) => string;
  shutdown?: Shutdown;
}

/**
 * Adds the media that exist for the record's observations and its place in S3. A record of which every observation is
 * linked needs no transfer: it gets its `url` too.
 */
export function withExistingMedia(index: MediaIndex, { concerns, urlOf, shutdown }: ExistingOptions): Stage {
  const lookUp = async (record: FileRecord, url: string): Promise<FileRecord> => {
    const linked = new Set(record.media?.map(({ observationId }) => observationId));
    const unlinked = (record.observations ?? []).filter(({ id }) => !linked.has(id));
    const found: NonNullable<FileRecord['media']> = [];
    for (const { id: observationId } of unlinked) {
      const id = await index.find(observationId, url);
      if (id) found.push({ id, observationId, found: true });
    }
    if (found.length === 0) return record;
    const media = [...(record.media ?? []), ...found];
    return {
      ...record,
      media,
      ...(found.length === unlinked.length && { url, status: 'uploaded' as const }),
    };
  };

  return async function* (records) {
    for await (const record of records) {
      const url = record.url ?? (record.key && isSafeKey(record.key) && urlOf?.(record.key));
      if (!url || !isOnTheWay(record) || !concerns(record)) {
        yield record;
        continue;
      }
      try {
        yield await lookUp(record, url);
      } catch (error) {
        // What is linked is not known: the record stays for the next run.
        if (!(error instanceof RunError && shutdown)) throw error;
        shutdown.drain(error);
      }
    }
  };
}

/** True if both address the same object: tools differ in what they percent-encode. */
export function isSameObject(a: string, b: string): boolean {
  return decoded(a) === decoded(b);
}

function linkOf(observationId: string, url: string): string {
  return `${observationId} ${decoded(url)}`;
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
