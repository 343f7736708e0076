/** Reads and removes existing objects: for `verify`, `undo` and `doctor`. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { GetObjectCommandInput, GetObjectCommandOutput, S3 } from '@aws-sdk/client-s3';
import { RunError } from '../../../stages/errors.ts';
import { pause, waitMs } from '../../../stages/retry/backoff.ts';
import { retryPolicyFor } from '../../../stages/retry/faults.ts';
import { accessDenied } from './access-denied.ts';
import type { ClientOptions } from './client.ts';
import { aboutUpload, isExpiredToken, isTaken, S3_REASONS, s3ErrorOf } from './errors.ts';
import { isListed } from './existing-objects.ts';
import { FILE_ID_METADATA, unquoted } from './upload.ts';

export interface ObjectState {
  key: string;
  bytes: number;
  etag: string;
  /** Drive file id that the upload put there; null if there is none, or it was not asked for (listings). */
  fileId: string | null;
}

/** Under Amplify's policy users may list only below this prefix. */
const PREFIX = 'media/';

const PROBE = 'Written by "migrator doctor" to see whether it may write here. It can be removed.\n';

/** Keys may expire again while a request waits to be sent again. */
const MOST_RENEWALS = 3;

export interface ObjectsOptions extends ClientOptions {
  bucket: string;
}

export class Objects {
  readonly #client: S3;
  readonly #options: ObjectsOptions;
  readonly #bucket: string;

  constructor(client: S3, options: ObjectsOptions) {
    this.#client = client;
    this.#options = options;
    this.#bucket = options.bucket;
  }

  /** Every object below `media/`, in pages of up to 1,000. Throws RunError. */
  async *list(): AsyncGenerator<ObjectState[]> {
    let ContinuationToken: string | undefined;
    do {
      const pages = { Bucket: this.#bucket, Prefix: PREFIX, ContinuationToken };
      const page = await this.#sendOrExplain(() => this.#client.listObjectsV2(pages));
      yield (page.Contents ?? []).map(({ Key, Size, ETag }) => ({
        key: Key!,
        bytes: Size ?? 0,
        etag: unquoted(ETag),
        fileId: null,
      }));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
  }

  /** One object; null if there is none. Throws RunError, also when it may not be looked at. */
  async find(key: string): Promise<ObjectState | null> {
    const object = { Bucket: this.#bucket, Key: key };
    const head = await this.#unlessMissing(key, () => this.#client.headObject(object));
    const fileId = head?.Metadata?.[FILE_ID_METADATA] ?? null;
    return head && { key, bytes: head.ContentLength ?? 0, etag: unquoted(head.ETag), fileId };
  }

  /** Null if there is no such object, or if it has another etag than the one asked for. */
  async #unlessMissing<T>(key: string, send: () => Promise<T>): Promise<T | null> {
    try {
      return await this.#send(send);
    } catch (error) {
      const { status } = s3ErrorOf(error);
      if (status === 404 || isTaken(error)) return null;
      // S3 answers so for objects that do not exist, too; a listing shows whether it does (docs/services.md, S3).
      const isThere = () => isListed(this.#client, this.#bucket, key);
      if (status === 403 && !(await this.#sendOrExplain(isThere))) return null;
      throw this.#about(error);
    }
  }

  /** Null if there is none. A read that breaks continues; the bytes end where the object was replaced. Throws RunError. */
  async read(key: string): Promise<AsyncIterable<Buffer> | null> {
    const object = await this.#get(key);
    return object && this.#bytesOf(key, object);
  }

  async *#bytesOf(key: string, object: GetObjectCommandOutput): AsyncGenerator<Buffer> {
    const { backoff, stallTimeoutMs } = this.#options;
    const { ETag, ContentLength = 0 } = object;
    let body: GetObjectCommandOutput | null = object;
    let at = 0;
    for (let failures = 0; body && at < ContentLength; ) {
      const from = at;
      try {
        for await (const chunk of untilStalled(body.Body as Readable, stallTimeoutMs)) {
          at += chunk.length;
          yield chunk;
        }
      } catch (error) {
        failures = at > from ? 0 : failures + 1;
        if (failures > backoff.retries || !retryPolicyFor(S3_REASONS)(error).again) throw this.#about(error);
        await pause(waitMs(backoff, failures, null), backoff.signal);
      }
      if (at === ContentLength) return;
      body = await this.#get(key, { IfMatch: ETag, Range: `bytes=${at}-` });
    }
  }

  async #get(
    key: string,
    part: Pick<GetObjectCommandInput, 'IfMatch' | 'Range'> = {},
  ): Promise<GetObjectCommandOutput | null> {
    const object = { Bucket: this.#bucket, Key: key, ...part };
    return this.#unlessMissing(key, () => this.#client.getObject(object));
  }

  /** Removes the object; false, and it stays, if it has not this etag. Removing what is not there is no error. */
  async remove(key: string, etag: string): Promise<boolean> {
    const object = { Bucket: this.#bucket, Key: key, IfMatch: `"${etag}"` };
    try {
      await this.#send(() => this.#client.deleteObject(object));
      return true;
    } catch (error) {
      if (s3ErrorOf(error).status === 404) return true;
      if (isTaken(error)) return false;
      throw this.#about(error);
    }
  }

  /** Puts a tiny object under the key, as an upload does, and removes it. Throws RunError; if it is not removed, it stays. */
  async probe(key: string): Promise<void> {
    const object = { Bucket: this.#bucket, Key: key };
    const ContentMD5 = createHash('md5').update(PROBE).digest('base64');
    const put = { ...object, Body: PROBE, ContentMD5, ContentType: 'text/plain' };
    await this.#send(() => this.#client.putObject(put)).catch(cause => {
      const about = aboutUpload(cause, key, this.#bucket);
      if (about instanceof RunError) throw about;
      const remedy =
        'Check the network connection, aws.amplify.storage_region and aws.amplify.storage_bucket ("migrator show").';
      throw new RunError('storage_unreachable', about.message, about.everyFile?.remedy ?? remedy, { cause });
    });
    await this.#send(() => this.#client.deleteObject(object)).catch(cause => {
      throw new RunError(
        'storage_delete_refused',
        `${key} was put into ${this.#bucket} but cannot be removed: ${cause.message}`,
        'Allow ADMINS to delete under media/* in the storage of the Amplify project; only "undo" needs it. Remove the object by hand.',
        { cause },
      );
    });
  }

  /** Sends the request, and again with new keys if they have expired. */
  async #send<T>(send: () => Promise<T>): Promise<T> {
    for (let renewals = 0; ; renewals += 1) {
      const { accessKeyId } = await this.#options.credentials();
      try {
        return await send();
      } catch (error) {
        if (renewals === MOST_RENEWALS || !isExpiredToken(error)) throw error;
        this.#options.credentials.drop(accessKeyId);
      }
    }
  }

  #sendOrExplain<T>(send: () => Promise<T>): Promise<T> {
    return this.#send(send).catch(error => {
      throw this.#about(error);
    });
  }

  #about(error: unknown): RunError {
    const { name, message, status, code } = s3ErrorOf(error);
    // The response to a HEAD has no body, so its error has no name.
    if (status === 403 && name !== 'InvalidAccessKeyId' && name !== 'SignatureDoesNotMatch') {
      return accessDenied(error, this.#bucket);
    }
    const about = aboutUpload(error, this.#bucket, this.#bucket);
    if (about instanceof RunError) return about;
    const what = status === null ? 'cannot be reached' : 'refused';
    return new RunError(
      about.code,
      `S3 ${what} (bucket ${this.#bucket}): ${message || code || name}.`,
      about.everyFile
        ? `${about.everyFile.remedy} Then run the command again.`
        : 'Run the command again; completed work is kept.',
      { cause: error },
    );
  }
}

/** The stream, which fails when no byte has come for so long: a connection that is lost may never say so. */
async function* untilStalled(body: Readable, timeoutMs: number): AsyncGenerator<Buffer> {
  const stalled = Object.assign(new Error(`no data for ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' });
  const timer = setTimeout(() => body.destroy(stalled), timeoutMs);
  try {
    for await (const chunk of body) {
      yield chunk;
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}
