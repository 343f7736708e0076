/**
 * Finds media records that another tool has created with its own ids, so that linked files are not transferred or linked
 * again. For `--skip-existing`, and for runs taken over from another tool.
 */

import { endRun, type Shutdown } from './flow/shutdown.ts';
import { isSafeKey } from './object-key.ts';
import { canContinue, type FileRecord } from './record.ts';
import type { Stage } from './stage.ts';

export interface ExistingMedia {
  id: string;
  url: string;
  observationId: string;
}

/** Finds the id of a record that links the observation to the object at `url`; undefined if there is none. */
export type FindMedia = (observationId: string, url: string) => Promise<string | undefined>;

/** `sweep` gives the whole Media table, page by page. It is read once, at the first lookup. */
export function mediaIndex(sweep: () => AsyncIterable<ExistingMedia[]>): FindMedia {
  const read = async () => {
    const ids = new Map<string, string>();
    for await (const page of sweep()) {
      for (const { id, url, observationId } of page) ids.set(linkOf(observationId, url), id);
    }
    return ids;
  };
  let ids: ReturnType<typeof read> | null = null;
  return async (observationId, url) => {
    ids ??= read();
    return (await ids).get(linkOf(observationId, url));
  };
}

interface ExistingOptions {
  /** Whether to look up a record. */
  appliesTo: (record: FileRecord) => boolean;
  /** The canonical URL of a key, for records that have no `url` yet. */
  urlOf?: (key: string) => string;
  shutdown?: Shutdown;
}

/**
 * Adds the media records that exist for the file's observations and S3 URL. If every observation is linked, no transfer is
 * needed: the record gets its `url` too.
 */
export function withExistingMedia(find: FindMedia, { appliesTo, urlOf, shutdown }: ExistingOptions): Stage {
  const lookUp = async (record: FileRecord, url: string): Promise<FileRecord> => {
    const linked = new Set(record.media?.map(({ observationId }) => observationId));
    const unlinked = (record.observations ?? []).filter(({ id }) => !linked.has(id));
    const found: NonNullable<FileRecord['media']> = [];
    for (const { id: observationId } of unlinked) {
      const id = await find(observationId, url);
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
      if (!url || !canContinue(record) || !appliesTo(record)) {
        yield record;
        continue;
      }
      try {
        yield await lookUp(record, url);
      } catch (error) {
        // Whether it is linked is not known: the record stays pending for the next run.
        endRun(shutdown, error);
      }
    }
  };
}

/** True if both are the address of the same object: tools percent-encode different characters. */
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
