/** S3 as the stages need it, under what Amplify's storage policy allows. */
import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { FileError, RunError } from '../../stages/errors.ts';
import { KEYS_RENEWED, type ObjectStore, type StoredObject, type Upload } from '../../stages/transfer.ts';
import { type AwsKeySource, createClient } from './client.ts';
import { aboutUpload, isExpiredToken, isTaken, s3ErrorOf } from './errors.ts';
import { Objects } from './objects.ts';
import { PartBuffers } from './part-buffers.ts';
import { FILE_ID_METADATA, fitsOnePut, MD5_METADATA, type Place, putInParts, putWhole } from './upload.ts';
import type { JournalFile } from './upload-journal.ts';
import { objectUrl } from './url.ts';

export interface StorageOptions {
  bucket: string;
  region: string;
  credentials: AwsKeySource;
  /** These keys have been refused as expired: the next request gets others. */
  dropKeys: (accessKeyId: string) => void;
  /** Size of a part, and the largest file that goes in one PUT. */
  partBytes: number;
  /** Bytes of files that are held in memory, all files together; at least one part. */
  bufferBytes: number;
  /** Where multipart uploads are written down that have begun; null if nothing outlives this process. */
  journal: JournalFile | null;
  /** Requests at a time. */
  connections: number;
  /** How often the SDK sends a request that failed in a passing way. */
  attempts: number;
  stallTimeoutMs: number;
  /** Told once a run what a person should know and no record says. */
  warn: (message: string) => void;
}

export class Storage implements ObjectStore {
  readonly #options: StorageOptions;
  readonly #client: S3Client;
  readonly #place: Place;
  #leftoversNamed = false;
  #hasAnswered = false;

  private constructor(options: StorageOptions, client: S3Client) {
    this.#options = options;
    this.#client = client;
    this.#place = {
      client,
      bucket: options.bucket,
      partBytes: options.partBytes,
      buffers: new PartBuffers(options.partBytes, options.bufferBytes),
      journal: options.journal ?? NO_JOURNAL,
    };
  }

  static async connect(options: StorageOptions): Promise<Storage> {
    return new Storage(options, await createClient(options));
  }

  close(): void {
    this.#client.destroy();
  }

  urlOf(key: string): string {
    return objectUrl(this.#options.bucket, this.#options.region, key);
  }

  /** Looking at objects that are there, and removing them. */
  objects(): Objects {
    return new Objects(this.#client, this.#options.bucket);
  }

  async store(upload: Upload): Promise<StoredObject> {
    const { accessKeyId } = await this.#options.credentials();
    try {
      const stored = await this.#put(upload);
      this.#hasAnswered = true;
      return stored;
    } catch (error) {
      this.#hasAnswered ||= s3ErrorOf(error).status !== null;
      if (isTaken(error)) return this.#adopt(upload, accessKeyId);
      if (isExpiredToken(error)) throw this.#keysExpired(upload, accessKeyId, error);
      if (upload.replaces && s3ErrorOf(error).name === 'NoSuchKey') return this.#storeAnew(upload);
      throw this.#about(error, upload);
    }
  }

  #put(upload: Upload): Promise<StoredObject> {
    return fitsOnePut(upload, this.#place)
      ? putWhole({ ...upload, size: upload.size! }, this.#place)
      : putInParts(upload, this.#place, uploadId => this.#abort(upload.key, uploadId));
  }

  /** The object to be replaced is gone: the next attempt creates one. */
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
    const etag = object.ETag?.replaceAll('"', '') ?? '';
    const sameBytes = upload.md5
      ? etag === upload.md5 || object.Metadata?.[MD5_METADATA] === upload.md5
      : object.Metadata?.[FILE_ID_METADATA] === upload.fileId;
    const bytes = object.ContentLength ?? 0;
    if (!sameBytes || (upload.size !== null && bytes !== upload.size)) {
      throw keyTaken(upload, `${bytes} bytes, etag ${etag || 'unknown'}`);
    }
    return { bytes, etag, verified: upload.md5 ? 'md5' : 'size' };
  }

  async #head(upload: Upload, accessKeyId: string): Promise<HeadObjectCommandOutput> {
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
    try {
      return await this.#client.send(
        new HeadObjectCommand({ Bucket: this.#options.bucket, Key: upload.key }),
      );
    } catch (error) {
      const { status } = s3ErrorOf(error);
      if (status === 403) throw keyTaken(upload, 'which may not be read');
      // The answer to a HEAD has no body to say why; what S3 refuses so in a well-formed one are expired keys.
      if (status === 400) throw this.#keysExpired(upload, accessKeyId, error);
      throw this.#about(error, upload);
    }
  }

  /** Tries to remove what uploads of earlier processes have left behind. Never throws. */
  async removeLeftovers(): Promise<void> {
    const { journal } = this.#options;
    if (!journal) return;
    const open = journal.open();
    for (const { key, uploadId } of open) await this.#abort(key, uploadId);
    if (open.length > 0) journal.clear();
  }

  async #abort(Key: string, UploadId: string): Promise<void> {
    const { AbortMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const { bucket, journal } = this.#options;
    try {
      await this.#client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
      journal?.ended(UploadId);
    } catch (error) {
      const { name, status } = s3ErrorOf(error);
      if (name === 'NoSuchUpload') return journal?.ended(UploadId);
      if (status !== 403 || this.#leftoversNamed) return;
      this.#leftoversNamed = true;
      this.#options.warn(
        `Parts of an unfinished upload of ${Key} stay in the bucket ${bucket}: this user may not remove them. They cost storage until a lifecycle rule with AbortIncompleteMultipartUpload removes them.`,
      );
    }
  }
}

/** Below HTTP: no such host, no way there, or nobody listening. */
const NOBODY_THERE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

const NO_JOURNAL = { begun: () => {}, ended: () => {} };

function keyTaken(upload: Upload, what: string): FileError {
  return new FileError(
    'key_taken',
    `${upload.fileName}: under ${upload.key} there is another object already (${what}). It was not overwritten. Rename the file in Drive, or remove the object if it should not be there.`,
    { status: 'needs_review' },
  );
}
