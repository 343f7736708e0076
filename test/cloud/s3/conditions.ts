/** Conditional requests (RFC 9110, 13): those of S3's that name an etag. */
import { S3Error } from './errors.ts';
import type { StoredObject } from './object-store.ts';

type Headers = ReadonlyMap<string, string>;

/** @throws S3Error `PreconditionFailed` when If-Match does not hold for a read or a delete */
export function checkPreconditions(headers: Headers, object: StoredObject): void {
  const match = headers.get('if-match');
  if (match !== undefined && !names(match, object.etag)) throw failed('If-Match');
}

/**
 * Conditional writes: `If-None-Match: *` and `If-Match: etag`.
 * @throws S3Error `PreconditionFailed`, `NoSuchKey` when the object to be matched does not exist, `NotImplemented` for other forms
 */
export function checkWritable(headers: Headers, existing: StoredObject | null): void {
  const none = headers.get('if-none-match');
  if (none !== undefined && none !== '*') throw new S3Error('NotImplemented');
  if (none === '*' && existing) throw failed('If-None-Match');
  if (!headers.has('if-match')) return;
  if (!existing) throw new S3Error('NoSuchKey');
  checkPreconditions(headers, existing);
}

const names = (header: string, etag: string): boolean =>
  header.split(',').some(one => ['*', etag, `"${etag}"`].includes(one.trim()));

const failed = (_condition: string) => new S3Error('PreconditionFailed');
