/**
 * How a stage continues where an earlier run stopped. `restore`, the step before the stage, replaces a record with the line in
 * the stage's manifest, so that the stage finds its work done. `save`, the step after it, appends new lines. A stage does not
 * repeat finished work.
 */
import { isDeepStrictEqual } from 'node:util';
import { hasNoObject } from '../../../stages/duplicates.ts';
import {
  canContinue,
  type FileRecord,
  needsReview,
  reopened,
  type StageName,
  stillMissing,
  withoutObject,
  withoutObservations,
} from '../../../stages/record.ts';
import type { Manifest } from './merged-manifest.ts';

interface CheckpointOptions {
  stage: StageName;
  retryOrphans: boolean;
  /** The record of a file that has an object in S3; undefined or null if it has none. For resolve. */
  stored?: (id: string) => FileRecord | undefined | null;
}

export interface Checkpoint {
  restore: (record: FileRecord) => FileRecord;
  save: (record: FileRecord) => FileRecord;
}

export function checkpointOf(
  manifest: Pick<Manifest, 'last' | 'append'>,
  options: CheckpointOptions,
): Checkpoint {
  /** Records that are just what the manifest has already. */
  const unchanged = new WeakSet<FileRecord>();

  const restore = (incoming: FileRecord): FileRecord => {
    const own = manifest.last(incoming.id);
    if (!own) return incoming;
    const record = continued(incoming, own, options);
    if (record === own) unchanged.add(own);
    return record;
  };

  const save = (record: FileRecord): FileRecord => {
    // Removed at once: a large WeakSet slows down garbage collection.
    if (unchanged.delete(record)) return record;
    const own = manifest.last(record.id);
    // The record as it would be read back from disk: without undefined fields.
    if (!own || !isDeepStrictEqual(own, JSON.parse(JSON.stringify(record)))) manifest.append(record);
    return record;
  };

  return { restore, save };
}

/**
 * The record that the stage gets: the incoming one, its own of an earlier run, or the incoming one with fields of its own. An
 * earlier stage that has stopped the file comes first, then an edit, then the status of its own record.
 */
function continued(incoming: FileRecord, own: FileRecord, options: CheckpointOptions): FileRecord {
  const { stage, retryOrphans } = options;
  if (!canContinue(incoming)) {
    const record = withObjectOf(own, incoming, stage);
    return isDeepStrictEqual(record, own) ? own : record;
  }
  if (stage === 'list') return relisted(incoming, own);
  if (isEdited(incoming, own)) return withValidWork(incoming, own, options);
  const answered = reopened(own);
  if (answered !== own) return answered;
  switch (own.status) {
    case 'completed':
      return own;
    // The original of a duplicate may be another file by now: resolve decides again in each run.
    case 'duplicate':
      return stage === 'resolve' ? reconsidered(own, options) : own;
    case 'orphan':
      return retryOrphans ? retried(own, stage) : own;
    case 'failed':
    case 'partial':
    case 'needs_review':
      return retried(own, stage);
    default:
      return stage === 'resolve' && stillMissing(own).length > 0 ? retried(own, stage) : own;
  }
}

/** The file as it is in Drive now, with what people have added to its record. */
function relisted(incoming: FileRecord, own: FileRecord): FileRecord {
  if (canContinue(own) && !own.removed && !isEdited(incoming, own)) return own;
  const { error: _error, ...kept } = own;
  const status = canContinue(own) ? own.status : 'pending';
  return { ...kept, ...incoming, ...(own.removed && { removed: false }), status };
}

/** What transfer and link add to a record. */
const OBJECT_FIELDS = ['key', 'url', 'bytes', 'etag', 'verified', 'storedAt', 'adopted', 'replaces'] as const;
const LINK_FIELDS = ['media', 'linking', 'removing'] as const;

/** A record that an earlier stage has stopped, with the object and media records that exist for its file. */
function withObjectOf(own: FileRecord, incoming: FileRecord, stage: StageName): FileRecord {
  const exists = (stage === 'transfer' || stage === 'link') && (own.url || own.replaces || own.media?.length);
  if (!exists || (incoming.key && incoming.key !== own.key)) return incoming;
  return { ...fieldsOf(own, [...OBJECT_FIELDS, ...LINK_FIELDS]), ...incoming };
}

/** The named fields that the record has. */
function fieldsOf(record: FileRecord, names: readonly string[]): Partial<FileRecord> {
  return Object.fromEntries(
    names.flatMap(name => (record[name] === undefined ? [] : [[name, record[name]]])),
  );
}

/** True if a person has changed the incoming record since the own one was made from it. */
function isEdited(incoming: FileRecord, own: FileRecord): boolean {
  for (const field in incoming) {
    if (field !== 'status' && field !== 'error' && !isDeepStrictEqual(incoming[field], own[field]))
      return true;
  }
  return false;
}

/**
 * The edited record with those fields of the stage's own record that are still valid. Resolve: the key, if an object exists
 * under it or the name and ids are the same. Transfer: the object, if the key and the bytes are the same. Link: the media
 * records, if the key is the same.
 */
function withValidWork(
  incoming: FileRecord,
  own: FileRecord,
  { stage, stored }: CheckpointOptions,
): FileRecord {
  switch (stage) {
    case 'resolve': {
      const key = stored?.(incoming.id)?.key ?? (hasSameIds(incoming, own) ? own.key : undefined);
      return key && !incoming.key && !incoming.observations ? { ...incoming, key } : incoming;
    }
    case 'transfer': {
      if (incoming.key !== own.key) return incoming;
      // A record without its object was reset by verify or undo, or is a replacement that has not succeeded yet.
      if (!own.url) return own.replaces || own.takenOver ? replacing(own.replaces, incoming) : incoming;
      if (incoming.md5 !== own.md5) {
        // Where the etag is not known, the object that was stored in one piece has the md5 of its bytes. An adopted
        // object is another run's, and is not replaced.
        return replacing(own.adopted ? null : (own.etag ?? own.md5), incoming);
      }
      const { replaces: _, ...known } = fieldsOf(own, [...OBJECT_FIELDS, 'media']);
      return { ...incoming, ...known, status: 'uploaded' };
    }
    case 'link':
      return incoming.key === own.key ? withMediaOf(own, incoming) : incoming;
    default:
      return incoming;
  }
}

/** The bytes in Drive have changed: they may replace the object with this ETag, and no other. */
function replacing(etag: string | null | undefined, incoming: FileRecord): FileRecord {
  return { ...withoutObject(incoming), ...(etag && { replaces: etag }), status: 'pending' };
}

/** A file linked to an observation that its name no longer refers to needs a person: links are not removed. */
function withMediaOf({ media, linking, removing }: FileRecord, given: FileRecord): FileRecord {
  const incoming = { ...given, ...(linking && { linking }), ...(removing && { removing }) };
  if (!media) return incoming;
  const named = new Set(incoming.observations?.map(({ id }) => id));
  const wrong = media.find(({ observationId }) => !named.has(observationId));
  if (!wrong) return { ...incoming, media };
  const problem = `it is linked to the observation ${wrong.observationId}, which its name no longer means. Remove the media record ${wrong.id} in the app and from "media" of its line in link.ndjson, or name the file as before.`;
  return needsReview({ ...incoming, media }, 'link', 'linked_elsewhere', problem);
}

function hasSameIds(a: FileRecord, b: FileRecord): boolean {
  return a.name === b.name && a.prefix === b.prefix && isDeepStrictEqual(a.sequentialIds, b.sequentialIds);
}

/** A duplicate that was transferred because its original could not be keeps the key of its object. */
function reconsidered(own: FileRecord, { stage, stored }: CheckpointOptions): FileRecord {
  const transferred = stored?.(own.id);
  return { ...retried(own, stage), ...(transferred?.url && { key: transferred.key }) };
}

/**
 * The record as it was before the stage stopped it. Observations are looked up again if some were missing. Transfer
 * sees by the error that it has tried before.
 */
function retried(own: FileRecord, stage: StageName): FileRecord {
  const { error, ...record } = own;
  const status = record.url ? 'uploaded' : 'pending';
  if (stage === 'transfer' && !record.url) return { ...record, ...(error && { error }), status };
  if (stage !== 'resolve' || stillMissing(record).length === 0) return { ...record, status };
  return { ...withoutObservations(record), status };
}

/** The record of a file that has an object in S3, or one that is to be replaced; null for all others. */
export function storedRecord(transferred: Manifest | null | undefined, id: string): FileRecord | null {
  const record = transferred?.last(id);
  return record?.url || record?.replaces ? record : null;
}

/**
 * The records that have an S3 key. A file that cannot be transferred leaves its key to its copies; a copy that was
 * transferred instead has the key of its object.
 */
export function* claimsIn(
  resolved: Manifest | undefined,
  transferred: Manifest | null | undefined,
): Generator<FileRecord> {
  for (const record of resolved?.records() ?? []) {
    const later = transferred?.last(record.id);
    const key = later?.url ? later.key : later && hasNoObject(later) ? undefined : record.key;
    if (key) yield { ...record, key };
  }
}
