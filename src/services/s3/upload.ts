/**
 * How bytes get from Drive to S3.
 *
 * One file is one stream: the body of the download is the body of the upload. A download that breaks continues inside the
 * same stream (`../drive/download.ts`). After an error of S3 the file starts again with a new download, because bytes that
 * have been read cannot be sent twice.
 *
 * A file of up to `migration.multipart_threshold_mb` is one streaming PUT with Drive's md5 as Content-MD5. S3 compares it
 * with the bytes that it receives: the object either has Drive's bytes or does not exist. Nothing is hashed here.
 *
 * A larger file, or one without md5 or size, is uploaded in parts of `migration.chunk_size_mb` by @aws-sdk/lib-storage. So is
 * every file above 200 MiB after an error: on a connection that breaks often, a part arrives where a whole file does not. S3
 * checks the CRC32 of each part, but not the whole file. So md5 and size are compared here while the bytes pass. If they
 * differ, the stream fails before its end: the last part is not sent and the upload is never completed. Without an md5 only
 * the size is compared, and the record says so (`verified: size`).
 *
 * No object is overwritten: every upload has `If-None-Match: *`. If S3 responds that the key exists, the object is compared.
 * If it has the same bytes (an earlier attempt whose response or manifest line was lost), it is accepted as this file's; if
 * not, the file needs review. For large files and second attempts the key is looked up first, so that no bytes are sent in
 * vain. Only an object that the record names by its etag is replaced, with `If-Match`: the file has changed in Drive, or
 * `verify` found the object damaged.
 *
 * After a crash: a PUT leaves nothing behind. A multipart upload leaves parts, which are invisible. Amplify's policy does not
 * allow to abort the upload, so a lifecycle rule with AbortIncompleteMultipartUpload has to delete them. If S3 had already
 * responded, there is a complete object, which the next run finds as described above.
 *
 * Limits: 5 GiB in one PUT, parts of at least 5 MiB, 10,000 parts (S3 user guide, "Multipart upload limits"). The part size
 * grows with the file.
 */
import type { S3, S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import type { HttpRequest } from '@smithy/types';
import type { StoredObject, Upload } from '../../../stages/transfer.ts';
import { checkedBody } from './checked-body.ts';
import { isForgotten } from './errors.ts';
import { sendStream } from './send-stream.ts';

export interface UploadTarget {
  client: S3;
  bucket: string;
  /** Id of the run, or of the process if there is no run. */
  runId: string;
  /** Largest file that goes in one PUT. */
  multipartThresholdBytes: number;
  partBytes: number;
}

const MAX_PARTS = 10_000;
const MIB = 1024 * 1024;
/** Largest file that is sent in one PUT again after an error. */
export const MAX_WHOLE_RETRY_MIB = 200;
/** Parts of one file that are sent at the same time; another one is being filled. */
const PARTS_AT_A_TIME = 2;

/** Metadata that identifies the object in a later attempt if its etag is not an md5. */
export const MD5_METADATA = 'md5';
export const FILE_ID_METADATA = 'drive-file-id';
/** Metadata that tells which run stored the object. */
export const RUN_ID_METADATA = 'run-id';

export function fitsOnePut(upload: Upload, target: UploadTarget): boolean {
  const { md5, size, isRetry } = upload;
  const most = isRetry ? MAX_WHOLE_RETRY_MIB * MIB : Number.POSITIVE_INFINITY;
  return md5 !== null && size !== null && size <= Math.min(most, target.multipartThresholdBytes);
}

/** One PUT. Throws what the SDK or the body throws. */
export async function putWhole(upload: Upload, target: UploadTarget): Promise<StoredObject> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const body = await upload.open();
  return sendStream(body, upload, async stop => {
    const command = new PutObjectCommand({
      ...requestFields(upload, target),
      Body: body,
      ContentLength: upload.size!,
      ContentMD5: Buffer.from(upload.md5!, 'hex').toString('base64'),
    });
    const { ETag } = await target.client.send(command, { abortSignal: stop.signal });
    return stored(upload, upload.size!, ETag);
  });
}

/**
 * A multipart upload. `onLeftover` is called with the id of a failed upload whose parts may still be in S3.
 * Throws what the SDK or the body throws, or FileError if the bytes are not Drive's.
 */
export async function putInParts(
  upload: Upload,
  target: UploadTarget,
  onLeftover: (uploadId: string) => Promise<void>,
): Promise<StoredObject> {
  const [{ Upload: PartsUpload }, { UploadPartCommand: Part }] = await Promise.all([
    import('@aws-sdk/lib-storage'),
    import('@aws-sdk/client-s3'),
  ]);
  let parts: InstanceType<typeof PartsUpload> | null = null;
  try {
    const body = checkedBody(await upload.open(), upload);
    return await sendStream(body, upload, async stop => {
      parts = new PartsUpload({
        client: stoppable(target.client, stop, Part),
        // No ContentLength: lib-storage would pass it on to each part and wait forever for that many bytes.
        params: { ...requestFields(upload, target), Body: body, ChecksumAlgorithm: 'CRC32' },
        partSize: partBytesFor(upload.size, target.partBytes),
        queueSize: PARTS_AT_A_TIME,
        // lib-storage's own abort is refused by Amplify's policy, and its error would hide the real one.
        leavePartsOnError: true,
        abortController: stop,
      });
      const { ETag } = await parts.done();
      return stored(upload, body.bytes, ETag);
    });
  } catch (error) {
    const { uploadId } = (parts ?? {}) as { uploadId?: string };
    // An upload that S3 does not know has no parts.
    if (uploadId && !isForgotten(error)) await onLeftover(uploadId);
    throw error;
  }
}

/**
 * The client for lib-storage: a request that fails aborts all others and the upload. lib-storage itself would first read
 * the rest of the file.
 */
function stoppable(client: S3Client, stop: AbortController, Part: typeof UploadPartCommand): S3Client {
  const send = async (command: Parameters<S3Client['send']>[0]) => {
    if (command instanceof Part) withoutPayloadHash(command);
    try {
      return await client.send(command, { abortSignal: stop.signal });
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  };
  return Object.create(client, { send: { value: send } }) as S3Client;
}

/** The CRC32 already protects the bytes; over http the SDK would hash them for the signature as well. */
function withoutPayloadHash({ middlewareStack }: UploadPartCommand): void {
  middlewareStack.add(
    next => args => {
      (args.request as HttpRequest).headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      return next(args);
    },
    { step: 'build', name: 'withoutPayloadHash' },
  );
}

/** The configured part size, or a larger one (in whole MiB) if the file would have more than 10,000 parts. */
export function partBytesFor(size: number | null, configured: number): number {
  const needed = Math.ceil((size ?? 0) / MAX_PARTS / MIB) * MIB;
  return Math.max(configured, needed);
}

function requestFields(upload: Upload, { bucket, runId }: UploadTarget) {
  return {
    Bucket: bucket,
    Key: upload.key,
    ContentType: upload.contentType,
    ...(upload.replaces ? { IfMatch: `"${upload.replaces}"` } : { IfNoneMatch: '*' }),
    Metadata: {
      [FILE_ID_METADATA]: upload.fileId,
      [RUN_ID_METADATA]: runId,
      ...(upload.md5 && { [MD5_METADATA]: upload.md5 }),
    },
  };
}

function stored(upload: Upload, bytes: number, etag?: string): StoredObject {
  return { bytes, etag: unquoted(etag), verified: upload.md5 ? 'md5' : 'size' };
}

/** An etag as records have it. */
export function unquoted(etag = ''): string {
  return etag.replaceAll('"', '');
}
