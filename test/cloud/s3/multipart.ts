/**
 * Multipart uploads. A part is a file of its own from the moment it is received and found right; completing an upload
 * writes no bytes, the object is the list of its parts.
 */
import { createHash } from 'node:crypto';
import {
  algorithmNamed,
  type Checksum,
  declaredChecksum,
  receiveFile,
  smallBody,
  startChecksum,
} from './body.ts';
import { S3Error } from './errors.ts';
import { type Exchange, send, xmlOf } from './exchange.ts';
import { Content, type Part, type Upload } from './object-store.ts';
import { checksumHeaders, checkWritable, etagOf, metadataOf } from './objects.ts';

const MAX_PARTS = 10_000;
const MIN_PART = 5 * 1024 * 1024;

export async function createMultipartUpload(exchange: Exchange): Promise<void> {
  const { bucket, headers, key, request, response } = exchange;
  await smallBody(request, headers);
  const algorithm = headers.get('x-amz-checksum-algorithm');
  const type = headers.get('x-amz-checksum-type')?.toUpperCase() ?? 'COMPOSITE';
  if (type !== 'COMPOSITE') throw new S3Error('NotImplemented', `${type} is not implemented`);
  const { id, checksum } = bucket.store.startUpload({
    key,
    metadata: metadataOf(key, headers),
    checksum: algorithm === undefined ? null : algorithmNamed(algorithm),
  });
  const xml = xmlOf('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId: id });
  send(
    response,
    200,
    checksum ? { 'x-amz-checksum-algorithm': checksum, 'x-amz-checksum-type': type } : {},
    xml,
  );
}

export async function uploadPart(exchange: Exchange): Promise<void> {
  const { bucket, headers, key, query, request, response } = exchange;
  const number = Number(query.get('partNumber'));
  if (!(number >= 1 && number <= MAX_PARTS))
    throw new S3Error(
      'InvalidArgument',
      `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`,
    );
  const upload = bucket.store.upload(query.get('uploadId'), key);
  // SDKs add a checksum to every part by default, also when the upload was created without one.
  if (upload.checksum && declaredChecksum(headers)?.algorithm !== upload.checksum)
    throw new S3Error('InvalidRequest', 'Checksum Type mismatch occurred');
  const path = bucket.store.newPath();
  const { sizeBytes, md5, checksum } = await receiveFile(request, headers, path);
  const part: Part = { path, sizeBytes, number, etag: etagOf(md5, upload.metadata), checksum };
  if (bucket.store.uploads.get(upload.id) !== upload) {
    new Content(part).drop();
    throw new S3Error('NoSuchUpload');
  }
  const before = upload.parts.get(number);
  if (before) new Content(before).drop();
  upload.parts.set(number, part);
  send(response, 200, { etag: `"${part.etag}"`, ...checksumHeaders(part) });
}

export async function abortMultipartUpload(exchange: Exchange): Promise<void> {
  const { bucket, headers, key, query, request, response } = exchange;
  await smallBody(request, headers);
  bucket.store.endUpload(bucket.store.upload(query.get('uploadId'), key));
  response.writeHead(204).end();
}

/** The list that the client gives is compared with the parts that arrived. */
export async function completeMultipartUpload(exchange: Exchange): Promise<void> {
  const { bucket, headers, key, query, request, response } = exchange;
  const body = await smallBody(request, headers);
  const id = query.get('uploadId')!;
  const answered = bucket.store.completed.get(id);
  if (answered !== undefined) return send(response, 200, {}, answered);
  const upload = bucket.store.upload(id, key);
  const parts = partsOf(upload, body);
  if (parts.slice(0, -1).some(({ sizeBytes }) => sizeBytes < MIN_PART)) throw new S3Error('EntityTooSmall');
  checkWritable(exchange);
  const checksum = checksumOf(upload, parts);
  const md5s = Buffer.concat(parts.map(part => Buffer.from(part.etag, 'hex')));
  const etag = `${createHash('md5').update(md5s).digest('hex')}-${parts.length}`;
  bucket.store.endUpload(upload, parts);
  const content = new Content(...parts);
  bucket.store.set({ ...upload.metadata, key, etag, checksum, modifiedMs: bucket.now(), content });
  const xml = xmlOf('CompleteMultipartUploadResult', {
    Location: `http://${headers.get('host')}${request.url!.split('?')[0]}`,
    Bucket: bucket.name,
    Key: key,
    ETag: `"${etag}"`,
    ...(checksum ? { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: 'COMPOSITE' } : {}),
  });
  if (bucket.repeatedComplete === 'answered again') bucket.store.completed.set(id, xml);
  send(response, 200, {}, xml);
}

/** @throws S3Error `MalformedXML`, `InvalidPartOrder`, `InvalidPart`, `InvalidRequest` */
function partsOf(upload: Upload, body: string): Part[] {
  const listed = [...body.matchAll(/<Part>(.*?)<\/Part>/gs)].map(
    ([, part]) => new Map([...part!.matchAll(/<(\w+)>([^<]*)</g)].map(([, name, text]) => [name!, text!])),
  );
  if (listed.length === 0 || listed.length > MAX_PARTS) throw new S3Error('MalformedXML');
  let previous = 0;
  return listed.map(element => {
    const number = Number(element.get('PartNumber'));
    if (number <= previous) throw new S3Error('InvalidPartOrder');
    previous = number;
    const part = upload.parts.get(number);
    const given = element.get(`Checksum${part?.checksum?.algorithm}`);
    if (
      part?.etag !== element.get('ETag')?.replaceAll(/&quot;|&#34;|"/g, '') ||
      (given ?? part?.checksum?.value) !== part?.checksum?.value
    )
      throw new S3Error('InvalidPart');
    if (upload.checksum && !given)
      throw new S3Error('InvalidRequest', 'The complete request must include the checksum for each part.');
    return part!;
  });
}

/** The checksum of the object, made of those of its parts. */
function checksumOf({ checksum: algorithm }: Upload, parts: readonly Part[]): Checksum | null {
  if (!algorithm) return null;
  const running = startChecksum(algorithm);
  for (const part of parts) running.update(Buffer.from(part.checksum!.value, 'base64'));
  return { algorithm, value: `${running.digest()}-${parts.length}` };
}
