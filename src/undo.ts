/**
 * undo: takes back what a run created, and only that. A media record is the run's if its id follows from observation
 * and key and the run did not find it there; an object is, if the run knows its etag, and it still has that etag and the
 * Drive file's id in its metadata.
 */
import { mediaIdOf } from '../stages/media-id.ts';
import { type FileRecord, nameOf, untransferred } from '../stages/record.ts';
import type { ObjectState } from './storage/objects.ts';

/** What undo needs of S3. */
export interface ObjectRemover {
  find(key: string): Promise<ObjectState | null>;
  /** False if the object has another etag by now; it then stays. */
  remove(key: string, etag: string): Promise<boolean>;
}

/** What undo needs of the data service. */
export interface MediaRemover {
  remove(ids: string[]): Promise<void>;
}

export interface UndoOptions {
  objects: ObjectRemover;
  media: MediaRemover;
  /** Say what would be removed, and remove nothing. */
  dryRun: boolean;
  /** Objects removed at a time. */
  concurrency: number;
  /** True when no more should be begun. */
  stopped: () => boolean;
  /** Takes each record that has been undone; resolves when it is written down. */
  keep: (record: FileRecord) => Promise<void> | void;
}

export interface Undone {
  media: number;
  objects: number;
  /** Files whose object was left alone, and why. */
  left: { id: string; name: string; why: string }[];
}

/** Media records go in requests of so many. */
const RECORDS_A_BATCH = 25;

/** True if there is something of this run to take back. */
export function isUndoable(record: FileRecord): boolean {
  return storedByRun(record) || ownMedia(record).length > 0;
}

/**
 * Takes the records back, some at a time: first their media records, then their objects, so that at no time an app shows
 * a record without its file. Each record is kept as undone before the next ones begin: an interrupted undo goes on
 * where it stopped. Throws RunError.
 */
export async function undo(records: Iterable<FileRecord>, options: UndoOptions): Promise<Undone> {
  const undone: Undone = { media: 0, objects: 0, left: [] };
  for (const batch of batches(records)) {
    if (options.stopped()) break;
    const ids = batch.flatMap(ownMedia);
    if (!options.dryRun) await options.media.remove(ids);
    undone.media += ids.length;
    const queue = batch.values();
    const worker = async () => {
      for (const record of queue) await undoObject(record, options, undone);
    };
    await Promise.all(Array.from({ length: options.concurrency }, worker));
  }
  return undone;
}

function* batches(records: Iterable<FileRecord>): Generator<FileRecord[]> {
  let batch: FileRecord[] = [];
  for (const record of records) {
    if (!isUndoable(record)) continue;
    batch.push(record);
    if (batch.length < RECORDS_A_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** False for what another tool has stored: the run knows no etag of it. */
function storedByRun(record: FileRecord): record is FileRecord & { key: string } {
  return Boolean(record.url && record.key && record.etag);
}

/** Other tools' media records have ids of their own. */
function ownMedia({ key, media = [] }: FileRecord): string[] {
  return media
    .filter(({ id, observationId, found }) => key && !found && id === mediaIdOf(observationId, key))
    .map(({ id }) => id);
}

async function undoObject(record: FileRecord, options: UndoOptions, undone: Undone): Promise<void> {
  const why = storedByRun(record) ? await removeObject(record, options) : null;
  if (why) undone.left.push({ id: record.id, name: nameOf(record), why });
  else if (storedByRun(record)) undone.objects += 1;
  if (!options.dryRun) await options.keep(takenBack(record));
}

/** Null when the object is gone; otherwise why it was left alone. */
async function removeObject(
  record: FileRecord & { key: string },
  { objects, dryRun }: UndoOptions,
): Promise<string | null> {
  const { key } = record;
  const object = await objects.find(key);
  if (!object) return null;
  if (object.etag !== record.etag)
    return `${key} was replaced since: its etag is ${object.etag}, not ${record.etag}`;
  if (object.fileId !== record.id) return `${key} was put there by something else`;
  if (dryRun || (await objects.remove(key, object.etag))) return null;
  return `${key} has just been replaced`;
}

/** The record without what the run made of it: before transfer, or with no more than another tool has made of it. */
function takenBack(record: FileRecord): FileRecord {
  const own = new Set(ownMedia(record));
  const foreign = (record.media ?? []).filter(({ id }) => !own.has(id));
  const { media: _media, error: _error, ...rest } = untransferred(record);
  const media = foreign.length > 0 && { media: foreign };
  const { url } = record;
  if (!storedByRun(record) && url) return { ...rest, ...media, url, status: 'uploaded' };
  const { replaces: _replaces, ...before } = rest;
  return { ...before, ...media, status: 'pending' };
}
