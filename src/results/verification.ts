/** verify: checks that every object and media record in the manifests exists. Reads only. */
import { createHash } from 'node:crypto';
import { isSameObject } from '../../stages/existing-media.ts';
import { type FileRecord, nameOf, withoutObject } from '../../stages/record.ts';
import type { MediaRecord, MediaRecords } from '../services/appsync/media-records.ts';
import type { ObjectState, Objects } from '../services/s3/objects.ts';
import { inParallel } from './parallel.ts';

export interface Finding {
  record: FileRecord;
  code: 'object_missing' | 'object_differs' | 'media_missing' | 'media_unreadable' | 'media_differs';
  message: string;
  /** ETag of the object with other bytes under the key; null if there is none. */
  etag?: string | null;
  /** Ids of the media records that are not as they should be. */
  mediaIds?: string[];
}

export interface VerificationOptions {
  objects: Pick<Objects, 'list' | 'find' | 'read'>;
  media: Pick<MediaRecords, 'sweep' | 'find' | 'unreadable'>;
  /** Also read every object and compare its md5 with Drive's. */
  deep: boolean;
  concurrency: number;
}

/** Up to this many are requested one by one (objects) or by id (media); for more, a sweep costs fewer requests. */
const FEW_OBJECTS = 200;
const FEW_MEDIA = 2000;

/** Records with an object in S3. */
export function claimsObject(record: FileRecord): record is FileRecord & { key: string; url: string } {
  return Boolean(record.url && record.key);
}

/** What is wrong, by file, in the order of the records; records without an object are skipped. Throws RunError. */
export async function verify(records: FileRecord[], options: VerificationOptions): Promise<Finding[][]> {
  const claimed = records.filter(claimsObject);
  const objects = await objectsOf(claimed, options);
  const media = await mediaOf(claimed, options.media);
  const findings: Finding[][] = [];
  await inParallel(claimed, options.concurrency, async (record, index) => {
    const object = await checkObject(record, objects.get(record.key) ?? null, options);
    findings[index] = [...(object ? [object] : []), ...checkMedia(record, media, options.media)];
  });
  return findings.filter(ofFile => ofFile.length > 0);
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
  await inParallel([...wanted], concurrency, async key => {
    const object = await objects.find(key);
    if (object) found.set(key, object);
  });
  return found;
}

async function mediaOf(
  records: FileRecord[],
  media: VerificationOptions['media'],
): Promise<Map<string, MediaRecord>> {
  const wanted = new Set(records.flatMap(record => (record.media ?? []).map(({ id }) => id)));
  if (wanted.size <= FEW_MEDIA) return media.find([...wanted]);
  const found = new Map<string, MediaRecord>();
  for await (const page of media.sweep()) {
    for (const item of page) if (wanted.has(item.id)) found.set(item.id, item);
  }
  return found;
}

/** The message begins with the file's name. */
function finding(record: FileRecord, code: Finding['code'], text: string, more: Partial<Finding>): Finding {
  return { record, code, message: `${nameOf(record)}: ${text}.`, ...more };
}

async function checkObject(
  record: FileRecord & { key: string },
  object: ObjectState | null,
  { objects, deep }: VerificationOptions,
): Promise<Finding | null> {
  const { key, bytes, etag, md5 } = record;
  const missing = finding(record, 'object_missing', `there is no object ${key}`, { etag: null });
  if (!object) return missing;
  const differs = (how: string) =>
    finding(record, 'object_differs', `the object ${key} ${how}`, { etag: object.etag });
  if (bytes !== undefined && object.bytes !== bytes) {
    return differs(`has ${object.bytes} bytes, not ${bytes}`);
  }
  if (etag && object.etag !== etag && object.etag !== md5) {
    return differs(`has been replaced: its etag is ${object.etag}, not ${etag}`);
  }
  if (!deep || !md5 || record.verified === 'downloaded') return null;
  const content = await objects.read(key);
  if (!content) return missing;
  const found = await md5Of(content);
  return found === md5 ? null : differs(`has the MD5 ${found}, Drive lists ${md5}`);
}

async function md5Of(bytes: AsyncIterable<Buffer>): Promise<string> {
  const md5 = createHash('md5');
  for await (const chunk of bytes) md5.update(chunk);
  return md5.digest('hex');
}

function checkMedia(
  record: FileRecord & { url: string },
  found: Map<string, MediaRecord>,
  { unreadable }: VerificationOptions['media'],
): Finding[] {
  const media = (record.media ?? []).filter(({ id }) => !unreadable.has(id));
  const missing = media.filter(({ id }) => !found.has(id));
  const differing = media.filter(({ id, observationId }) => {
    const item = found.get(id);
    return item && (!isSameObject(item.url, record.url) || item.observationId !== observationId);
  });
  const problem = (code: Finding['code'], of: readonly { id: string }[], one: string, several: string) => {
    const ids = of.map(({ id }) => id);
    const text = ids.length === 1 ? `record ${ids[0]} ${one}` : `records ${ids.join(', ')} ${several}`;
    return ids.length > 0 ? [finding(record, code, `the media ${text}`, { mediaIds: ids })] : [];
  };
  const unread = (record.media ?? []).filter(({ id }) => unreadable.has(id));
  const isUnread = 'values cannot be read. Correct or remove it in the app';
  const isOther = 'to another file or observation. Correct or remove it in the app';
  return [
    ...problem('media_unreadable', unread, `exists, but its ${isUnread}`, `exist, but their ${isUnread}`),
    ...problem('media_missing', missing, 'does not exist', 'do not exist'),
    ...(missing.length === 0
      ? problem('media_differs', differing, `points ${isOther}`, `point ${isOther}`)
      : []),
  ];
}

/**
 * Of the findings of one file: its record, reset so that the next run repairs it by transferring the file again over the
 * wrong object, or by linking it again. Null for what a run cannot repair: a media record that somebody has changed.
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
  return { ...withoutObject(kept), ...(replaces && { replaces }), status: 'pending' };
}
