/** The operations on single objects. */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { rangeOf } from '../service.ts';
import { checksumHeader, type Headers, receiveFile, smallBody } from './body.ts';
import { S3Error } from './errors.ts';
import { type Exchange, send } from './exchange.ts';
import { Content, type Metadata, type StoredObject } from './object-store.ts';

const KEPT =
  /^(cache-control|content-disposition|content-encoding|content-language|expires|x-amz-storage-class|x-amz-server-side-encryption|x-amz-server-side-encryption-aws-kms-key-id|x-amz-meta-.*)$/;
/** Accepting these and not acting on them would be a lie that a test could rely on. */
const NOT_IMPLEMENTED =
  /^x-amz-(object-lock-|server-side-encryption-customer|website-redirect|write-offset|tagging|grant-)/;
const MAX_KEY_BYTES = 1024;

/** @throws S3Error `KeyTooLongError`, or `NotImplemented` for headers with a meaning that is missing here */
export function metadataOf(key: string, headers: Headers): Metadata {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError');
  if ([...headers.keys()].some(name => NOT_IMPLEMENTED.test(name))) throw new S3Error('NotImplemented');
  const kept = new Map([...headers].filter(([name]) => KEPT.test(name)));
  return { contentType: headers.get('content-type') ?? 'binary/octet-stream', kept };
}

/** The ETag of one PUT or part: the MD5, except under a KMS key ("Object", ETag, in the API reference). */
export function etagOf(md5: string, { kept }: Metadata): string {
  const isKms = kept.get('x-amz-server-side-encryption')?.startsWith('aws:');
  return isKms ? createHash('md5').update(`encrypted ${md5}`).digest('hex') : md5;
}

/** `If-Match` of any request. @throws S3Error `PreconditionFailed` */
function checkMatch(headers: Headers, object: StoredObject): void {
  const match = headers.get('if-match');
  if (match !== undefined && match !== `"${object.etag}"`) throw new S3Error('PreconditionFailed');
}

/** Conditional writes: `If-None-Match: *` and `If-Match: etag`. @throws S3Error `PreconditionFailed`, `NoSuchKey` */
export function checkWritable({ bucket, headers, key }: Exchange): void {
  const existing = bucket.store.get(key);
  const none = headers.get('if-none-match') ?? '*';
  if (none !== '*') throw new S3Error('NotImplemented');
  if (existing && headers.has('if-none-match')) throw new S3Error('PreconditionFailed');
  if (existing) checkMatch(headers, existing);
  else if (headers.has('if-match')) throw new S3Error('NoSuchKey');
}

export function checksumHeaders({ checksum }: Pick<StoredObject, 'checksum'>): Record<string, string> {
  return checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value } : {};
}

export async function putObject(exchange: Exchange): Promise<void> {
  const { bucket, headers, key, request, response } = exchange;
  const metadata = metadataOf(key, headers);
  checkWritable(exchange);
  const path = bucket.store.newPath();
  const { md5, checksum, sizeBytes } = await receiveFile(request, headers, path);
  try {
    // Another request may have been faster.
    checkWritable(exchange);
  } catch (error) {
    rmSync(path);
    throw error;
  }
  const etag = etagOf(md5, metadata);
  const content = new Content({ path, sizeBytes });
  bucket.store.set({ ...metadata, key, etag, checksum, modifiedMs: bucket.now(), content });
  send(response, 200, { etag: `"${etag}"`, ...checksumHeaders({ checksum }) });
}

/** GetObject, and HeadObject with `withBody` false. */
export async function getObject(exchange: Exchange, withBody: boolean): Promise<void> {
  const { bucket, headers, key, query, request, response } = exchange;
  await smallBody(request, headers);
  if (query.has('partNumber') || query.has('versionId')) throw new S3Error('NotImplemented');
  const object = bucket.store.get(key);
  // Without leave to list the bucket nobody learns that a key does not exist.
  if (!object) throw new S3Error(exchange.mayList ? 'NoSuchKey' : 'AccessDenied');
  checkMatch(headers, object);
  const { sizeBytes } = object.content;
  const range = rangeOf(headers.get('range'), sizeBytes);
  if (range === 'outside') throw new S3Error('InvalidRange');
  const { start, end } = range ?? { start: 0, end: sizeBytes };
  const wantsChecksum = headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && !range;
  response.writeHead(range ? 206 : 200, {
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    ...Object.fromEntries(object.kept),
    'content-type': object.contentType,
    'content-length': end - start,
    ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${sizeBytes}` } : {}),
    ...(wantsChecksum ? checksumHeaders(object) : {}),
  });
  if (!withBody) {
    response.end();
    return;
  }
  try {
    await pipeline(object.content.bytes(start, end), response);
  } catch (error) {
    if (!response.destroyed) throw error;
  }
}

export async function deleteObject(exchange: Exchange): Promise<void> {
  const { bucket, headers, key, query, request, response } = exchange;
  await smallBody(request, headers);
  if (query.has('versionId')) throw new S3Error('NotImplemented');
  const object = bucket.store.get(key);
  if (object) checkMatch(headers, object);
  bucket.store.delete(key);
  response.writeHead(204).end();
}
