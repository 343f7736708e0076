/** Looking at objects that are there, and removing them: what `verify` and `undo` need of S3. */
import type { S3Client } from '@aws-sdk/client-s3';
import { RunError } from '../../stages/errors.ts';
import { aboutUpload, isTaken, s3ErrorOf } from './errors.ts';
import { FILE_ID_METADATA } from './upload.ts';

/** An object as S3 describes it. */
export interface ObjectState {
  key: string;
  bytes: number;
  /** Without quotes. */
  etag: string;
  /** Drive file id that the upload put there; null if there is none, or it was not asked for (listings). */
  fileId: string | null;
}

/** Under Amplify's policy users may list only below this prefix. */
const PREFIX = 'media/';

export class Objects {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** Every object below `media/`, in pages of up to 1,000. Throws RunError. */
  async *list(): AsyncGenerator<ObjectState[]> {
    const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#send(() =>
        this.#client.send(
          new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: PREFIX, ContinuationToken }),
        ),
      );
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
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
    try {
      const head = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
      const fileId = head.Metadata?.[FILE_ID_METADATA] ?? null;
      return { key, bytes: head.ContentLength ?? 0, etag: unquoted(head.ETag), fileId };
    } catch (error) {
      const { status } = s3ErrorOf(error);
      if (status === 404) return null;
      // S3 may give this for what does not exist, too; a listing tells the two apart (facts.md, storage permissions).
      if (status === 403 && !(await this.#isListed(key))) return null;
      throw this.#about(error);
    }
  }

  async #isListed(key: string): Promise<boolean> {
    const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
    const { Contents = [] } = await this.#send(() =>
      this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: key, MaxKeys: 1 })),
    );
    return Contents[0]?.Key === key;
  }

  /** The object's bytes; null if there is none. Throws RunError, at the call or while they are read. */
  async read(key: string): Promise<AsyncIterable<Buffer> | null> {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return Body as unknown as AsyncIterable<Buffer>;
    } catch (error) {
      const { status } = s3ErrorOf(error);
      if (status === 404 || (status === 403 && !(await this.#isListed(key)))) return null;
      throw this.#about(error);
    }
  }

  /** Removes the object; false, and it stays, if it has not this etag. Removing what is not there is no error. */
  async remove(key: string, etag: string): Promise<boolean> {
    const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
    const command = new DeleteObjectCommand({ Bucket: this.#bucket, Key: key, IfMatch: `"${etag}"` });
    try {
      await this.#client.send(command);
      return true;
    } catch (error) {
      if (s3ErrorOf(error).status === 404) return true;
      if (isTaken(error)) return false;
      throw this.#about(error);
    }
  }

  async #send<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw this.#about(error);
    }
  }

  #about(error: unknown): RunError {
    const { name, message, status, code } = s3ErrorOf(error);
    // The answer to a HEAD has no body, so its error has no name.
    if (status === 403 && name !== 'InvalidAccessKeyId' && name !== 'SignatureDoesNotMatch') {
      return new RunError(
        'storage_access_denied',
        `S3 does not let this user see or remove objects of the bucket ${this.#bucket}: ${message || name}.`,
        'Add the user to the group ADMINS of the Cognito user pool, and check that the storage of the Amplify project allows ADMINS to read, write and delete media/*.',
        { cause: error },
      );
    }
    const about = aboutUpload(error, this.#bucket, this.#bucket);
    if (about instanceof RunError) return about;
    const what = status === null ? 'cannot be reached' : 'refused';
    return new RunError(
      about.code,
      `S3 ${what} (bucket ${this.#bucket}): ${message || code || name}.`,
      'Run the command again; what it has done stays done.',
      { cause: error },
    );
  }
}

function unquoted(etag = ''): string {
  return etag.replaceAll('"', '');
}
