/**
 * Finds media records that somebody else has made (another tool, with ids of its own), so that what is linked already
 * is neither transferred nor linked a second time. For `--skip-existing`, and for runs taken over from another tool.
 */
import { type FileRecord, isOnTheWay } from './record.ts';

export interface ExistingMedia {
  id: string;
  url: string;
  observationId: string;
}

/** What is needed of the data service: the whole Media table, page by page. */
export interface MediaSweep {
  sweep(): AsyncIterable<ExistingMedia[]>;
}

export interface ExistingOptions {
  /** The canonical URL of a key. */
  urlOf: (key: string) => string;
  /** Whether a record is to be looked up at all. */
  concerns: (record: FileRecord) => boolean;
}

/**
 * A step between resolve and transfer: adds the media that exist for the record's observations and its place in S3. A
 * record of which every observation is linked needs no transfer: it gets its `url` too. The table is swept once, when
 * the first record asks. Throws what the sweep throws.
 */
export function withExistingMedia(
  table: MediaSweep,
  { urlOf, concerns }: ExistingOptions,
): (record: FileRecord) => Promise<FileRecord> | FileRecord {
  let index: Promise<Map<string, string>> | null = null;

  const lookUp = async (record: FileRecord & { key: string }): Promise<FileRecord> => {
    index ??= indexOf(table);
    const ids = await index;
    const url = record.url ?? urlOf(record.key);
    const linked = new Set(record.media?.map(({ observationId }) => observationId));
    const found = (record.observations ?? []).flatMap(({ id: observationId }) => {
      const id = linked.has(observationId) ? undefined : ids.get(nameOf(url, observationId));
      return id ? [{ id, observationId }] : [];
    });
    if (found.length === 0) return record;
    const media = [...(record.media ?? []), ...found];
    const complete = media.length >= (record.observations ?? []).length;
    return { ...record, media, ...(complete && { url, status: 'uploaded' as const }) };
  };

  return record =>
    isOnTheWay(record) && record.key && concerns(record) ? lookUp({ ...record, key: record.key }) : record;
}

async function indexOf(table: MediaSweep): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for await (const page of table.sweep()) {
    for (const { id, url, observationId } of page) ids.set(nameOf(url, observationId), id);
  }
  return ids;
}

/** Tools differ in what they percent-encode; the object that a URL means does not. */
function nameOf(url: string, observationId: string): string {
  try {
    return `${observationId} ${decodeURIComponent(url)}`;
  } catch {
    return `${observationId} ${url}`;
  }
}
