/**
 * Which of the files that wait goes next. Photos are bound by how many queries Drive allows, videos by the line: going
 * side by side they use both, and a video that starts late would be alone on the line at the end.
 */

import type { WorkQueue } from './concurrently.ts';

/** From here on a file is large: it takes longer to move than a query has to wait for its turn. */
const LARGE_BYTES = 16 * 1024 * 1024;

/** Few large files fill a line; small ones, which mostly wait for answers, need the more workers. */
const LARGE_SHARE = 0.3;
/** Where the line is what bounds both: large ones that fall behind would be alone on it at the end. */
const LARGE_SHARE_BEHIND = 0.6;

/** So many records are looked ahead, at some hundred bytes each. */
const PLACES = 1000;

/**
 * Large files go first, the largest of all before the others, but on three of ten workers only while small ones wait, on six
 * when they fall behind: a smaller share of what is known of them has been started. Small ones go in the order in which they
 * came.
 */
export class LargeAndSmall<Item extends { size?: number | null }> implements WorkQueue<Item> {
  readonly #places: number;
  /** The largest last. */
  readonly #large: Item[] = [];
  #small: Item[] = [];
  #smallTaken = 0;
  #largeAtWork = 0;
  /** How much has come since the beginning, and how much of it has been taken. */
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

  /** So many large files at a time while small ones wait. */
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

  /** Of equal ones the first to come is the first to go. */
  #placeOf(item: Item): number {
    const place = this.#large.findIndex(other => sizeOf(other) >= sizeOf(item));
    return place < 0 ? this.#large.length : place;
  }
}

function isLarge(item: { size?: number | null }): boolean {
  return sizeOf(item) >= LARGE_BYTES;
}

/** Where Drive gives no size, it may be any. */
function sizeOf({ size }: { size?: number | null }): number {
  return size ?? LARGE_BYTES;
}
