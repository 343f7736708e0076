/** The way of a body to disk, with a bounded amount of it in memory. */
import { writeFileSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { planBody, type ReceivedBody, receiveBody } from './body.ts';
import type { ContentFile } from './content.ts';
import { S3Error } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** For one PUT or one part ("Amazon S3 multipart upload limits"). */
const MAX_BYTES = 5 * 1024 ** 3;
const BLOCK = 1024 * 1024;

/**
 * @throws S3Error when the body is not what its headers say; nothing is left of it then
 * @throws ClientGone when the connection ended too early; nothing is left then either
 */
export async function receiveFile(
  exchange: Exchange,
): Promise<{ received: ReceivedBody; file: ContentFile }> {
  const { authenticated, bucket, request } = exchange;
  const plan = planBody(authenticated, true);
  if (plan.sizeBytes > MAX_BYTES) {
    throw new S3Error('EntityTooLarge');
  }
  const file = new NewFile(bucket.store.newPath());
  try {
    const received = await receiveBody(request, plan, content => file.append(content));
    await file.end();
    return { received, file: { path: file.path, sizeBytes: received.sizeBytes } };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Small content is written in one go and without Node's thread pool, which would cost more than the writing. */
class NewFile {
  readonly path: string;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #handle: FileHandle | null = null;

  constructor(path: string) {
    this.path = path;
  }

  append(content: Buffer): Promise<void> | null {
    this.#chunks.push(content);
    this.#bytes += content.length;
    return this.#bytes > BLOCK ? this.#flush() : null;
  }

  async end(): Promise<void> {
    if (!this.#handle) return writeFileSync(this.path, Buffer.concat(this.#chunks));
    await this.#flush();
    await this.#handle.close();
  }

  async discard(): Promise<void> {
    await this.#handle?.close();
    await rm(this.path, { force: true });
  }

  async #flush(): Promise<void> {
    this.#handle ??= await open(this.path, 'wx');
    await this.#handle.appendFile(Buffer.concat(this.#chunks));
    this.#chunks = [];
    this.#bytes = 0;
  }
}
