/** The operations on single objects. */
import { smallBody } from './body.ts';
import { checksumHeader } from './checksums.ts';
import { checkPreconditions, checkWritable } from './conditions.ts';
import { Content } from './content.ts';
import { S3Error } from './errors.ts';
import { type Exchange, sendEmpty } from './exchange.ts';
import { etagOf, metadataOf } from './metadata.ts';
import type { StoredObject } from './object-store.ts';
import { rangeOf } from './range.ts';
import { receiveFile } from './receive-file.ts';

export async function putObject(exchange: Exchange): Promise<void> {
  const { bucket, headers, key, response } = exchange;
  const metadata = metadataOf(key, headers);
  checkWritable(headers, bucket.store.get(key));
  const { received, file } = await receiveFile(exchange);
  try {
    // Another request may have been faster.
    checkWritable(headers, bucket.store.get(key));
  } catch (error) {
    new Content([file], null).drop();
    throw error;
  }
  const { checksum, md5 } = received;
  const etag = etagOf(md5, metadata);
  bucket.store.set({
    ...metadata,
    key,
    etag,
    checksum: checksum && { ...checksum, type: 'FULL_OBJECT' },
    modifiedMs: bucket.now(),
    content: new Content([file], md5),
  });
  sendEmpty(response, 200, { etag: `"${etag}"`, ...checksumHeaders(bucket.store.get(key)!) });
}

/** GetObject, and HeadObject with `withBody` false. */
export async function getObject(exchange: Exchange, withBody: boolean): Promise<void> {
  const { bucket, headers, key, query, request, response } = exchange;
  await smallBody(request, exchange.authenticated);
  if (query.has('partNumber') || query.has('versionId')) throw new S3Error('NotImplemented');
  const object = bucket.store.get(key);
  // Without leave to list the bucket nobody learns that a key does not exist.
  if (!object)
    throw exchange.may('s3:ListBucket', '') ? new S3Error('NoSuchKey') : new S3Error('AccessDenied');
  checkPreconditions(headers, object);
  const sizeBytes = object.content.sizeBytes;
  const range = rangeOf(headers.get('range'), sizeBytes);
  const checksums = headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && !range;
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  response.writeHead(range ? 206 : 200, {
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    ...Object.fromEntries(object.kept),
    'content-type': object.contentType,
    'content-length': end - start + 1,
    ...(range ? { 'content-range': `bytes ${start}-${end}/${sizeBytes}` } : {}),
    ...(checksums ? checksumHeaders(object) : {}),
  });
  if (!withBody) {
    response.end();
    return;
  }
  try {
    await object.content.sendTo(response, start, end);
  } catch (error) {
    if (!response.destroyed) throw error;
  }
}

function checksumHeaders({ checksum }: StoredObject): Record<string, string> {
  if (!checksum) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

export async function deleteObject(exchange: Exchange): Promise<void> {
  await smallBody(exchange.request, exchange.authenticated);
  if (exchange.query.has('versionId')) throw new S3Error('NotImplemented');
  const object = exchange.bucket.store.get(exchange.key);
  if (object) checkPreconditions(exchange.headers, object);
  exchange.bucket.store.delete(exchange.key);
  sendEmpty(exchange.response, 204);
}
