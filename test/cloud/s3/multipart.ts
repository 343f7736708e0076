/**
 * Multipart uploads. A part is a file of its own from the moment it is received and found right; completing an upload
 * writes no bytes, the object is the list of its parts.
 */
import { smallBody } from './body.ts';
import { algorithmNamed, type ChecksumAlgorithm, checksumHeader, declaredChecksum } from './checksums.ts';
import { S3Error } from './errors.ts';
import { type Exchange, sendEmpty, sendXml } from './exchange.ts';
import { urlEncode } from './listing.ts';
import { etagOf, metadataOf } from './metadata.ts';
import { type ChecksumType, dropPart, type Part, type Upload } from './object-store.ts';
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
    ? { 'x-amz-checksum-algorithm': upload.checksum.algorithm, 'x-amz-checksum-type': upload.checksum.type }
    : {};
  const xml = document('InitiateMultipartUploadResult', {
    Bucket: bucket.name,
    Key: key,
    UploadId: upload.id,
  });
  sendXml(response, xml, checksum);
}

/** Which type each algorithm may have, and its default ("Checking object integrity", table of multipart uploads). */
function uploadChecksum(headers: ReadonlyMap<string, string>): Upload['checksum'] {
  const name = headers.get('x-amz-checksum-algorithm');
  const type = headers.get('x-amz-checksum-type')?.toUpperCase();
  if (name === undefined) {
    if (type === undefined) return null;
    throw new S3Error('InvalidRequest', 'x-amz-checksum-type needs x-amz-checksum-algorithm');
  }
  const algorithm = algorithmNamed(name);
  if (!algorithm) {
    throw new S3Error(
      'InvalidRequest',
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    );
  }
  const onlyFull = algorithm === 'CRC64NVME';
  const onlyComposite = algorithm.startsWith('SHA');
  const chosen = type ?? (onlyFull ? 'FULL_OBJECT' : 'COMPOSITE');
  const wrong = chosen === 'COMPOSITE' ? onlyFull : chosen === 'FULL_OBJECT' ? onlyComposite : true;
  if (wrong) {
    throw new S3Error(
      'InvalidRequest',
      `The ${chosen} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm, type: chosen as ChecksumType };
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
    throw new S3Error('NoSuchUpload', null, { UploadId: id });
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
      {
        ArgumentName: 'partNumber',
        ArgumentValue: text,
      },
    );
  }
  return number;
}

function checkPartChecksum(upload: Upload, actual: ChecksumAlgorithm | null): void {
  // SDKs add a checksum to every part by default, also when the upload was created without one.
  if (!upload.checksum || actual === upload.checksum.algorithm) return;
  // S3 computes the checksum of a full object itself when a part brings none.
  if (actual === null && upload.checksum.type === 'FULL_OBJECT') return;
  throw new S3Error(
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm.toLowerCase()}, actual checksum Type: ${actual?.toLowerCase() ?? 'null'}`,
  );
}

export async function abortMultipartUpload(exchange: Exchange): Promise<void> {
  const { bucket, key, query, request, response } = exchange;
  await smallBody(request, exchange.authenticated);
  bucket.store.endUpload(bucket.store.upload(query.get('uploadId')!, key));
  sendEmpty(response, 204);
}

export async function listParts(exchange: Exchange): Promise<void> {
  const { bucket, key, query, request, response } = exchange;
  await smallBody(request, exchange.authenticated);
  const upload = bucket.store.upload(query.get('uploadId')!, key);
  const marker = numberOf(query, 'part-number-marker', 0);
  const maxParts = Math.min(numberOf(query, 'max-parts', 1000), 1000);
  const rest = [...upload.parts.values()]
    .filter(part => part.number > marker)
    .sort((a, b) => a.number - b.number);
  const page = rest.slice(0, maxParts);
  const xml = document('ListPartsResult', {
    Bucket: bucket.name,
    Key: query.get('encoding-type') === 'url' ? urlEncode(key) : key,
    UploadId: upload.id,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: maxParts,
    IsTruncated: rest.length > page.length,
    StorageClass: 'STANDARD',
    ChecksumAlgorithm: upload.checksum?.algorithm,
    ChecksumType: upload.checksum?.type,
    Part: page.map(part => ({
      PartNumber: part.number,
      LastModified: new Date(part.modifiedMs).toISOString(),
      ETag: `"${part.etag}"`,
      Size: part.sizeBytes,
      ...(part.checksum ? { [`Checksum${part.checksum.algorithm}`]: part.checksum.value } : {}),
    })),
  });
  sendXml(response, xml);
}

/** One page of at most 1000, by key and then by age; S3's markers are understood. */
export async function listMultipartUploads(exchange: Exchange): Promise<void> {
  const { bucket, query, request, response } = exchange;
  await smallBody(request, exchange.authenticated);
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  if (query.get('delimiter')) throw new S3Error('NotImplemented', null, { Query: 'delimiter' });
  const encode = query.get('encoding-type') === 'url' ? urlEncode : (text: string) => text;
  const maxUploads = Math.min(numberOf(query, 'max-uploads', 1000), 1000);
  const sorted = [...bucket.store.uploads.values()]
    .filter(upload => upload.key.startsWith(prefix))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || a.initiatedMs - b.initiatedMs);
  const marked = idMarker === '' ? -1 : sorted.findIndex(upload => upload.id === idMarker);
  const rest = marked >= 0 ? sorted.slice(marked + 1) : sorted.filter(upload => upload.key > keyMarker);
  const page = rest.slice(0, maxUploads);
  const truncated = rest.length > page.length;
  const xml = document('ListMultipartUploadsResult', {
    Bucket: bucket.name,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: truncated ? encode(page.at(-1)!.key) : null,
    NextUploadIdMarker: truncated ? page.at(-1)!.id : null,
    Prefix: encode(prefix),
    EncodingType: query.get('encoding-type'),
    MaxUploads: maxUploads,
    IsTruncated: truncated,
    Upload: page.map(upload => ({
      Key: encode(upload.key),
      UploadId: upload.id,
      Initiator: { ID: 'local', DisplayName: 'local' },
      Owner: { ID: 'local', DisplayName: 'local' },
      StorageClass: 'STANDARD',
      Initiated: new Date(upload.initiatedMs).toISOString(),
      ChecksumAlgorithm: upload.checksum?.algorithm,
    })),
  });
  sendXml(response, xml);
}

function numberOf(query: ReadonlyMap<string, string>, name: string, otherwise: number): number {
  const text = query.get(name);
  if (text === undefined || text === '') return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', `Argument ${name} must be an integer`);
  return Number(text);
}
