/**
 * undo: removes what a run created, and nothing that existed before. A media record is the run's if its id follows from
 * observation and key and the run has created it; an object, if the run has stored it and it still has the ETag and the
 * Drive file's id in its metadata. What other runs of this home use is kept.
 */
import { mediaIdOf } from '../../stages/link.ts';
import { type FileRecord, nameOf, withoutObject } from '../../stages/record.ts';
import type { Rewriter, Use } from '../run/run-records.ts';
import type { MediaRecords } from '../services/appsync/media-records.ts';
import type { Objects } from '../services/s3/objects.ts';
import { inParallel } from './parallel.ts';

export interface UndoOptions {
  objects: Pick<Objects, 'find' | 'remove'>;
  media: Pick<MediaRecords, 'remove'>;
  /** Other runs of this home that use an object, by its key. */
  uses: ReadonlyMap<string, Use>;
  /** Saves each step, so that a repeated undo continues from there; null for a dry run, which removes nothing. */
  rewriter: Pick<Rewriter, 'writeTransfers' | 'writeLink'> | null;
  concurrency: number;
  stopped: () => boolean;
}

export interface Undone {
  media: number;
  objects: number;
  /** Files whose object was kept, and why. */
  left: { id: string; name: string; why: string }[];
}

const RECORDS_PER_BATCH = 25;

/** True if the run created something for the record, or refers to an object of another run. */
export function isUndoable(record: FileRecord): boolean {
  return hasObject(record) || isMade(record);
}

/** True if the run created something for the record. */
export function isMade(record: FileRecord): boolean {
  return (hasObject(record) && !record.adopted) || ownMedia(record).length > 0;
}

/**
 * Undoes records that {@link isUndoable} accepts, in batches: first the media records, then the objects, so that the app
 * never shows a record without its file. Each step is saved before the next one, so that an interrupted undo continues where
 * it stopped. Throws RunError.
 */
export async function undo(records: readonly FileRecord[], options: UndoOptions): Promise<Undone> {
  const undone: Undone = { media: 0, objects: 0, left: [] };
  const { rewriter } = options;
  for (let at = 0; at < records.length && !options.stopped(); at += RECORDS_PER_BATCH) {
    const plans = records.slice(at, at + RECORDS_PER_BATCH).map(record => planOf(record, options));
    if (rewriter) {
      await removeMedia(plans, rewriter, options);
      // Before their objects are removed.
      await rewriter.writeTransfers(plans.filter(({ kept }) => !kept).map(takenBack));
    }
    undone.media += plans.reduce((sum, { removing }) => sum + removing.length, 0);
    await inParallel(plans, options.concurrency, plan => undoObject(plan, options, undone));
  }
  return undone;
}

type Links = NonNullable<FileRecord['media']>;

interface Plan {
  record: FileRecord;
  /** Media records to be removed, and those that stay. */
  removing: Links;
  staying: Links;
  /** Why the object and its record are kept; null if they are not. */
  kept: string | null;
}

function planOf(record: FileRecord, { uses }: UndoOptions): Plan {
  const use = uses.get(record.key ?? '');
  const removing = ownMedia(record).filter(({ id }) => !use?.mediaIds.has(id));
  const removed = new Set(removing.map(({ id }) => id));
  const staying = (record.media ?? []).filter(({ id }) => !removed.has(id));
  const [other] = staying;
  let kept: string | null = null;
  if (hasObject(record) && !record.adopted) {
    if (use) kept = `the run of the folder ${use.folder} uses ${record.key}; undo that one first`;
    else if (other)
      kept = `the media record ${other.id}, which this run did not create, points to ${record.key}`;
  }
  return { record, removing, staying, kept };
}

async function removeMedia(
  plans: readonly Plan[],
  { writeLink }: Pick<Rewriter, 'writeLink'>,
  { media }: UndoOptions,
): Promise<void> {
  const links = plans.filter(({ removing }) => removing.length > 0);
  for (const plan of links) writeLink(withoutLinks(plan, { removing: plan.removing }));
  await media.remove(links.flatMap(({ removing }) => removing.map(({ id }) => id)));
  for (const plan of plans) if (plan.removing.length > 0 || !plan.kept) writeLink(withoutLinks(plan));
}

/** The record without the media records that are being removed; its object still exists. */
function withoutLinks({ record, staying }: Plan, more: Pick<FileRecord, 'removing'> = {}): FileRecord {
  const status = record.url ? 'uploaded' : 'pending';
  return { ...unlinked(record), ...(staying.length > 0 && { media: staying }), ...more, status };
}

function unlinked(record: FileRecord): FileRecord {
  const { media: _media, error: _error, linking: _linking, removing: _removing, ...rest } = record;
  return rest;
}

/** False for what another tool has stored: the manifest then has no ETag. */
function hasObject(record: FileRecord): record is FileRecord & { key: string } {
  return Boolean(record.url && record.key && record.etag);
}

/**
 * The media records that the run has created; those of other tools have different ids. If the run was interrupted while it
 * created some, they count if it also stored the object: another program could not have linked that before.
 */
function ownMedia(record: FileRecord): Links {
  const { key, media = [], removing = [], linking, adopted, observations = [] } = record;
  if (!key) return [];
  const known = new Set([...media, ...removing].map(({ observationId }) => observationId));
  const perhaps = linking && !adopted ? observations.filter(({ id }) => !known.has(id)) : [];
  return [
    ...media.filter(({ id, observationId, found }) => !found && id === mediaIdOf(observationId, key)),
    ...removing,
    ...perhaps.map(({ id }) => ({ id: mediaIdOf(id, key), observationId: id })),
  ];
}

async function undoObject(plan: Plan, options: UndoOptions, undone: Undone): Promise<void> {
  const { record, kept } = plan;
  const why = hasObject(record) ? (kept ?? (await removeObject(record, options))) : null;
  if (why) undone.left.push({ id: record.id, name: nameOf(record), why });
  else if (hasObject(record)) undone.objects += 1;
  if (!kept) options.rewriter?.writeLink(takenBack(plan));
}

/** Null when the object is gone; otherwise why it was kept. */
async function removeObject(
  record: FileRecord & { key: string },
  { objects, rewriter }: UndoOptions,
): Promise<string | null> {
  const { key } = record;
  if (record.adopted) return `${key} existed before this run`;
  const object = await objects.find(key);
  if (!object) return null;
  if (object.etag !== record.etag)
    return `${key} was replaced since: its etag is ${object.etag}, not ${record.etag}`;
  if (object.fileId !== record.id) return `${key} was stored by another program`;
  if (!rewriter || (await objects.remove(key, object.etag))) return null;
  return `${key} has just been replaced`;
}

/** The record as before its transfer, or with only what another tool has created for it. */
function takenBack({ record, staying }: Plan): FileRecord {
  const rest = unlinked(withoutObject(record));
  // An adopted object is released with its links, so that another run can undo it.
  const foreign = record.adopted ? staying.filter(({ found }) => !found) : staying;
  const media = foreign.length > 0 && { media: foreign };
  const { url } = record;
  if (!hasObject(record) && url) return { ...rest, ...media, url, status: 'uploaded' };
  const { replaces: _replaces, ...before } = rest;
  return { ...before, ...media, status: 'pending' };
}
