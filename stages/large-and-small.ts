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
const PLACES = 1000;

/**
 * Large files go first, the largest before the others. While small files wait, large ones use at most 30 % of the workers, or
 * 60 % when they fall behind (a smaller share of the known large ones than of the small ones has been started). Small files
 * keep their order.
 */
export class LargeAndSmall<Item extends { size?: number | null }> implements WorkQueue<Item> {
  readonly #places: number;
  /** The largest last. */
  readonly #large: Item[] = [];
  #small: Item[] = [];
  #smallTaken = 0;
  #largeAtWork = 0;
  /** Totals since the start: added, and taken. */
  readonly #come = { largeBytes: 0, smallFiles: 0 };
  readonly #taken = { largeBytes: 0, smallFiles: 0 };

  constructor(places = PLACES) {
    this.#places = places;
  }

  get isFull(): boolean {
    return this.#large.length + this.#small.length - this.#smallTaken >= this.#places;
  }

  add(item: Item): void {
    if (isLarge(item)) {
      this.#large.splice(this.#placeOf(item), 0, item);
      this.#come.largeBytes += sizeOf(item);
    } else {
      this.#small.push(item);
      this.#come.smallFiles += 1;
    }
  }

  next(workers: number): Item | undefined {
    const smallWaits = this.#smallTaken < this.#small.length;
    if (smallWaits && (this.#large.length === 0 || this.#largeAtWork >= this.#mostLarge(workers))) {
      return this.#nextSmall();
    }
    const item = this.#large.pop();
    if (item === undefined) return undefined;
    this.#largeAtWork += 1;
    this.#taken.largeBytes += sizeOf(item);
    return item;
  }

  done(item: Item): void {
    if (isLarge(item)) this.#largeAtWork -= 1;
  }

  /** How many large files at a time while small ones wait. */
  #mostLarge(workers: number): number {
    const large = this.#taken.largeBytes / this.#come.largeBytes;
    const small = this.#taken.smallFiles / this.#come.smallFiles;
    return Math.max(1, workers * (large < small ? LARGE_SHARE_BEHIND : LARGE_SHARE));
  }

  #nextSmall(): Item {
    const item = this.#small[this.#smallTaken]!;
    this.#smallTaken += 1;
    this.#taken.smallFiles += 1;
    if (this.#smallTaken === this.#places) {
      this.#small = this.#small.slice(this.#smallTaken);
      this.#smallTaken = 0;
    }
    return item;
  }

  /** Files of the same size keep their order. */
  #placeOf(item: Item): number {
    const place = this.#large.findIndex(other => sizeOf(other) >= sizeOf(item));
    return place < 0 ? this.#large.length : place;
  }
}

function isLarge(item: { size?: number | null }): boolean {
  return sizeOf(item) >= LARGE_BYTES;
}

/** A file of unknown size counts as large. */
function sizeOf({ size }: { size?: number | null }): number {
  return size ?? LARGE_BYTES;
}
