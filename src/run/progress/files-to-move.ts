import type { FileRecord } from '../../../stages/record.ts';
import type { Work } from './estimate.ts';

/** One connection alone seldom fills the line: the bandwidth is measured with this many files at once. */
const LARGEST = 4;

/** What a migration would transfer. */
export class FilesToMove implements Work {
  files = 0;
  bytes = 0;
  /** Largest first. */
  readonly largest: FileRecord[] = [];

  add(record: FileRecord): void {
    this.files += 1;
    this.bytes += record.size ?? 0;
    this.largest.push(record);
    this.largest.sort((a, b) => (b.size ?? 0) - (a.size ?? 0)).splice(LARGEST);
  }
}
