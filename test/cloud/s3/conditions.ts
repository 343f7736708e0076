/** Conditional requests (RFC 9110, 13) as far as S3 knows them. */
import { S3Error } from './errors.ts';
import type { StoredObject } from './object-store.ts';

type Headers = ReadonlyMap<string, string>;

const names = (header: string, etag: string): boolean =>
  header.split(',').some(one => {
    const tag = one.trim().replace(/^"(.*)"$/, '$1');
    return tag === '*' || tag === etag;
  });

const seconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

/** @throws S3Error `PreconditionFailed` when If-Match or If-Unmodified-Since do not hold for a read */
export function checkPreconditions(headers: Headers, object: StoredObject): void {
  const match = headers.get('if-match');
  const unmodified = headers.get('if-unmodified-since');
  if (match !== undefined && !names(match, object.etag)) throw failed('If-Match');
  if (
    match === undefined &&
    unmodified !== undefined &&
    seconds(object.modifiedMs) > Date.parse(unmodified)
  ) {
    throw failed('If-Unmodified-Since');
  }
}

/** Whether a read is answered with 304. */
export function notModified(headers: Headers, object: StoredObject): boolean {
  const none = headers.get('if-none-match');
  if (none !== undefined) return names(none, object.etag);
  const since = headers.get('if-modified-since');
  return since !== undefined && seconds(object.modifiedMs) <= Date.parse(since);
}

/**
 * Conditional writes: `If-None-Match: *` and `If-Match: etag`.
 * @throws S3Error `PreconditionFailed`, `NoSuchKey` when the object to be matched does not exist, `NotImplemented` for other forms
 */
export function checkWritable(headers: Headers, existing: StoredObject | null): void {
  const none = headers.get('if-none-match');
  const match = headers.get('if-match');
  if (none !== undefined && none !== '*')
    throw new S3Error('NotImplemented', null, { Header: 'If-None-Match' });
  if (none === '*' && existing) throw failed('If-None-Match');
  if (match === undefined) return;
  if (!existing) throw new S3Error('NoSuchKey');
  if (!names(match, existing.etag)) throw failed('If-Match');
}

const failed = (condition: string) => new S3Error('PreconditionFailed', null, { Condition: condition });
