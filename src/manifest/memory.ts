/**
 * What a stage remembers of earlier runs: its own manifest. `recall` stands before the stage and puts in the place of a
 * record what the manifest has of it, so that the stage finds its work done; `keep` stands behind it and appends what
 * is new. A stage leaves alone what is done, so nothing else has to know about resuming.
 */
import { isDeepStrictEqual } from 'node:util';
import { type FileRecord, isOnTheWay, reopened, type StageName, stillMissing } from '../../stages/record.ts';
import type { ManifestFile } from './manifest-file.ts';

export interface MemoryOptions {
  stage: StageName;
  retryOrphans: boolean;
}

export interface Memory {
  recall: (record: FileRecord) => FileRecord;
  keep: (record: FileRecord) => Promise<FileRecord>;
}

export function memoryOf(manifest: ManifestFile, options: MemoryOptions): Memory {
  /** Records that are just what the manifest has already. */
  const unchanged = new WeakSet<FileRecord>();

  const recall = (incoming: FileRecord): FileRecord => {
    const own = manifest.last(incoming.id);
    if (!own) return incoming;
    const record = remembered(incoming, own, options);
    if (record === own) unchanged.add(own);
    return record;
  };

  const keep = async (record: FileRecord): Promise<FileRecord> => {
    if (unchanged.has(record)) return record;
    const known = manifest.has(record.id) && isDeepStrictEqual(manifest.last(record.id), plain(record));
    if (!known) await manifest.append(record);
    return record;
  };

  return { recall, keep };
}

/** Which of the two goes on: what comes from the stage before, what this stage made of it earlier, or a mix. */
function remembered(
  incoming: FileRecord,
  own: FileRecord,
  { stage, retryOrphans }: MemoryOptions,
): FileRecord {
  if (!isOnTheWay(incoming)) return isDeepStrictEqual(incoming, own) ? own : incoming;
  if (isEdited(incoming, own)) return carriedOver(incoming, own);
  const answered = reopened(own);
  if (answered !== own) return answered;
  switch (own.status) {
    case 'completed':
    case 'duplicate':
      return own;
    case 'orphan':
      return retryOrphans ? again(own, stage) : own;
    case 'failed':
    case 'partial':
    case 'needs_review':
      return again(own, stage);
    default:
      return stage === 'resolve' && stillMissing(own).length > 0 ? again(own, stage) : own;
  }
}

/** True if the incoming record says something that the own one, which was made from it, does not: a person changed it. */
function isEdited(incoming: FileRecord, own: FileRecord): boolean {
  return Object.entries(incoming).some(
    ([field, value]) => field !== 'status' && field !== 'error' && !isDeepStrictEqual(value, own[field]),
  );
}

/**
 * The edited record, with the object that stands under its key already and the media made for it; before resolve, with
 * the key that the same file got for the same ids, since an object may stand under it.
 */
function carriedOver(incoming: FileRecord, own: FileRecord): FileRecord {
  if (incoming.md5 !== own.md5) return incoming;
  if (own.key && !incoming.key && !incoming.observations && hasSameIds(incoming, own)) {
    return { ...incoming, key: own.key };
  }
  if (!own.url || incoming.key !== own.key) return incoming;
  const { url, bytes, etag, verified, media } = own;
  return { ...incoming, url, bytes, etag, verified, ...(media && { media }), status: 'uploaded' };
}

function hasSameIds(a: FileRecord, b: FileRecord): boolean {
  return a.name === b.name && a.prefix === b.prefix && isDeepStrictEqual(a.sequentialIds, b.sequentialIds);
}

/** The record as it was before the stage stopped it. Observations are looked up again if some were missing. */
function again(own: FileRecord, stage: StageName): FileRecord {
  const { error: _error, ...record } = own;
  const status = record.url ? 'uploaded' : 'pending';
  if (stage !== 'resolve' || stillMissing(record).length === 0) return { ...record, status };
  const { observations: _observations, missing: _missing, ...unresolved } = record;
  return { ...unresolved, status };
}

/** As the record comes back from disk: without undefined fields. */
function plain(record: FileRecord): FileRecord {
  return JSON.parse(JSON.stringify(record)) as FileRecord;
}
