/** S3 as the stages need it, under what Amplify's storage policy allows. */
import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { FileError, RunError } from '../../../stages/errors.ts';
import type { Backoff } from '../../../stages/retry/backoff.ts';
import { KEYS_RENEWED, type ObjectStore, type StoredObject, type Upload } from '../../../stages/transfer.ts';
import { md5Differs } from './checked-body.ts';
import { type AwsKeySource, createClient } from './client.ts';
import type { Encryption } from './encryption.ts';
import {
  aboutUpload,
  calculatedMd5,
  isBadDigest,
  isExpiredToken,
  isForgotten,
  isTaken,
  s3ErrorOf,
} from './errors.ts';
import { Objects } from './objects.ts';
import {
  FILE_ID_METADATA,
  fitsOnePut,
  MD5_METADATA,
  type Place,
  putInParts,
  putWhole,
  RUN_ID_METADATA,
} from './upload.ts';
import { objectUrls } from './url.ts';

export interface StorageOptions {
  bucket: string;
  /** The bucket's. */
  region: string;
  credentials: AwsKeySource;
  encryption?: Encryption;
  /** These keys have been refused as expired: the next request gets others. */
  dropKeys: (accessKeyId: string) => void;
  /** Kept with the objects that are stored: of the run, or of the process where it works on none. */
  runId: string;
  /** Largest file that goes in one PUT. */
  multipartThresholdBytes: number;
  /** Size of a part of a larger one. */
  partBytes: number;
  /** Requests at a time. */
  connections: number;
  /** For single requests. */
  backoff: Backoff;
  stallTimeoutMs: number;
  /** Told once a run what a person should know and no record says. */
  warn: (message: string) => void;
}

export class Storage implements ObjectStore {
  /** The canonical URL of the object under a key. */
  readonly urlOf: (key: string) => string;
  readonly #options: StorageOptions;
  readonly #client: S3Client;
  readonly #place: Place;
  #leftoversNamed = false;
  #hasAnswered = false;

  private constructor(options: StorageOptions, client: S3Client, urlOf: (key: string) => string) {
    this.#options = options;
    this.urlOf = urlOf;
    this.#client = client;
    this.#place = { client, ...options };
  }

  static async connect(options: StorageOptions): Promise<Storage> {
    const { bucket, region } = options;
    return new Storage(options, ...(await Promise.all([createClient(options), objectUrls(bucket, region)])));
  }

  close(): void {
    this.#client.destroy();
  }

  /** Looking at objects that are there, and removing them. */
  objects(): Objects {
    return new Objects(this.#client, this.#options);
  }

  async store(given: Upload): Promise<StoredObject> {
    const { accessKeyId } = await this.#options.credentials();
    const clockOffset = this.#client.config.systemClockOffset;
    const upload = await this.#ifReplaceable(given, accessKeyId);
    if (!upload.replaces && (upload.isRetry || isWorthALook(upload))) {
      const there = await this.#taken(upload, accessKeyId);
      if (there) return there;
    }
    try {
      const stored = await this.#put(upload);
      this.#hasAnswered = true;
      return { ...stored, storedAt: new Date().toISOString() };
    } catch (error) {
      this.#hasAnswered ||= s3ErrorOf(error).status !== null;
      if (isTaken(error)) return this.#adopt(upload, accessKeyId);
      if (isExpiredToken(error)) throw this.#keysExpired(upload, accessKeyId, error);
      if (this.#hasSetClock(clockOffset)) throw signedAgain(upload, error);
      if (upload.md5 && isBadDigest(error)) throw md5Differs(upload, calculatedMd5(error));
      const stands = isForgotten(error) ? await this.#standing(upload, accessKeyId) : null;
      if (stands) return stands;
      if (upload.replaces && s3ErrorOf(error).name === 'NoSuchKey') return this.#storeAnew(upload);
      throw this.#about(error, upload);
    }
  }

  /** After an answer that the clock is wrong the SDK sets its own by it: the next request is signed with the right time. */
  #hasSetClock(before: number): boolean {
    return Math.abs(this.#client.config.systemClockOffset - before) > CLOCK_CORRECTION_MS;
  }

  #put(upload: Upload): Promise<StoredObject> {
    return fitsOnePut(upload, this.#place)
      ? putWhole(upload, this.#place)
      : putInParts(upload, this.#place, uploadId => this.#abortFailed(upload.key, uploadId));
  }

  /** Where nothing stands that could be replaced, the object is created like any other. */
  async #ifReplaceable(upload: Upload, accessKeyId: string): Promise<Upload> {
    if (!upload.replaces || (await this.#head(upload, accessKeyId))) return upload;
    return { ...upload, replaces: undefined };
  }

  /**
   * Before bytes are sent that S3 would refuse at the end: the object under the key if it has the upload's bytes, null if
   * there is none. Throws FileError if it has other bytes. A listing, since Amplify's policy answers 403 to a HEAD of what
   * does not exist.
   */
  async #taken(upload: Upload, accessKeyId: string): Promise<StoredObject | null> {
    const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
    try {
      const { Contents = [] } = await this.#client.send(
        new ListObjectsV2Command({ Bucket: this.#options.bucket, Prefix: upload.key, MaxKeys: 1 }),
      );
      if (Contents[0]?.Key !== upload.key) return null;
    } catch (error) {
      if (isExpiredToken(error)) throw this.#keysExpired(upload, accessKeyId, error);
      const { status } = s3ErrorOf(error);
      // Who may not list may still upload; S3 compares then.
      if (status === 403) return null;
      throw this.#about(error, upload);
    }
    return this.#adopt(upload, accessKeyId);
  }

  /** The object to be replaced has just gone: the next attempt creates one. */
  #storeAnew(upload: Upload): never {
    throw new FileError('replaced_object_gone', `${upload.fileName}: the object it was to replace is gone.`, {
      retryable: true,
    });
  }

  /** An S3 that has never answered is a wrong address or no network, and no file's fault. */
  #about(error: unknown, upload: Upload): FileError | RunError {
    const about = aboutUpload(error, upload.fileName, this.#options.bucket);
    if (this.#hasAnswered || upload.signal?.aborted) return about;
    if (!(about instanceof FileError && about.code === 'storage_unreachable')) return about;
    const { message, code } = s3ErrorOf(error);
    if (!NOBODY_THERE.has(code ?? '')) return about;
    return new RunError(
      'storage_unreachable',
      `S3 cannot be reached: ${message || code}.`,
      'Check the network connection, aws.region and AWS_ENDPOINT_URL_S3 if you set it, then run "migrator resume".',
      { cause: error },
    );
  }

  #keysExpired(upload: Upload, accessKeyId: string, cause: unknown): FileError {
    this.#options.dropKeys(accessKeyId);
    return new FileError(KEYS_RENEWED, `${upload.fileName}: the S3 keys expired on the way.`, {
      retryable: true,
      cause,
    });
  }

  /** The object that stands under the key, if it has the upload's bytes; otherwise the key is somebody else's. */
  async #adopt(upload: Upload, accessKeyId: string): Promise<StoredObject> {
    const object = await this.#head(upload, accessKeyId);
    if (!object) throw keyTaken(upload, 'which may not be read');
    const found = this.#sameBytes(upload, object);
    if (found) return found;
    throw keyTaken(upload, `${object.ContentLength ?? 0} bytes, etag ${etagOf(object) || 'unknown'}`);
  }

  /** After an upload that S3 no longer knows: it may have been completed, and the answer lost. Null if it was not. */
  async #standing(upload: Upload, accessKeyId: string): Promise<StoredObject | null> {
    const object = await this.#head(upload, accessKeyId);
    return object && this.#sameBytes(upload, object);
  }

  /** The object as this upload's, if it has its bytes. It is adopted, unless an attempt of this very run has stored it. */
  #sameBytes(upload: Upload, object: HeadObjectCommandOutput): StoredObject | null {
    const same = sameBytes(upload, object);
    const isOwn = object.Metadata?.[RUN_ID_METADATA] === this.#options.runId;
    return same && (isOwn ? same : { ...same, adopted: true });
  }

  /** What stands under the key; null if nothing does, or it may not be read (S3 answers 403 to both). */
  async #head(upload: Upload, accessKeyId: string): Promise<HeadObjectCommandOutput | null> {
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
    try {
      return await this.#client.send(
        new HeadObjectCommand({ Bucket: this.#options.bucket, Key: upload.key }),
      );
    } catch (error) {
      const { status } = s3ErrorOf(error);
      if (status === 403 || status === 404) return null;
      // The answer to a HEAD has no body to say why; what S3 refuses so in a well-formed one are expired keys.
      if (status === 400) throw this.#keysExpired(upload, accessKeyId, error);
      throw this.#about(error, upload);
    }
  }

  /** Tries to remove the parts of an upload that failed. Where that is refused, the first one is named. */
  async #abortFailed(Key: string, UploadId: string): Promise<void> {
    const { AbortMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const { bucket } = this.#options;
    try {
      await this.#client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
    } catch (error) {
      if (s3ErrorOf(error).status !== 403 || this.#leftoversNamed) return;
      this.#leftoversNamed = true;
      this.#options.warn(leftovers(Key, bucket));
    }
  }
}

/** A look costs one request; from here on the bytes of a file cost more. */
const WORTH_A_LOOK_BYTES = 16 * 1024 * 1024;

/** Less than this is no reason why S3 refuses a signature. */
const CLOCK_CORRECTION_MS = 60_000;

function isWorthALook({ size }: Upload): boolean {
  return size === null || size >= WORTH_A_LOOK_BYTES;
}

/** Below HTTP: no such host, no way there, or nobody listening. */
const NOBODY_THERE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** The object as this upload's, if it has its bytes. */
function sameBytes(upload: Upload, object: HeadObjectCommandOutput): StoredObject | null {
  const etag = etagOf(object);
  const isSame = upload.md5
    ? etag === upload.md5 || object.Metadata?.[MD5_METADATA] === upload.md5
    : object.Metadata?.[FILE_ID_METADATA] === upload.fileId;
  const bytes = object.ContentLength ?? 0;
  if (!isSame || (upload.size !== null && bytes !== upload.size)) return null;
  const storedAt = object.LastModified && { storedAt: object.LastModified.toISOString() };
  return { bytes, etag, verified: upload.md5 ? 'md5' : 'size', ...storedAt };
}

function etagOf(object: HeadObjectCommandOutput): string {
  return object.ETag?.replaceAll('"', '') ?? '';
}

function leftovers(key: string, bucket: string): string {
  return `Parts of an unfinished upload of ${key} stay in the bucket ${bucket}: this user may not remove them. They, and those of later files, cost storage until a lifecycle rule with AbortIncompleteMultipartUpload removes them.`;
}

function signedAgain(upload: Upload, cause: unknown): FileError {
  return new FileError(
    KEYS_RENEWED,
    `${upload.fileName}: the clock of this computer differs from that of S3.`,
    {
      retryable: true,
      cause,
    },
  );
}

function keyTaken(upload: Upload, what: string): FileError {
  return new FileError(
    'key_taken',
    `${upload.fileName}: under ${upload.key} there is another object already (${what}). It was not overwritten. Rename the file in Drive, or remove the object if it should not be there.`,
    { status: 'needs_review' },
  );
}
