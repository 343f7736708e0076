/** A large file, part by part; how this fits into the whole is told in `upload.ts`. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3';
import type { ByteReader } from '../../stages/transfer.ts';
import type { BytePuts } from './byte-requests.ts';
import { isForgotten } from './errors.ts';
import type { PartBuffer, PartBuffers } from './part-buffers.ts';

export interface MultipartTarget {
  Bucket: string;
  Key: string;
  ContentType: string;
  IfNoneMatch?: string;
  IfMatch?: string;
  Metadata: Record<string, string>;
}

/** Told of uploads that S3 keeps parts of, so that what a crash leaves behind can be named. */
export interface UploadJournal {
  begun(key: string, uploadId: string): void;
  ended(uploadId: string): void;
}

export interface MultipartOptions {
  client: S3Client;
  puts: Pick<BytePuts, 'put'>;
  target: MultipartTarget;
  bytes: ByteReader;
  partBytes: number;
  buffers: PartBuffers;
  journal: UploadJournal;
  signal?: AbortSignal;
  /** Told how many bytes there are so far, before they are sent; throws if these are too many. */
  onBytes: (bytes: number) => void;
  /** Called when all bytes have been sent and before the object becomes visible; throws if they are not the right ones. */
  verify: (found: { bytes: number; md5: string }) => void;
  /** Called with an upload that failed and whose parts S3 still has. */
  onLeftover: (uploadId: string) => Promise<void>;
}

/** One part is sent while the next one fills; more at once would only hold more memory. */
const PARTS_ON_THE_WAY = 2;

/** Sends the bytes and completes the upload; gives the object's etag. Throws what the SDK, the bytes or `verify` throw. */
export async function sendInParts(
  options: MultipartOptions,
): Promise<{ etag: string | undefined; bytes: number }> {
  const { client, target, journal, verify } = options;
  const { CompleteMultipartUploadCommand } = await import('@aws-sdk/client-s3');
  const upload = new PartSender(options);
  try {
    const found = await upload.sendAll();
    verify(found);
    const { ETag } = await client.send(
      new CompleteMultipartUploadCommand({
        Bucket: target.Bucket,
        Key: target.Key,
        IfNoneMatch: target.IfNoneMatch,
        IfMatch: target.IfMatch,
        UploadId: await upload.id(),
        MultipartUpload: { Parts: upload.parts },
      }),
    );
    journal.ended(await upload.id());
    return { etag: ETag, bytes: found.bytes };
  } catch (error) {
    await upload.settled();
    const uploadId = await upload.idIfBegun();
    // What S3 does not know any more has no parts either.
    if (uploadId && isForgotten(error)) journal.ended(uploadId);
    else if (uploadId) await options.onLeftover(uploadId);
    throw error;
  }
}

class PartSender {
  readonly #options: MultipartOptions;
  readonly #parts: CompletedPart[] = [];
  readonly #sending = new Set<Promise<void>>();
  #uploadId: Promise<string> | null = null;
  #failure: { error: unknown } | null = null;

  constructor(options: MultipartOptions) {
    this.#options = options;
  }

  get parts(): CompletedPart[] {
    return this.#parts;
  }

  /** Begins the upload when the first part is there: a download that fails at once leaves nothing behind. */
  id(): Promise<string> {
    this.#uploadId ??= this.#create();
    return this.#uploadId;
  }

  async idIfBegun(): Promise<string | null> {
    return this.#uploadId?.catch(() => null) ?? null;
  }

  /** Resolves when no part is on its way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#sending);
  }

  async sendAll(): Promise<{ bytes: number; md5: string }> {
    const md5 = createHash('md5');
    let bytes = 0;
    for await (const part of filled(this.#options)) {
      const number = this.#parts.push({});
      bytes += part.bytes.length;
      this.#accept(part, bytes);
      md5.update(part.bytes);
      const sending: Promise<void> = this.#send(part, number)
        .catch(error => {
          this.#failure ??= { error };
        })
        .finally(() => {
          part.release();
          this.#sending.delete(sending);
        });
      this.#sending.add(sending);
      if (this.#sending.size >= PARTS_ON_THE_WAY) await Promise.race(this.#sending);
      this.#throwIfFailed();
    }
    await this.settled();
    this.#throwIfFailed();
    return { bytes, md5: md5.digest('hex') };
  }

  #accept(part: PartBuffer, bytes: number): void {
    try {
      this.#options.onBytes(bytes);
    } catch (error) {
      part.release();
      throw error;
    }
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #create(): Promise<string> {
    const { client, target, journal, signal } = this.#options;
    const { CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const { IfNoneMatch: _none, IfMatch: _match, ...place } = target;
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ ...place, ChecksumAlgorithm: 'CRC32' }),
      {
        abortSignal: signal,
      },
    );
    journal.begun(target.Key, UploadId!);
    return UploadId!;
  }

  async #send({ bytes }: PartBuffer, number: number): Promise<void> {
    const { puts, target, signal } = this.#options;
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(bytes));
    const ChecksumCRC32 = checksum.toString('base64');
    const ETag = await puts.put({
      key: target.Key,
      query: { partNumber: String(number), uploadId: await this.id() },
      headers: { 'x-amz-checksum-crc32': ChecksumCRC32 },
      body: bytes,
      signal,
    });
    this.#parts[number - 1] = { PartNumber: number, ETag, ChecksumCRC32 };
  }
}

/** The bytes in parts, all full but the last one; at least one, of length 0 for an empty file. */
async function* filled({ bytes, partBytes, buffers }: MultipartOptions): AsyncGenerator<PartBuffer> {
  try {
    for (let isFirst = true; ; isFirst = false) {
      // Memory first: a download that is open while nobody can take its bytes would be cut off.
      const part = await buffers.lend(partBytes, 'part');
      let length = 0;
      try {
        length = await bytes.read(part.bytes);
      } catch (error) {
        part.release();
        throw error;
      }
      if (length === 0 && !isFirst) return part.release();
      part.filled();
      // From here on it is the receiver's to give back, also if this generator ends at the yield.
      yield { ...part, bytes: part.bytes.subarray(0, length) };
      if (length < partBytes) return;
    }
  } finally {
    bytes.close();
  }
}
