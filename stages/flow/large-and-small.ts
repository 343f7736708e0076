/**
 * Which waiting file is next. Photos are limited by Drive's query rate, videos by bandwidth: together they use both. A video
 * that starts late would still be running after everything else has finished.
 */
import type { WorkQueue } from './concurrently.ts';

/** A file of this size or more takes longer to transfer than its query waits for the rate limit. */
const LARGE_BYTES = 16 * 1024 * 1024;

/** Share of the workers: a few large files use the whole bandwidth; small ones mostly wait for responses. */
const LARGE_SHARE = 0.3;
/** The share when large files fall behind the small ones. */
const LARGE_SHARE_BEHIND = 0.6;

/** How many records wait here, at a few hundred bytes each. */
const CAPACITY = 1000;

/**
 * Large files go first, the largest before the others. While small files wait, large ones use at most 30 % of the workers, or
 * 60 % when they fall behind (a smaller share of the known large ones than of the small ones has been started). Small files
 * keep their order.
 */
export class LargeAndSmall<Item extends { size?: number | null }> implements WorkQueue<Item> {
  readonly #capacity: number;
  /** The largest last. */
  readonly #large: Item[] = [];
  readonly #small: Item[] = [];
  #largeInProgress = 0;
  /** Totals since the start: added, and started. */
  readonly #added = { largeBytes: 0, smallFiles: 0 };
  readonly #started = { largeBytes: 0, smallFiles: 0 };

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  get isFull(): boolean {
    return this.#large.length + this.#small.length >= this.#capacity;
  }

  add(item: Item): void {
    if (isLarge(item)) {
      this.#large.splice(this.#indexFor(item), 0, item);
      this.#added.largeBytes += sizeOf(item);
    } else {
      this.#small.push(item);
      this.#added.smallFiles += 1;
    }
  }

  next(workers: number): Item | undefined {
    const isSmallNext = this.#large.length === 0 || this.#largeInProgress >= this.#mostLarge(workers);
    if (this.#small.length > 0 && isSmallNext) {
      this.#started.smallFiles += 1;
      return this.#small.shift();
    }
    const item = this.#large.pop();
    if (item === undefined) return undefined;
    this.#largeInProgress += 1;
    this.#started.largeBytes += sizeOf(item);
    return item;
  }

  done(item: Item): void {
    if (isLarge(item)) this.#largeInProgress -= 1;
  }

  /** How many large files at a time while small ones wait. */
  #mostLarge(workers: number): number {
    const large = this.#started.largeBytes / this.#added.largeBytes;
    const small = this.#started.smallFiles / this.#added.smallFiles;
    return Math.max(1, workers * (large < small ? LARGE_SHARE_BEHIND : LARGE_SHARE));
  }

  /** Files of the same size keep their order. */
  #indexFor(item: Item): number {
    const index = this.#large.findIndex(other => sizeOf(other) >= sizeOf(item));
    return index < 0 ? this.#large.length : index;
  }
}

function isLarge(item: { size?: number | null }): boolean {
  return sizeOf(item) >= LARGE_BYTES;
}

/** A file of unknown size counts as large. */
function sizeOf({ size }: { size?: number | null }): number {
  return size ?? LARGE_BYTES;
}
