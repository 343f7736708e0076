/** S3 as the stages need it, under what Amplify's storage policy allows. */
import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { FileError } from '../../stages/errors.ts';
import type { ObjectStore, StoredObject, Upload } from '../../stages/transfer.ts';
import { type AwsKeySource, createClient } from './client.ts';
import { aboutUpload, isExpiredToken, isTaken, s3ErrorOf } from './errors.ts';
import { FILE_ID_METADATA, fitsOnePut, MD5_METADATA, type Place, putInParts, putWhole } from './upload.ts';
import { objectUrl } from './url.ts';

export interface StorageOptions {
  bucket: string;
  region: string;
  credentials: AwsKeySource;
  /** These keys have been refused as expired: the next request gets others. */
  dropKeys: (accessKeyId: string) => void;
  /** Size of a part, and the largest file that goes in one PUT. */
  partBytes: number;
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
  #leftoversNamed = false;

  private constructor(options: StorageOptions, client: S3Client) {
    this.#options = options;
    this.#client = client;
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

  async store(upload: Upload): Promise<StoredObject> {
    const { bucket, partBytes, credentials } = this.#options;
    const { accessKeyId } = await credentials();
    const place: Place = { client: this.#client, bucket, partBytes };
    try {
      return fitsOnePut(upload, place)
        ? await putWhole({ ...upload, size: upload.size! }, place)
        : await putInParts(upload, place, uploadId => this.#abort(upload, uploadId));
    } catch (error) {
      if (isTaken(error)) return this.#adopt(upload, accessKeyId);
      if (isExpiredToken(error)) throw this.#keysExpired(upload, accessKeyId, error);
      throw aboutUpload(error, upload.fileName, bucket);
    }
  }

  #keysExpired(upload: Upload, accessKeyId: string, cause: unknown): FileError {
    this.#options.dropKeys(accessKeyId);
    return new FileError('storage_keys_renewed', `${upload.fileName}: the S3 keys expired on the way.`, {
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
      throw aboutUpload(error, upload.fileName, this.#options.bucket);
    }
  }

  async #abort(upload: Upload, uploadId: string): Promise<void> {
    const { AbortMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const { bucket } = this.#options;
    try {
      await this.#client.send(
        new AbortMultipartUploadCommand({ Bucket: bucket, Key: upload.key, UploadId: uploadId }),
      );
    } catch {
      if (this.#leftoversNamed) return;
      this.#leftoversNamed = true;
      this.#options.warn(
        `Parts of an unfinished upload of ${upload.key} stay in the bucket ${bucket}: this user may not remove them. They cost storage until a lifecycle rule with AbortIncompleteMultipartUpload removes them.`,
      );
    }
  }
}

function keyTaken(upload: Upload, what: string): FileError {
  return new FileError(
    'key_taken',
    `${upload.fileName}: under ${upload.key} there is another object already (${what}). It was not overwritten. Rename the file in Drive, or remove the object if it should not be there.`,
    { status: 'needs_review' },
  );
}
