/**
 * Multipart uploads. A part is a file of its own from the moment it is received and found right; completing an upload
 * writes no bytes, the object is the list of its parts.
 */
import { smallBody } from './body.ts';
import { algorithmNamed, type ChecksumAlgorithm, checksumHeader, declaredChecksum } from './checksums.ts';
import { S3Error } from './errors.ts';
import { type Exchange, sendEmpty, sendXml } from './exchange.ts';
import { etagOf, metadataOf } from './metadata.ts';
import { dropPart, type Part, type Upload } from './object-store.ts';
import { receiveFile } from './receive-file.ts';
import { document } from './xml.ts';

export const MAX_PARTS = 10_000;

export async function createMultipartUpload(exchange: Exchange): Promise<void> {
  const { bucket, headers, key, request, response } = exchange;
  await smallBody(request, exchange.authenticated);
  const upload = bucket.store.startUpload({
    key,
    metadata: metadataOf(key, headers),
    checksum: uploadChecksum(headers),
    initiatedMs: bucket.now(),
  });
  const checksum: Record<string, string> = upload.checksum
    ? { 'x-amz-checksum-algorithm': upload.checksum, 'x-amz-checksum-type': 'COMPOSITE' }
    : {};
  const xml = document('InitiateMultipartUploadResult', {
    Bucket: bucket.name,
    Key: key,
    UploadId: upload.id,
  });
  sendXml(response, xml, checksum);
}

function uploadChecksum(headers: ReadonlyMap<string, string>): Upload['checksum'] {
  const name = headers.get('x-amz-checksum-algorithm');
  const type = headers.get('x-amz-checksum-type')?.toUpperCase();
  if (name === undefined) {
    if (type === undefined) return null;
    throw new S3Error('InvalidRequest', 'x-amz-checksum-type needs x-amz-checksum-algorithm');
  }
  if (type !== undefined && type !== 'COMPOSITE')
    throw new S3Error('NotImplemented', `${type} is not implemented`);
  return algorithmNamed(name);
}

export async function uploadPart(exchange: Exchange): Promise<void> {
  const { bucket, headers, key, query, response } = exchange;
  const number = partNumberOf(query);
  const id = query.get('uploadId') ?? '';
  const upload = bucket.store.upload(id, key);
  checkPartChecksum(upload, declaredChecksum(headers)?.algorithm ?? null);
  const { received, file } = await receiveFile(exchange);
  const part: Part = {
    ...file,
    number,
    etag: etagOf(received.md5, upload.metadata),
    checksum: received.checksum,
    modifiedMs: bucket.now(),
  };
  if (bucket.store.uploads.get(id) !== upload) {
    dropPart(part);
    throw new S3Error('NoSuchUpload');
  }
  const before = upload.parts.get(number);
  upload.parts.set(number, part);
  if (before) dropPart(before);
  const { checksum } = received;
  sendEmpty(response, 200, {
    etag: `"${part.etag}"`,
    ...(checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value } : {}),
  });
}

function partNumberOf(query: ReadonlyMap<string, string>): number {
  const text = query.get('partNumber') ?? '';
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number < 1 || number > MAX_PARTS) {
    throw new S3Error(
      'InvalidArgument',
      `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`,
    );
  }
  return number;
}

function checkPartChecksum(upload: Upload, actual: ChecksumAlgorithm | null): void {
  // SDKs add a checksum to every part by default, also when the upload was created without one.
  if (!upload.checksum || actual === upload.checksum) return;
  throw new S3Error(
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.toLowerCase()}, actual checksum Type: ${actual?.toLowerCase() ?? 'null'}`,
  );
}

export async function abortMultipartUpload(exchange: Exchange): Promise<void> {
  const { bucket, key, query, request, response } = exchange;
  await smallBody(request, exchange.authenticated);
  bucket.store.endUpload(bucket.store.upload(query.get('uploadId')!, key));
  sendEmpty(response, 204);
}
