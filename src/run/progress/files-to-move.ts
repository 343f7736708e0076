/** What a migration would have to move: the size of every file, for a folder may have a million, and the largest ones. */
import type { FileRecord } from '../../../stages/record.ts';

/** One connection alone seldom fills a line: with so many it is tried out. */
const LARGEST = 4;

export class FilesToMove {
  /** Bytes of each file in the order of their turn; 0 where Drive gives none. */
  readonly sizes: number[] = [];
  /** The largest first. */
  readonly largest: FileRecord[] = [];

  add(record: FileRecord): void {
    this.sizes.push(sizeOf(record));
    const smaller = this.largest.findIndex(other => sizeOf(other) < sizeOf(record));
    this.largest.splice(smaller < 0 ? this.largest.length : smaller, 0, record);
    this.largest.splice(LARGEST);
  }
}

function sizeOf({ size }: FileRecord): number {
  return size ?? 0;
}
