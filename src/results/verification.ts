/** verify: checks that every object and media record in the manifests exists. Reads only. */
import { createHash } from 'node:crypto';
import { isSameObject } from '../../stages/existing-media.ts';
import { type FileRecord, nameOf, untransferred } from '../../stages/record.ts';
import type { MediaRecord } from '../services/appsync/media-records.ts';
import type { ObjectState } from '../services/s3/objects.ts';

export interface Finding {
  record: FileRecord;
  code: 'object_missing' | 'object_differs' | 'media_missing' | 'media_unreadable' | 'media_differs';
  message: string;
  /** ETag of the object with other bytes under the key; null if there is none. */
  etag?: string | null;
  /** Ids of the media records that are not as they should be. */
  mediaIds?: string[];
}

export interface ObjectReader {
  list(): AsyncIterable<ObjectState[]>;
  find(key: string): Promise<ObjectState | null>;
  read(key: string): Promise<AsyncIterable<Buffer> | null>;
}

export interface MediaReader {
  sweep(): AsyncIterable<MediaRecord[]>;
  find(ids: string[]): Promise<Map<string, MediaRecord>>;
  /** Ids of the records that exist, but could not be given by then. */
  readonly unreadable: ReadonlySet<string>;
}

export interface VerificationOptions {
  objects: ObjectReader;
  media: MediaReader;
  /** Also read every object and compare its md5 with Drive's. */
  deep: boolean;
  concurrency: number;
  onChecked?: (record: FileRecord) => void;
}

/** Up to this many are requested one by one (objects) or by id (media); for more, a sweep costs fewer requests. */
const FEW_OBJECTS = 200;
const FEW_MEDIA = 2000;

/** Records with an object in S3. */
export function claimsObject(record: FileRecord): record is FileRecord & { key: string; url: string } {
  return Boolean(record.url && record.key);
}

/** What differs from the records, in their order; records without an object are skipped. Throws RunError. */
export async function verify(records: FileRecord[], options: VerificationOptions): Promise<Finding[]> {
  const claimed = records.filter(claimsObject);
  const objects = await objectsOf(claimed, options);
  const media = await mediaOf(claimed, options.media);
  const findings: Finding[][] = [];
  const queue = claimed.entries();
  const worker = async () => {
    for (const [index, record] of queue) {
      findings[index] = await check(record, objects.get(record.key) ?? null, media, options);
      options.onChecked?.(record);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  return findings.flat();
}

async function objectsOf(
  records: { key: string }[],
  { objects, concurrency }: VerificationOptions,
): Promise<Map<string, ObjectState>> {
  const wanted = new Set(records.map(({ key }) => key));
  const found = new Map<string, ObjectState>();
  if (wanted.size > FEW_OBJECTS) {
    for await (const page of objects.list()) {
      for (const object of page) if (wanted.has(object.key)) found.set(object.key, object);
    }
    return found;
  }
  const queue = wanted.values();
  const worker = async () => {
    for (const key of queue) {
      const object = await objects.find(key);
      if (object) found.set(key, object);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return found;
}

async function mediaOf(records: FileRecord[], media: MediaReader): Promise<Map<string, MediaRecord>> {
  const wanted = new Set(records.flatMap(record => (record.media ?? []).map(({ id }) => id)));
  if (wanted.size <= FEW_MEDIA) return media.find([...wanted]);
  const found = new Map<string, MediaRecord>();
  for await (const page of media.sweep()) {
    for (const item of page) if (wanted.has(item.id)) found.set(item.id, item);
  }
  return found;
}

async function check(
  record: FileRecord & { key: string; url: string },
  object: ObjectState | null,
  media: Map<string, MediaRecord>,
  options: VerificationOptions,
): Promise<Finding[]> {
  const findings = [
    await checkObject(record, object, options),
    checkReadable(record, options.media),
    checkMedia(record, media, options.media),
  ];
  return findings.filter(finding => finding !== null);
}

async function checkObject(
  record: FileRecord & { key: string },
  object: ObjectState | null,
  { objects, deep }: VerificationOptions,
): Promise<Finding | null> {
  const missing: Finding = {
    record,
    code: 'object_missing',
    etag: null,
    message: `${nameOf(record)}: there is no object ${record.key}.`,
  };
  if (!object) return missing;
  const differs = (how: string): Finding => ({
    record,
    code: 'object_differs',
    etag: object.etag,
    message: `${nameOf(record)}: the object ${record.key} ${how}.`,
  });
  if (record.bytes !== undefined && object.bytes !== record.bytes) {
    return differs(`has ${object.bytes} bytes, not ${record.bytes}`);
  }
  if (record.etag && object.etag !== record.etag && object.etag !== record.md5) {
    return differs(`has been replaced: its etag is ${object.etag}, not ${record.etag}`);
  }
  if (!deep || !record.md5 || record.verified === 'downloaded') return null;
  const bytes = await objects.read(record.key);
  if (!bytes) return missing;
  const found = await md5Of(bytes);
  return found === record.md5 ? null : differs(`has the md5 ${found}, Drive says ${record.md5}`);
}

async function md5Of(bytes: AsyncIterable<Buffer>): Promise<string> {
  const md5 = createHash('md5');
  for await (const chunk of bytes) md5.update(chunk);
  return md5.digest('hex');
}

function checkReadable(record: FileRecord, { unreadable }: MediaReader): Finding | null {
  const ids = (record.media ?? []).map(({ id }) => id).filter(id => unreadable.has(id));
  if (ids.length === 0) return null;
  return {
    record,
    code: 'media_unreadable',
    mediaIds: ids,
    message: `${nameOf(record)}: ${mediaNamed(ids, 'exists, but its values', 'exist, but their values')} cannot be read. Correct or remove it in the app.`,
  };
}

function checkMedia(
  record: FileRecord & { url: string },
  found: Map<string, MediaRecord>,
  { unreadable }: MediaReader,
): Finding | null {
  const media = (record.media ?? []).filter(({ id }) => !unreadable.has(id));
  const missing = media.filter(({ id }) => !found.has(id)).map(({ id }) => id);
  if (missing.length > 0) {
    return {
      record,
      code: 'media_missing',
      mediaIds: missing,
      message: `${nameOf(record)}: ${mediaNamed(missing, 'does', 'do')} not exist.`,
    };
  }
  const differing = media.filter(({ id, observationId }) => {
    const item = found.get(id)!;
    return !isSameObject(item.url, record.url) || item.observationId !== observationId;
  });
  if (differing.length === 0) return null;
  return {
    record,
    code: 'media_differs',
    mediaIds: differing.map(({ id }) => id),
    message: `${nameOf(record)}: ${mediaNamed(
      differing.map(({ id }) => id),
      'points',
      'point',
    )} to another file or observation. Correct or remove it in the app.`,
  };
}

function mediaNamed(ids: string[], one: string, several: string): string {
  return ids.length === 1
    ? `the media record ${ids[0]} ${one}`
    : `the media records ${ids.join(', ')} ${several}`;
}

/**
 * The record reset so that the next run repairs it: transfers the file again over the wrong object, or links it again.
 * Null for what a run cannot repair: a media record that somebody has changed.
 */
export function repaired(findings: Finding[]): FileRecord | null {
  const record = findings[0]!.record;
  const object = findings.find(({ code }) => code === 'object_missing' || code === 'object_differs');
  const missing = new Set(
    findings.filter(({ code }) => code === 'media_missing').flatMap(({ mediaIds }) => mediaIds ?? []),
  );
  if (!object && missing.size === 0) return null;
  const media = (record.media ?? []).filter(({ id }) => !missing.has(id));
  const { error: _error, ...kept } = { ...record, media };
  if (!object) return { ...kept, status: 'uploaded' };
  // An adopted object is another run's, and is not replaced.
  const replaces = !record.adopted && object.etag;
  return { ...untransferred(kept), ...(replaces && { replaces }), status: 'pending' };
}
