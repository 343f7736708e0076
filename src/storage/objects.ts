/** Looking at objects that are there, and removing them: what `verify` and `undo` need of S3. */
import type { S3Client } from '@aws-sdk/client-s3';
import { RunError } from '../../stages/errors.ts';
import { aboutUpload, s3ErrorOf } from './errors.ts';
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

  /** One object; null if there is none. S3 answers 403 for that too, since users may not list the bucket. */
  async find(key: string): Promise<ObjectState | null> {
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
    try {
      const head = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
      const fileId = head.Metadata?.[FILE_ID_METADATA] ?? null;
      return { key, bytes: head.ContentLength ?? 0, etag: unquoted(head.ETag), fileId };
    } catch (error) {
      const { status } = s3ErrorOf(error);
      if (status === 404 || status === 403) return null;
      throw this.#about(error);
    }
  }

  /** The object's bytes; null if there is none. Throws RunError, at the call or while they are read. */
  async read(key: string): Promise<AsyncIterable<Buffer> | null> {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return Body as unknown as AsyncIterable<Buffer>;
    } catch (error) {
      const { status } = s3ErrorOf(error);
      if (status === 404 || status === 403) return null;
      throw this.#about(error);
    }
  }

  /** Removes the object if it still has this etag. Removing what is not there is no error. */
  async remove(key: string, etag: string): Promise<void> {
    const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
    await this.#send(() =>
      this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key, IfMatch: `"${etag}"` })),
    );
  }

  async #send<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw this.#about(error);
    }
  }

  #about(error: unknown): RunError {
    const about = aboutUpload(error, this.#bucket, this.#bucket);
    if (about instanceof RunError) return about;
    return new RunError(about.code, about.message, 'Run the command again.', { cause: error });
  }
}

function unquoted(etag = ''): string {
  return etag.replaceAll('"', '');
}
