/**
 * The bytes of one object: a file, or the parts of a multipart upload, one file each. Parts are not joined when an
 * upload completes, since that would cost a second writing of everything.
 */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync, rmSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

const BLOCK = 1024 * 1024;
const READ_BLOCK = 256 * 1024;

export interface ContentFile {
  readonly path: string;
  readonly sizeBytes: number;
}

export class Content {
  readonly files: readonly ContentFile[];
  readonly sizeBytes: number;
  #md5: string | null;
  #readers = 0;
  #dropped = false;

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
      for (const block of this.#blocks()) hash.update(block);
      this.#md5 = hash.digest('hex');
    }
    return this.#md5;
  }

  /** All bytes in memory. */
  readAll(): Buffer {
    const copies: Buffer[] = [];
    for (const block of this.#blocks()) copies.push(Buffer.from(block));
    return Buffer.concat(copies);
  }

  /** Writes the bytes from `start` to `end` (both included) and ends the destination. Rejects when that goes away. */
  async sendTo(destination: Writable, start: number, end: number): Promise<void> {
    this.#readers += 1;
    try {
      for (const piece of this.#pieces(start, end)) {
        const source = createReadStream(piece.path, { ...piece, highWaterMark: READ_BLOCK });
        await pump(source, destination);
      }
      destination.end();
    } finally {
      this.#readers -= 1;
      if (this.#dropped) this.drop();
    }
  }

  /** Deletes the files, once those who are still reading are done. */
  drop(): void {
    this.#dropped = true;
    if (this.#readers > 0) return;
    for (const file of this.files) rmSync(file.path, { force: true });
  }

  #pieces(start: number, end: number): { path: string; start: number; end: number }[] {
    const pieces: { path: string; start: number; end: number }[] = [];
    let offset = 0;
    for (const { path, sizeBytes } of this.files) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, sizeBytes - 1);
      if (from <= to) pieces.push({ path, start: from, end: to });
      offset += sizeBytes;
    }
    return pieces;
  }

  /** Views into one buffer, each good until the next is taken. */
  *#blocks(): Generator<Buffer> {
    const buffer = Buffer.allocUnsafe(BLOCK);
    for (const { path } of this.files) {
      const file = openSync(path, 'r');
      try {
        for (let n = readSync(file, buffer); n > 0; n = readSync(file, buffer)) yield buffer.subarray(0, n);
      } finally {
        closeSync(file);
      }
    }
  }
}

/** Pipes without ending. `pipeline` would leave listeners behind on the destination for every source. */
function pump(source: Readable, destination: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null) => {
      destination.off('close', onGone);
      source.unpipe(destination).destroy();
      if (error) reject(error);
      else resolve();
    };
    const onGone = () => settle(new Error('the reader went away'));
    if (destination.destroyed) return onGone();
    destination.once('close', onGone);
    source.once('error', settle).once('end', () => settle(null));
    source.pipe(destination, { end: false });
  });
}
