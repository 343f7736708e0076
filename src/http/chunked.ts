import { GarbledAnswer } from './head.ts';

const LONGEST_LINE = 4096;

/** Takes a chunked body apart (RFC 9112, section 7.1). */
export class ChunkedBody {
  #line = '';
  #state: 'size' | 'data' | 'data end' | 'trailer' | 'over' = 'size';
  #left = 0;

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /**
   * Copies what is in `from` of the body to `into`; says how many bytes it has read there and written here. Throws
   * {@link GarbledAnswer}.
   */
  decode(from: Buffer, into: Buffer): { read: number; written: number } {
    let read = 0;
    let written = 0;
    while (read < from.length && !this.isOver) {
      if (this.#state === 'data') {
        if (written === into.length) break;
        const count = from.copy(into, written, read, Math.min(from.length, read + this.#left));
        read += count;
        written += count;
        this.#left -= count;
        if (this.#left === 0) this.#state = 'data end';
        continue;
      }
      const end = from.indexOf('\n', read);
      const to = end < 0 ? from.length : end + 1;
      this.#line += from.toString('latin1', read, to);
      read = to;
      if (this.#line.length > LONGEST_LINE) throw new GarbledAnswer('a chunk of the answer has no end');
      if (end >= 0) this.#endLine(this.#line.trimEnd());
    }
    return { read, written };
  }

  #endLine(line: string): void {
    this.#line = '';
    switch (this.#state) {
      case 'size': {
        const [, digits] = /^([0-9a-f]{1,12})\s*(?:;.*)?$/i.exec(line) ?? [];
        if (!digits) throw new GarbledAnswer('a chunk of the answer has no size');
        this.#left = Number.parseInt(digits, 16);
        this.#state = this.#left === 0 ? 'trailer' : 'data';
        break;
      }
      case 'data end':
        if (line !== '') throw new GarbledAnswer('a chunk of the answer is longer than it says');
        this.#state = 'size';
        break;
      default:
        if (line === '') this.#state = 'over';
    }
  }
}
