/** CompleteMultipartUpload: the list that the client gives is compared with the parts that arrived. */
import { createHash } from 'node:crypto';
import { smallBody } from './body.ts';
import { ALGORITHMS, checksumHeader, startChecksum } from './checksums.ts';
import { checkWritable } from './conditions.ts';
import { Content } from './content.ts';
import { S3Error } from './errors.ts';
import { type Exchange, sendXml } from './exchange.ts';
import { MAX_PARTS } from './multipart.ts';
import type { Part, StoredChecksum, Upload } from './object-store.ts';
import { document, listIn } from './xml.ts';

const MIN_PART = 5 * 1024 * 1024;

export async function completeMultipartUpload(exchange: Exchange): Promise<void> {
  const { bucket, headers, key, query, request, response } = exchange;
  // The header is about the object, not about this request's body.
  const about = [...ALGORITHMS.map(checksumHeader), 'x-amz-checksum-type'];
  const bodyHeaders = new Map([...headers].filter(([name]) => !about.includes(name)));
  const { content } = await smallBody(request, { ...exchange.authenticated, headers: bodyHeaders });
  const id = query.get('uploadId')!;
  const answered = bucket.store.completed.get(id);
  if (answered !== undefined) return sendXml(response, answered);
  const upload = bucket.store.upload(id, key);
  const parts = partsOf(upload, listIn(content.toString(), 'CompleteMultipartUpload', 'Part'));
  checkSizes(parts, headers.get('x-amz-mp-object-size'));
  checkWritable(headers, bucket.store.get(key));
  const object = new Content(
    parts.map(({ path, sizeBytes }) => ({ path, sizeBytes })),
    null,
  );
  const checksum = checksumOf(upload, parts, headers);
  const etag = `${createHash('md5')
    .update(Buffer.concat(parts.map(part => Buffer.from(part.etag, 'hex'))))
    .digest('hex')}-${parts.length}`;
  bucket.store.endUpload(upload, parts);
  bucket.store.set({ ...upload.metadata, key, etag, checksum, modifiedMs: bucket.now(), content: object });
  const xml = document('CompleteMultipartUploadResult', {
    Location: `http://${headers.get('host')}${new URL(request.url!, 'http://localhost').pathname}`,
    Bucket: bucket.name,
    Key: key,
    ETag: `"${etag}"`,
    ...(checksum ? { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type } : {}),
  });
  if (bucket.repeatedComplete === 'answered again') bucket.store.completed.set(id, xml);
  sendXml(response, xml);
}

/** @throws S3Error `MalformedXML`, `InvalidPartOrder`, `InvalidPart`, `InvalidRequest` */
function partsOf(upload: Upload, listed: readonly Map<string, string>[]): Part[] {
  if (listed.length === 0 || listed.length > MAX_PARTS) throw new S3Error('MalformedXML');
  const parts: Part[] = [];
  let previous = 0;
  for (const element of listed) {
    const text = element.get('PartNumber')?.trim() ?? '';
    const etag = element.get('ETag');
    if (!/^\d{1,5}$/.test(text) || etag === undefined) throw new S3Error('MalformedXML');
    const number = Number(text);
    if (number <= previous) throw new S3Error('InvalidPartOrder');
    previous = number;
    const part = upload.parts.get(number);
    if (!part || part.etag !== etag.trim().replace(/^"(.*)"$/, '$1') || !sameChecksum(part, element)) {
      throw new S3Error('InvalidPart');
    }
    if (upload.checksum && !element.has(`Checksum${upload.checksum}`)) {
      throw new S3Error(
        'InvalidRequest',
        `The upload was created using a ${upload.checksum.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
      );
    }
    parts.push(part);
  }
  return parts;
}

function sameChecksum(part: Part, element: Map<string, string>): boolean {
  return ALGORITHMS.every(algorithm => {
    const given = element.get(`Checksum${algorithm}`);
    return (
      given === undefined || (part.checksum?.algorithm === algorithm && part.checksum.value === given.trim())
    );
  });
}

function checkSizes(parts: readonly Part[], declared: string | undefined): void {
  for (const part of parts.slice(0, -1)) {
    if (part.sizeBytes >= MIN_PART) continue;
    throw new S3Error('EntityTooSmall');
  }
  const total = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  if (declared !== undefined && Number(declared) !== total) {
    throw new S3Error(
      'InvalidRequest',
      `The provided 'x-amz-mp-object-size' header value ${declared} does not match what was computed: ${total}`,
    );
  }
}

/** The checksum of the object, made of those of its parts, compared with what the client says it is. */
function checksumOf(
  { checksum: algorithm }: Upload,
  parts: readonly Part[],
  headers: ReadonlyMap<string, string>,
): StoredChecksum | null {
  if (ALGORITHMS.some(each => each !== algorithm && headers.has(checksumHeader(each))))
    throw new S3Error('BadDigest', 'The checksum you specified is not the one the upload was created with.');
  if (!algorithm) return null;
  const running = startChecksum(algorithm);
  for (const part of parts) running.update(Buffer.from(part.checksum!.value, 'base64'));
  const plain = running.digest().toString('base64');
  const value = `${plain}-${parts.length}`;
  const claimed = headers.get(checksumHeader(algorithm));
  if (claimed !== undefined && claimed !== value && claimed !== plain) {
    throw new S3Error(
      'BadDigest',
      `The ${algorithm.toLowerCase()} you specified did not match the calculated checksum.`,
    );
  }
  return { algorithm, type: 'COMPOSITE', value };
}
