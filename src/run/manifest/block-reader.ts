/** Lines of a file that grows, read back by where they begin. */
import { readSync } from 'node:fs';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;
/** Stages ask roughly in the order of the file. */
const BLOCKS_KEPT = 8;

interface Block {
  number: number;
  bytes: Buffer;
}

export class BlockReader {
  readonly #fd: number;
  readonly #kept: Block[] = [];

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The bytes from `offset` to the next newline or the end of the file, as text. */
  lineAt(offset: number): string {
    let number = Math.floor(offset / BLOCK_BYTES);
    let begin = offset % BLOCK_BYTES;
    let bytes = this.#block(number);
    let end = bytes.indexOf(NEWLINE, begin);
    if (end >= 0) return bytes.toString('utf8', begin, end);
    const pieces: Buffer[] = [];
    while (true) {
      // The file may have grown since its last block was read.
      if (end < 0 && bytes.length < BLOCK_BYTES) {
        bytes = this.#read(number);
        end = bytes.indexOf(NEWLINE, begin);
      }
      // Copied: the block may make room for another one.
      pieces.push(Buffer.from(bytes.subarray(begin, end < 0 ? bytes.length : end)));
      if (end >= 0 || bytes.length < BLOCK_BYTES) return Buffer.concat(pieces).toString('utf8');
      number += 1;
      begin = 0;
      bytes = this.#block(number);
      end = bytes.indexOf(NEWLINE);
    }
  }

  /** For a file that has been truncated. */
  forget(): void {
    this.#kept.length = 0;
  }

  #block(number: number): Buffer {
    const kept = this.#kept;
    if (kept[0]?.number === number) return kept[0].bytes;
    const index = kept.findIndex(block => block.number === number);
    if (index < 0) return this.#read(number);
    const [block] = kept.splice(index, 1);
    kept.unshift(block!);
    return block!.bytes;
  }

  #read(number: number): Buffer {
    const kept = this.#kept;
    const index = kept.findIndex(block => block.number === number);
    if (index >= 0) kept.splice(index, 1);
    const room =
      kept.length < BLOCKS_KEPT ? Buffer.allocUnsafeSlow(BLOCK_BYTES) : Buffer.from(kept.pop()!.bytes.buffer);
    const bytes = room.subarray(0, readSync(this.#fd, room, 0, BLOCK_BYTES, number * BLOCK_BYTES));
    kept.unshift({ number, bytes });
    return bytes;
  }
}
