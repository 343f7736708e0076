/**
 * The bytes of one object: a file, or the parts of a multipart upload, one file each. Parts are not joined when an
 * upload completes, since that would cost a second writing of everything.
 */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, rmSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const READ_BLOCK = 256 * 1024;

export interface ContentFile {
  readonly path: string;
  readonly sizeBytes: number;
}

export class Content {
  readonly files: readonly ContentFile[];
  readonly sizeBytes: number;
  #md5: string | null;

  /** @param md5 hex, null to have it computed when somebody asks */
  constructor(files: readonly ContentFile[], md5: string | null) {
    this.files = files;
    this.sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    this.#md5 = md5;
  }

  /** MD5 over all bytes, hex. For several files it is computed at the first call, by reading them. */
  get md5(): string {
    if (this.#md5 === null) {
      const hash = createHash('md5');
      for (const { path } of this.files) hash.update(readFileSync(path));
      this.#md5 = hash.digest('hex');
    }
    return this.#md5;
  }

  /** All bytes in memory. */
  readAll(): Buffer {
    return Buffer.concat(this.files.map(({ path }) => readFileSync(path)));
  }

  /** Writes the bytes from `start` to `end` (both included) and ends the destination. Rejects when that goes away. */
  sendTo(destination: Writable, start: number, end: number): Promise<void> {
    return pipeline(this.#bytes(start, end), destination);
  }

  drop(): void {
    for (const file of this.files) rmSync(file.path, { force: true });
  }

  /** Opened file by file, as the reader gets there. */
  async *#bytes(start: number, end: number): AsyncGenerator<Buffer> {
    let offset = 0;
    for (const { path, sizeBytes } of this.files) {
      const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, sizeBytes - 1)];
      if (from <= to) yield* createReadStream(path, { start: from, end: to, highWaterMark: READ_BLOCK });
      offset += sizeBytes;
    }
  }
}
