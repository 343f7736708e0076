/** What exists under the key of an upload already. All functions throw the SDK's errors as they are. */
import type { HeadObjectCommandOutput, S3 } from '@aws-sdk/client-s3';
import { FileError } from '../../../stages/errors.ts';
import type { StoredObject, Upload } from '../../../stages/transfer.ts';
import { s3ErrorOf } from './errors.ts';
import {
  FILE_ID_METADATA,
  fitsOnePut,
  MD5_METADATA,
  RUN_ID_METADATA,
  type UploadTarget,
  unquoted,
} from './upload.ts';

/** A lookup costs one request; from here on sending the bytes of a file in vain costs more. */
const WORTH_A_LOOKUP_BYTES = 16 * 1024 * 1024;

/**
 * The object under the key, if it already has the upload's bytes. Null if the bytes have to be sent: there is no object, it
 * is the one to replace, or a lookup is not worth it. Throws FileError `key_taken` for any other object.
 */
export async function lookUp(upload: Upload, target: UploadTarget): Promise<StoredObject | null> {
  const { client, bucket } = target;
  const isSmall = upload.size !== null && upload.size < WORTH_A_LOOKUP_BYTES;
  if (isSmall && !upload.isRetry && fitsOnePut(upload, target)) return null;
  const isThere = upload.replaces
    ? null
    : await isListed(client, bucket, upload.key).catch(error => {
        if (s3ErrorOf(error).status === 403) return null;
        throw error;
      });
  if (isThere === false) return null;
  const object = await headOf(upload, target);
  // A user who may not list gets the same response for no object and for one that may not be read.
  if (!object && isThere === null) return null;
  if (object && unquoted(object.ETag) === upload.replaces) return null;
  return ownOrTaken(upload, object, target);
}

export async function adopt(upload: Upload, target: UploadTarget): Promise<StoredObject> {
  return ownOrTaken(upload, await headOf(upload, target), target);
}

export async function findOwn(upload: Upload, target: UploadTarget): Promise<StoredObject | null> {
  const object = await headOf(upload, target);
  return object && ownOf(upload, object, target);
}

/** False also for an object that may not be read: S3 answers 403 to both. */
export async function exists(upload: Upload, target: UploadTarget): Promise<boolean> {
  return (await headOf(upload, target)) !== null;
}

function ownOrTaken(
  upload: Upload,
  object: HeadObjectCommandOutput | null,
  target: UploadTarget,
): StoredObject {
  const own = object && ownOf(upload, object, target);
  if (own) return own;
  const what = object
    ? `${object.ContentLength ?? 0} bytes, etag ${unquoted(object.ETag) || 'unknown'}`
    : 'which may not be read';
  throw new FileError(
    'key_taken',
    `${upload.fileName}: there is another object under ${upload.key} already (${what}). It was not overwritten. Rename the file in Drive, or remove the object if it should not be there.`,
    { status: 'needs_review' },
  );
}

async function headOf(
  upload: Upload,
  { client, bucket }: UploadTarget,
): Promise<HeadObjectCommandOutput | null> {
  try {
    return await client.headObject({ Bucket: bucket, Key: upload.key });
  } catch (error) {
    const { status } = s3ErrorOf(error);
    if (status === 403 || status === 404) return null;
    throw error;
  }
}

/** The object as this upload's, if it has its bytes: adopted, unless an attempt of this run has stored it. */
function ownOf(
  upload: Upload,
  object: HeadObjectCommandOutput,
  { runId }: UploadTarget,
): StoredObject | null {
  const { ContentLength: bytes = 0, Metadata = {}, LastModified } = object;
  const etag = unquoted(object.ETag);
  const isSame = upload.md5
    ? etag === upload.md5 || Metadata[MD5_METADATA] === upload.md5
    : Metadata[FILE_ID_METADATA] === upload.fileId;
  if (!isSame || (upload.size !== null && bytes !== upload.size)) return null;
  return {
    bytes,
    etag,
    verified: upload.md5 ? 'md5' : 'size',
    ...(LastModified && { storedAt: LastModified.toISOString() }),
    ...(Metadata[RUN_ID_METADATA] !== runId && { adopted: true }),
  };
}

/** Amplify's policy answers 403 to a HEAD of what does not exist, so a listing tells. Throws the SDK's errors as they are. */
export async function isListed(client: S3, bucket: string, key: string): Promise<boolean> {
  const { Contents } = await client.listObjectsV2({ Bucket: bucket, Prefix: key, MaxKeys: 1 });
  return Contents?.[0]?.Key === key;
}
