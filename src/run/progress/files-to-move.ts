import type { FileRecord } from '../../../stages/record.ts';
import type { Work } from './estimate.ts';

/** One connection seldom uses all the bandwidth, so this many files measure it together. */
const LARGEST = 4;

export class FilesToMove implements Work {
  files = 0;
  bytes = 0;
  readonly largest: FileRecord[] = [];

  add(record: FileRecord): void {
    this.files += 1;
    this.bytes += record.size ?? 0;
    this.largest.push(record);
    this.largest.sort((a, b) => (b.size ?? 0) - (a.size ?? 0)).splice(LARGEST);
  }
}
