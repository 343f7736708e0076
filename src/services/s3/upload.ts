/**
 * How bytes get from Drive to S3.
 *
 * One file is one stream. A worker opens the download and hands its body on; nothing is kept here but what is on its way
 * between two sockets. A download that breaks continues inside the same stream (`../drive/download.ts`). Whatever breaks on
 * S3's side starts the file again, with a new download: bytes that have been read cannot be sent twice.
 *
 * A file of up to `migration.multipart_threshold_mb` is one streaming PUT. Drive's md5 goes along as Content-MD5, and S3
 * compares it with what it received: the object either has Drive's bytes or does not exist. The body comes as Drive sends it:
 * nothing is hashed or copied here.
 *
 * A larger file, and one for which Drive gives no md5 or no size, goes in parts of `migration.chunk_size_mb` through
 * @aws-sdk/lib-storage. S3 compares the CRC32 of each part. No check of S3 covers the whole, so md5 and size are compared as
 * the bytes pass, and a body that is not Drive's fails before its end: its last part is never sent, and the upload never
 * completed. Without an md5 the size is all there is to compare, and the record says so (`verified: size`).
 *
 * No object is overwritten: every upload carries `If-None-Match: *`. When S3 answers that the key is taken, the object there
 * is looked at. If it has these very bytes (an earlier attempt whose answer or manifest line was lost), it is taken as this
 * file's; if not, the file is left for a person. A file that is large, or was tried before, is looked up first, so that
 * its bytes are not sent in vain. Only where the record names the object that it may replace, by its etag (the file changed in
 * Drive, or `verify` found the object damaged), that very object is replaced (`If-Match`).
 *
 * What a crash leaves behind: during a PUT nothing. During a multipart upload its parts, which are invisible; Amplify's
 * policy does not allow to abort it, so a lifecycle rule with AbortIncompleteMultipartUpload has to remove them. After the last answer
 * of S3 a complete object, which the next run finds by the rule above.
 *
 * Limits: 5 GiB in one PUT, parts from 5 MiB, 10,000 parts (S3 user guide, "Multipart upload limits"). Parts grow with
 * the file, so that none needs more than 10,000.
 */
import type { S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import type { HttpRequest } from '@smithy/types';
import type { StoredObject, Upload } from '../../../stages/transfer.ts';
import { checkedBody } from './checked-body.ts';
import { isForgotten } from './errors.ts';
import { sendStream } from './send-stream.ts';

export interface Place {
  client: S3Client;
  bucket: string;
  /** Of the run, or of the process where it works on none. */
  runId: string;
  /** Largest file that goes in one PUT. */
  multipartThresholdBytes: number;
  partBytes: number;
}

const MAX_PARTS = 10_000;
const MIB = 1024 * 1024;
/** Parts of one file that are sent at a time; one more is being filled. */
const PARTS_AT_A_TIME = 2;

/** The upload's metadata: by it a later attempt knows the object again where the etag is not an md5. */
export const MD5_METADATA = 'md5';
export const FILE_ID_METADATA = 'drive-file-id';
/** By it a run knows its own objects again. */
export const RUN_ID_METADATA = 'run-id';

export function fitsOnePut(upload: Upload, place: Place): boolean {
  return upload.md5 !== null && upload.size !== null && upload.size <= place.multipartThresholdBytes;
}

/** One PUT; see above. Throws what the SDK or the body throws. */
export async function putWhole(upload: Upload, place: Place): Promise<StoredObject> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const body = await upload.open();
  return sendStream(body, upload, async stop => {
    const command = new PutObjectCommand({
      ...target(upload, place),
      Body: body,
      ContentLength: upload.size!,
      ContentMD5: Buffer.from(upload.md5!, 'hex').toString('base64'),
    });
    const { ETag } = await place.client.send(command, { abortSignal: stop.signal });
    return stored(upload, upload.size!, ETag);
  });
}

/**
 * A multipart upload; see above. `onLeftover` is called with an upload that failed and whose parts S3 may still have.
 * Throws what the SDK or the body throws, or FileError if the bytes are not Drive's.
 */
export async function putInParts(
  upload: Upload,
  place: Place,
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
        client: stoppable(place.client, stop, Part),
        // No ContentLength: lib-storage hands it on to each part, and waits for ever for a part of that size.
        params: { ...target(upload, place), Body: body, ChecksumAlgorithm: 'CRC32' },
        partSize: partBytesFor(upload.size, place.partBytes),
        queueSize: PARTS_AT_A_TIME,
        // Its own abort is refused by Amplify's policy, and would take the place of the real error.
        leavePartsOnError: true,
        abortController: stop,
      });
      const { ETag } = await parts.done();
      return stored(upload, body.bytes, ETag);
    });
  } catch (error) {
    const { uploadId } = (parts ?? {}) as { uploadId?: string };
    // What S3 does not know any more has no parts either.
    if (uploadId && !isForgotten(error)) await onLeftover(uploadId);
    throw error;
  }
}

/**
 * The client as lib-storage uses it: one request that fails ends all others, and the upload with it. lib-storage itself
 * would read the rest of the file first.
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

/** The CRC32 protects the bytes already; over http the SDK would hash them for the signature as well. */
function withoutPayloadHash({ middlewareStack }: UploadPartCommand): void {
  middlewareStack.add(
    next => args => {
      (args.request as HttpRequest).headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      return next(args);
    },
    { step: 'build', name: 'withoutPayloadHash' },
  );
}

/** Size of the parts: as configured, but never so small that the file has more than 10,000; whole MiB. */
export function partBytesFor(size: number | null, configured: number): number {
  const needed = Math.ceil((size ?? 0) / MAX_PARTS / MIB) * MIB;
  return Math.max(configured, needed);
}

function target(upload: Upload, { bucket, runId }: Place) {
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
