/**
 * How bytes get from Drive to S3.
 *
 * A file of up to one part (`migration.chunk_size_mb`) is read into one buffer and sent by a single PUT. Drive's md5 goes along as Content-MD5: S3 compares it with what it received and refuses other bytes, so the
 * object either has Drive's bytes or does not exist, and the bytes are hashed once, by S3.
 *
 * A larger file is cut into parts while it arrives, and one is on its way to S3 while the next one fills. All files
 * together hold no more than a fixed amount of memory (`part-buffers.ts`), whatever their sizes. Each part carries a CRC32 that S3 compares. The md5 of the whole is taken as the bytes
 * pass; only when it equals Drive's is the upload completed, and only then does the object become visible. A file for
 * which Drive gives no md5 is held to its size instead, and the record says so (`verified: size`).
 *
 * Nobody is overwritten: every object is created with `If-None-Match: *`. When S3 answers that the key is taken, the
 * object there is looked at. If it has these very bytes (an earlier attempt whose answer or manifest line was lost), it
 * is taken as this file's; if not, the file is left for a person. Only where the record says which object it may
 * replace, by its etag (the file changed in Drive, or `verify` found the object damaged), that very object is replaced.
 *
 * What a crash leaves behind: before the PUT's answer or the completion, nothing under the key (parts of an unfinished
 * upload are invisible; the journal knows them, and the next run tries to remove them; where Amplify's policy does not
 * let us, a lifecycle rule has to); after it, a complete
 * object that the next run finds by the rule above.
 *
 * Limits: 5 GiB in one PUT, parts from 5 MiB, 10,000 parts (S3 user guide, "Multipart upload limits"). Parts grow with
 * the file, so that none needs more than 10,000.
 */
import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { FileError } from '../../stages/errors.ts';
import type { StoredObject, Upload } from '../../stages/transfer.ts';
import type { BytePuts } from './byte-requests.ts';
import { isBadDigest } from './errors.ts';
import { type MultipartTarget, sendInParts, type UploadJournal } from './multipart.ts';
import type { PartBuffers } from './part-buffers.ts';

export interface Place {
  client: S3Client;
  /** Requests that carry bytes. */
  puts: Pick<BytePuts, 'put'>;
  bucket: string;
  /** Of the run, or of the process where it works on none. */
  runId: string;
  /** Size of a part, and the largest file that goes in one PUT. */
  partBytes: number;
  buffers: PartBuffers;
  journal: UploadJournal;
}

const MAX_PARTS = 10_000;
const MIB = 1024 * 1024;
/** A file that fits one PUT and takes longer than this is not moving in any useful way. */
const WHOLE_FILE_TIMEOUT_MS = 300_000;

/** The upload's metadata: by it a later attempt knows the object again where the etag is not an md5. */
export const MD5_METADATA = 'md5';
export const FILE_ID_METADATA = 'drive-file-id';
/** By it a run knows its own objects again. */
export const RUN_ID_METADATA = 'run-id';

export function fitsOnePut(upload: Upload, place: Place): boolean {
  return upload.size !== null && upload.size <= place.partBytes;
}

/** One PUT; see above. Throws what the SDK throws, or FileError if more or fewer bytes came than announced. */
export async function putWhole(upload: Upload & { size: number }, place: Place): Promise<StoredObject> {
  const buffer = await place.buffers.lend(upload.size, 'whole');
  const body = buffer.bytes;
  try {
    await collect(upload, body);
    buffer.filled();
    const etag = await place.puts.put({
      key: upload.key,
      headers: {
        ...headersOf(upload, place),
        'content-md5': Buffer.from(upload.md5 ?? md5Of(body), 'hex').toString('base64'),
      },
      body,
      signal: upload.signal,
    });
    return stored(upload, body.length, etag);
  } catch (error) {
    const found = upload.md5 && isBadDigest(error) ? md5Of(body) : upload.md5;
    if (found && found !== upload.md5) throw md5Differs(upload, found);
    throw error;
  } finally {
    buffer.release();
  }
}

/** A multipart upload; see above. Throws what the SDK throws, or FileError if the bytes are not Drive's. */
export async function putInParts(
  upload: Upload,
  place: Place,
  onLeftover: (uploadId: string) => Promise<void>,
): Promise<StoredObject> {
  const { etag, bytes } = await sendInParts({
    ...place,
    target: target(upload, place),
    bytes: upload.bytes,
    partBytes: partBytesFor(upload.size, place.partBytes),
    signal: upload.signal,
    onBytes: bytes => {
      if (upload.size !== null && bytes > upload.size) throw longer(upload);
    },
    verify: found => {
      if (upload.size !== null && found.bytes < upload.size) throw shorter(upload, found.bytes);
      if (upload.md5 && found.md5 !== upload.md5) throw md5Differs(upload, found.md5);
    },
    onLeftover,
  });
  return stored(upload, bytes, etag);
}

/** Size of the parts: as configured, but never so small that the file has more than 10,000; whole MiB. */
export function partBytesFor(size: number | null, configured: number): number {
  const needed = Math.ceil((size ?? 0) / MAX_PARTS / MIB) * MIB;
  return Math.max(configured, needed);
}

function target(upload: Upload, place: Place): MultipartTarget {
  return {
    Bucket: place.bucket,
    Key: upload.key,
    ContentType: upload.contentType,
    ...(upload.replaces ? { IfMatch: `"${upload.replaces}"` } : { IfNoneMatch: '*' }),
    Metadata: {
      [FILE_ID_METADATA]: upload.fileId,
      [RUN_ID_METADATA]: place.runId,
      ...(upload.md5 && { [MD5_METADATA]: upload.md5 }),
    },
  };
}

/** The same as headers; names of metadata and their values are ASCII. */
function headersOf(upload: Upload, { runId }: Place): Record<string, string> {
  return {
    'content-type': upload.contentType,
    ...(upload.replaces ? { 'if-match': `"${upload.replaces}"` } : { 'if-none-match': '*' }),
    [`x-amz-meta-${FILE_ID_METADATA}`]: upload.fileId,
    [`x-amz-meta-${RUN_ID_METADATA}`]: runId,
    ...(upload.md5 && { [`x-amz-meta-${MD5_METADATA}`]: upload.md5 }),
  };
}

function stored(upload: Upload, bytes: number, etag = ''): StoredObject {
  return { bytes, etag: etag.replaceAll('"', ''), verified: upload.md5 ? 'md5' : 'size' };
}

async function collect(upload: Upload & { size: number }, body: Buffer): Promise<void> {
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    upload.bytes.close();
  }, WHOLE_FILE_TIMEOUT_MS);
  try {
    const bytes = await upload.bytes.read(body);
    if (bytes < upload.size) throw shorter(upload, bytes);
    if ((await upload.bytes.read(Buffer.alloc(1))) > 0) throw longer(upload);
  } catch (error) {
    throw isLate ? tooSlow(upload) : error;
  } finally {
    clearTimeout(late);
    upload.bytes.close();
  }
}

function md5Of(body: Buffer): string {
  return createHash('md5').update(body).digest('hex');
}

function md5Differs(upload: Upload, found: string): FileError {
  return new FileError(
    'md5_mismatch',
    `${upload.fileName}: the bytes that came have the md5 ${found}, Drive says ${upload.md5}. Nothing was stored. If it happens again, the file was replaced in Drive after it was listed.`,
    { retryable: true },
  );
}

function longer(upload: Upload): FileError {
  return new FileError(
    'too_many_bytes',
    `${upload.fileName}: more bytes came than the ${upload.size} that Drive announced. Nothing was stored.`,
    { retryable: true },
  );
}

function shorter(upload: Upload, bytes: number): FileError {
  return new FileError(
    'too_few_bytes',
    `${upload.fileName}: only ${bytes} of ${upload.size} bytes came. Nothing was stored.`,
    { retryable: true },
  );
}

function tooSlow(upload: Upload): FileError {
  return new FileError(
    'too_slow',
    `${upload.fileName}: its ${upload.size} bytes had not come after ${WHOLE_FILE_TIMEOUT_MS / 1000} s.`,
    { retryable: true },
  );
}
