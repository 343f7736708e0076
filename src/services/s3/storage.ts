/** S3 as the stages need it, under what Amplify's storage policy allows. */
import type { S3 } from '@aws-sdk/client-s3';
import Bottleneck from 'bottleneck';
import { FileError, RunError } from '../../../stages/errors.ts';
import {
  type ObjectStore,
  REPEAT_AT_ONCE,
  type StoredObject,
  type Upload,
} from '../../../stages/transfer.ts';
import { md5Differs } from '../wrong-bytes.ts';
import { createClient } from './client.ts';
import {
  aboutUpload,
  calculatedMd5,
  isBadDigest,
  isExpiredToken,
  isForgotten,
  isTaken,
  s3ErrorOf,
} from './errors.ts';
import { adopt, exists, findOwn, lookUp } from './existing-objects.ts';
import { Objects, type ObjectsOptions } from './objects.ts';
import { fitsOnePut, putInParts, putWhole, type UploadTarget } from './upload.ts';
import { objectUrls } from './url.ts';

/** Files that go in parts at a time, whatever the number of workers: each has about four parts in memory. */
const FILES_IN_PARTS = 2;

export interface StorageOptions extends ObjectsOptions, Omit<UploadTarget, 'client'> {
  warn: (message: string) => void;
}

/** S3 refuses no signature because of a smaller error of the clock. */
const CLOCK_CORRECTION_MS = 60_000;

/** Network errors: unknown host, no route, connection refused. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

export class Storage implements ObjectStore {
  /** The canonical URL of the object under a key. */
  readonly urlOf: (key: string) => string;
  readonly #options: StorageOptions;
  readonly #client: S3;
  readonly #target: UploadTarget;
  readonly #inParts = new Bottleneck({ maxConcurrent: FILES_IN_PARTS });
  #hasWarnedOfParts = false;
  #hasResponded = false;

  private constructor(options: StorageOptions, client: S3, urlOf: (key: string) => string) {
    this.#options = options;
    this.urlOf = urlOf;
    this.#client = client;
    this.#target = { client, ...options };
  }

  static async connect(options: StorageOptions): Promise<Storage> {
    const { bucket, region } = options;
    const [client, urlOf] = await Promise.all([createClient(options), objectUrls(bucket, region)]);
    return new Storage(options, client, urlOf);
  }

  close(): void {
    this.#client.destroy();
  }

  /** Reads and removes existing objects. */
  objects(): Objects {
    return new Objects(this.#client, this.#options);
  }

  async store(given: Upload): Promise<StoredObject> {
    const { accessKeyId } = await this.#options.credentials();
    const clockOffset = this.#client.config.systemClockOffset;
    let upload = given;
    try {
      // An object to be replaced that is gone is created like any other.
      if (given.replaces && !(await exists(given, this.#target))) upload = { ...given, replaces: undefined };
      return await this.#store(upload);
    } catch (error) {
      if (isExpiredToken(error)) this.#options.credentials.drop(accessKeyId);
      // The SDK corrects its clock by S3's response. A large correction means that S3 refused the signature because of the time.
      const isClockCorrected =
        Math.abs(this.#client.config.systemClockOffset - clockOffset) > CLOCK_CORRECTION_MS;
      throw this.#explained(error, upload, isClockCorrected);
    }
  }

  async #store(upload: Upload): Promise<StoredObject> {
    const found = await lookUp(upload, this.#target);
    if (found) return found;
    try {
      const stored = await this.#put(upload);
      this.#hasResponded = true;
      return { ...stored, storedAt: new Date().toISOString() };
    } catch (error) {
      this.#hasResponded ||= s3ErrorOf(error).status !== null;
      if (isTaken(error)) return adopt(upload, this.#target);
      // S3 no longer knows the upload: it may have been completed, and the response lost.
      const completed = isForgotten(error) ? await findOwn(upload, this.#target) : null;
      if (completed) return completed;
      throw error;
    }
  }

  #put(upload: Upload): Promise<StoredObject> {
    if (fitsOnePut(upload, this.#target)) return putWhole(upload, this.#target);
    return this.#inParts.schedule(() =>
      putInParts(upload, this.#target, uploadId => this.#abortFailed(upload.key, uploadId)),
    );
  }

  #explained(error: unknown, upload: Upload, isClockCorrected: boolean): Error {
    const { fileName, md5, replaces, signal } = upload;
    const again = { retryable: true, cause: error };
    if (error instanceof FileError || error instanceof RunError) return error;
    if (isExpiredToken(error))
      return new FileError(REPEAT_AT_ONCE, `${fileName}: the S3 keys expired.`, again);
    // The SDK has corrected its clock from the response, so the next request is signed with the right time.
    if (isClockCorrected)
      return new FileError(
        REPEAT_AT_ONCE,
        `${fileName}: the clock of this computer differs from S3's.`,
        again,
      );
    if (md5 && isBadDigest(error)) return md5Differs(upload, calculatedMd5(error));
    const { name, message, code } = s3ErrorOf(error);
    if (replaces && name === 'NoSuchKey')
      return new FileError('replaced_object_gone', `${fileName}: the object to replace is gone.`, again);
    const about = aboutUpload(error, fileName, this.#options.bucket);
    // An S3 that has never responded is a wrong address or no network, and not about one file.
    const isFirst = !this.#hasResponded && !signal?.aborted && UNREACHABLE.has(code ?? '');
    if (!isFirst || !(about instanceof FileError && about.code === 'storage_unreachable')) return about;
    return new RunError(
      'storage_unreachable',
      `S3 cannot be reached: ${message || code}.`,
      'Check the network connection, aws.region and AWS_ENDPOINT_URL_S3 if you set it, then run "migrator resume".',
      { cause: error },
    );
  }

  /** Tries to remove the parts of a failed upload. Where that is refused, one warning names the first of them. */
  async #abortFailed(Key: string, UploadId: string): Promise<void> {
    const { AbortMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const { bucket, warn } = this.#options;
    try {
      await this.#client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
    } catch (error) {
      if (s3ErrorOf(error).status !== 403 || this.#hasWarnedOfParts) return;
      this.#hasWarnedOfParts = true;
      warn(
        `Parts of an unfinished upload of ${Key} stay in the bucket ${bucket}: this user may not remove them. They, and those of later files, cost storage until a lifecycle rule with AbortIncompleteMultipartUpload removes them.`,
      );
    }
  }
}
