/** The operations on single objects. */
import { smallBody } from './body.ts';
import { checksumHeader } from './checksums.ts';
import { checkPreconditions, checkWritable, notModified } from './conditions.ts';
import { Content } from './content.ts';
import { S3Error } from './errors.ts';
import { type Exchange, sendEmpty, sendXml } from './exchange.ts';
import { checkKey, etagOf, metadataOf } from './metadata.ts';
import type { StoredObject } from './object-store.ts';
import { rangeOf } from './range.ts';
import { receiveFile } from './receive-file.ts';
import { document, parseXml, textOf } from './xml.ts';

const MAX_DELETES = 1000;

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
    throw exchange.may('s3:ListBucket', '')
      ? new S3Error('NoSuchKey', null, { Key: key })
      : new S3Error('AccessDenied');
  checkPreconditions(headers, object);
  const common = {
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
  };
  if (notModified(headers, object)) return sendEmpty(response, 304, common);
  const sizeBytes = object.content.sizeBytes;
  const range = rangeOf(headers.get('range'), sizeBytes);
  const checksums = headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && !range;
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  response.writeHead(range ? 206 : 200, {
    ...common,
    ...Object.fromEntries(object.kept),
    'content-type': object.contentType,
    'content-length': end - start + 1,
    ...(range ? { 'content-range': `bytes ${start}-${end}/${sizeBytes}` } : {}),
    ...(checksums ? checksumHeaders(object) : {}),
    ...responseOverrides(query),
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

/** Presigned links may ask for other headers than those stored. */
function responseOverrides(query: ReadonlyMap<string, string>): Record<string, string> {
  const overrides: Record<string, string> = {};
  for (const [name, value] of query) {
    const match =
      /^response-(cache-control|content-disposition|content-encoding|content-language|content-type|expires)$/.exec(
        name,
      );
    if (match) overrides[match[1]!] = value;
  }
  return overrides;
}

export async function deleteObject(exchange: Exchange): Promise<void> {
  await smallBody(exchange.request, exchange.authenticated);
  if (exchange.query.has('versionId')) throw new S3Error('NotImplemented');
  const object = exchange.bucket.store.get(exchange.key);
  if (object) checkPreconditions(exchange.headers, object);
  exchange.bucket.store.delete(exchange.key);
  sendEmpty(exchange.response, 204);
}

/** Many at once; a key that the policy withholds is an error of its own in the answer. */
export async function deleteObjects(exchange: Exchange): Promise<void> {
  const { content, plan } = await smallBody(exchange.request, exchange.authenticated);
  if (plan.contentMd5 === null && plan.checksum === null) {
    throw new S3Error(
      'InvalidRequest',
      'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    );
  }
  const root = parseXml(content.toString(), 'Delete');
  const keys = root.children.filter(child => child.name === 'Object').map(child => textOf(child, 'Key'));
  if (keys.length === 0 || keys.length > MAX_DELETES || keys.includes(null) || keys.includes('')) {
    throw new S3Error('MalformedXML');
  }
  const deleted: string[] = [];
  const refused: string[] = [];
  for (const key of keys as string[]) {
    if (!exchange.may('s3:DeleteObject', key)) {
      refused.push(key);
      continue;
    }
    exchange.bucket.store.delete(key);
    deleted.push(key);
  }
  const quiet = textOf(root, 'Quiet')?.trim() === 'true';
  const xml = document('DeleteResult', {
    Deleted: quiet ? [] : deleted.map(Key => ({ Key })),
    Error: refused.map(Key => ({ Key, Code: 'AccessDenied', Message: 'Access Denied' })),
  });
  sendXml(exchange.response, xml);
}

/** Copies within the bucket; the new object shares the bytes on disk. */
export async function copyObject(exchange: Exchange): Promise<void> {
  const { bucket, headers, key, request, response } = exchange;
  await smallBody(request, exchange.authenticated);
  checkKey(key);
  const source = sourceOf(headers.get('x-amz-copy-source')!);
  if (source.bucket !== bucket.name) throw new S3Error('NoSuchBucket');
  if (!exchange.may('s3:GetObject', source.key)) throw new S3Error('AccessDenied');
  const object = bucket.store.get(source.key);
  if (!object)
    throw exchange.may('s3:ListBucket', '')
      ? new S3Error('NoSuchKey', null, { Key: source.key })
      : new S3Error('AccessDenied');
  const replace = headers.get('x-amz-metadata-directive')?.toUpperCase() === 'REPLACE';
  if (!replace && source.key === key) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const modifiedMs = bucket.now();
  // A copy is one object whatever its source was made of, so its ETag is the MD5 of all bytes.
  const etag = object.content.md5;
  bucket.store.set({
    ...(replace ? metadataOf(key, headers) : { contentType: object.contentType, kept: object.kept }),
    key,
    etag,
    checksum: object.checksum?.type === 'FULL_OBJECT' ? object.checksum : null,
    modifiedMs,
    content: object.content.linkAs(() => bucket.store.objectPath()),
  });
  const xml = document('CopyObjectResult', {
    LastModified: new Date(modifiedMs).toISOString(),
    ETag: `"${etag}"`,
  });
  sendXml(response, xml);
}

function sourceOf(header: string): { bucket: string; key: string } {
  if (header.includes('?versionId=')) throw new S3Error('NotImplemented');
  let path: string;
  try {
    path = decodeURIComponent(header.replace(/^\//, '').replace(/\+/g, '%20'));
  } catch {
    throw new S3Error('InvalidArgument', 'Copy Source must be URL-encoded');
  }
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) {
    throw new S3Error(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  }
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1) };
}
