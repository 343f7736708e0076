/**
 * The record: one file of the Drive folder on its way through the five stages, and one line of every manifest.
 *
 * A stage adds its fields and passes on all others, also those it does not know (people annotate manifests).
 * A record that cannot continue keeps its fields, gets a status and an error, and passes the later stages unchanged, so that
 * every listed file arrives at the end exactly once.
 */

export const STATUSES = [
  'pending',
  'downloaded',
  'uploaded',
  'completed',
  'failed',
  'orphan',
  'needs_review',
  'partial',
  'duplicate',
] as const;

export type Status = (typeof STATUSES)[number];

export const STAGES = ['list', 'parse', 'resolve', 'transfer', 'link'] as const;

export type StageName = (typeof STAGES)[number];

export type NamePattern = 'single' | 'multiple' | 'range' | 'list';

export type MediaType = 'IMAGE' | 'VIDEO';

/** A file or folder in Drive. Items that were shared by link before 2021 are only found with their resource key. */
export interface DriveRef {
  id: string;
  resourceKey?: string;
}

/** Why a record stopped: which stage, a code for scripts, a sentence for people, and whether a new attempt may help. */
export interface RecordError {
  stage: StageName;
  code: string;
  message: string;
  retryable: boolean;
  [detail: string]: unknown;
}

export interface FileRecord {
  /** Drive file id; the record's identity in every manifest. */
  id: string;
  /** The name in Drive, unchanged. */
  name: string;
  /** Folders below the migrated one, joined by `/`; empty for files directly in it. */
  path?: string;
  /** Bytes; null if Drive gives none (Google Docs). */
  size?: number | null;
  mimeType?: string;
  /** Hex; null if Drive gives none. */
  md5?: string | null;
  /** RFC 3339. */
  modifiedTime?: string;
  /** The folder that lists it; its resource key is absent if it needs none. */
  parent?: DriveRef;
  /** Required in every request for this file; absent if it needs none. */
  resourceKey?: string;
  /** True if a later listing no longer has the file, false if it has reappeared. */
  removed?: boolean;

  pattern?: NamePattern;
  /** The ids in the order of the name, each once. */
  sequentialIds?: number[];
  /** The letter before the digits; only when prefix rules are on ('' for none). */
  prefix?: string;
  type?: MediaType;
  contentType?: string;

  /** The observations that exist, in the order of `sequentialIds`. */
  observations?: { sequentialId: number; id: string }[];
  /** Sequential ids without an observation. */
  missing?: number[];
  /** S3 key. It never changes once the object exists. */
  key?: string;

  /** Etag of the object that this file may replace, because its bytes are known to be old or damaged. */
  replaces?: string;

  /** Canonical S3 URL, percent-encoded. If present, the object is complete in S3. */
  url?: string;
  bytes?: number;
  /** The ETag of S3, without quotes. */
  etag?: string;
  /** What the bytes were compared by before the object became visible. */
  verified?: 'md5' | 'size' | 'downloaded';
  /** A person has accepted the bytes that Drive sends, although they differ from what it lists. */
  accepted?: 'as-downloaded';
  /** When the object became complete; RFC 3339. Absent if unknown. */
  storedAt?: string;
  /** True if another run or tool had already stored an object with the file's bytes. */
  adopted?: true;

  /** The media records that exist for this file; `found`: another program has created them. */
  media?: { id: string; observationId: string; found?: true }[];

  /** True while media records are being created: until the outcome is saved, any of them may exist. */
  linking?: true;
  /** Media records that `undo` is deleting: they may no longer exist. */
  removing?: { id: string; observationId: string }[];

  /** Another tool has stored it; see `src/results/takeover.ts`. */
  takenOver?: boolean;

  status: Status;
  error?: RecordError;

  [annotation: string]: unknown;
}

/** MIME type of folders. */
export const FOLDER = 'application/vnd.google-apps.folder';

/** MIME type of shortcuts. */
export const SHORTCUT = 'application/vnd.google-apps.shortcut';

/** True for the record of a folder; only folders that could not be read have one. */
export function isFolder({ mimeType }: Pick<FileRecord, 'mimeType'>): boolean {
  return mimeType === FOLDER;
}

/** True for the record of a folder or shortcut that could not be followed: what is behind it is not listed. */
export function isUnlisted(record: FileRecord): boolean {
  return isFolder(record) || record.mimeType === SHORTCUT;
}

/** The record of a folder that has been read since, or no longer exists: it stays in the manifests but is not counted. */
export function isWithdrawn(record: FileRecord): boolean {
  return isUnlisted(record) && record.removed === true;
}

const ON_THE_WAY: ReadonlySet<Status> = new Set(['pending', 'downloaded', 'uploaded']);

/** True while a stage can still work on the record; false if it is finished or stopped. */
export function canContinue(record: FileRecord): boolean {
  return ON_THE_WAY.has(record.status);
}

/** The record with a status and an error; all other fields stay. */
export function stopped(record: FileRecord, status: Status, error: RecordError): FileRecord {
  return { ...record, status, error };
}

/**
 * The record with the status `needs_review`. `problem` says what is wrong and what to do, without the file's name; `details` are
 * further fields of the error.
 */
export function needsReview(
  record: FileRecord,
  stage: StageName,
  code: string,
  problem: string,
  details: Record<string, unknown> = {},
): FileRecord {
  const message = `${nameOf(record)}: ${problem}`;
  return stopped(record, 'needs_review', { stage, code, message, retryable: false, ...details });
}

/**
 * The record without its error, if a stage stopped because it did not know the sequential ids or the observations and a
 * person has filled in that field since. Any other record is returned unchanged.
 */
export function reopened(record: FileRecord): FileRecord {
  if (record.status !== 'needs_review' && record.status !== 'orphan') return record;
  const answered =
    (record.error?.stage === 'parse' && record.sequentialIds?.length) ||
    (record.error?.stage === 'resolve' && record.observations?.length);
  if (!answered) return record;
  const { error: _, ...rest } = record;
  return { ...rest, status: 'pending' };
}

/** The ids in `missing` that still have no observation: a person may have added one without changing `missing`. */
export function stillMissing({ missing = [], observations = [] }: FileRecord): number[] {
  const found = new Set(observations.map(({ sequentialId }) => sequentialId));
  return missing.filter(id => !found.has(id));
}

/** How messages name a file: the name, and the id because names in Drive are not unique. */
export function nameOf(record: Pick<FileRecord, 'id' | 'name'>): string {
  return `${record.name} (${record.id})`;
}

/** The record as before its observations were looked up. */
export function withoutObservations(record: FileRecord): FileRecord {
  const { observations: _observations, missing: _missing, ...rest } = record;
  return rest;
}

/** The record as before its transfer: without the fields about the object in S3. */
export function withoutObject(record: FileRecord): FileRecord {
  const { url: _url, bytes: _bytes, etag: _etag, verified: _verified, ...rest } = record;
  const { storedAt: _storedAt, adopted: _adopted, ...before } = rest;
  return before;
}
