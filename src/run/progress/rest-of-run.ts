/**
 * How long files take on their way, by moving them in thought: workers take one file after the other, each file costs
 * a query that waits its turn and some time in which no byte moves, and all that move share one line.
 *
 * Bytes over bandwidth or files over queries alone would be wrong as soon as photos (bound by queries) and videos (bound
 * by the line) come one after the other, and so would their maximum.
 */

/** What moves the files. All but `workers` may be Infinity or 0 to take that bound away. */
export interface Means {
  /** Of the line, all files together; above 0. */
  bytesPerSecond: number;
  /** Downloads begun; above 0. */
  queriesPerSecond: number;
  /** Files at a time; at least 1. */
  workers: number;
  /** Of a worker for each file, beside the bytes' own time. */
  secondsAFile: number;
}

export interface Files {
  /** Bytes still to come of the files on their way. */
  moving: readonly number[];
  /** Bytes of the files to come, in their order. */
  waiting: Iterable<number>;
}

/** Seconds until the last file has been moved. */
export function secondsToMove({ moving, waiting }: Files, means: Means): number {
  const { bytesPerSecond, queriesPerSecond, secondsAFile } = means;
  const workers = Math.max(means.workers, moving.length, 1);
  const line = new SharedLine(bytesPerSecond);
  for (const bytes of moving) line.add(bytes);
  /** Files that have a worker and no byte yet: when their first one comes, in order. */
  const opening: { at: number; bytes: number }[] = [];
  const files = waiting[Symbol.iterator]();
  let next = files.next();
  let queryAt = 0;
  let now = 0;
  while (true) {
    const free = workers - line.count - opening.length;
    const startAt = !next.done && free > 0 ? Math.max(now, queryAt) : Infinity;
    const openAt = opening[0]?.at ?? Infinity;
    const endAt = now + line.secondsToNextEnd();
    const at = Math.min(startAt, openAt, endAt);
    if (at === Infinity) return now;
    line.pass(at - now);
    now = at;
    if (at === endAt) {
      line.removeNext();
    } else if (at === openAt) {
      line.add(opening.shift()!.bytes);
    } else {
      queryAt = now + 1 / queriesPerSecond;
      opening.push({ at: now + secondsAFile, bytes: next.value as number });
      next = files.next();
    }
  }
}

/** Files on one line, each with the same share of it: the fewer bytes one has left, the earlier it ends. */
class SharedLine {
  readonly #bytesPerSecond: number;
  /** How many bytes each file that was there from the beginning would have got. */
  #share = 0;
  /** The share at which each file ends; the next one last. */
  readonly #ends: number[] = [];

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  get count(): number {
    return this.#ends.length;
  }

  add(bytes: number): void {
    const end = this.#share + bytes;
    let place = this.#ends.length;
    while (place > 0 && this.#ends[place - 1]! < end) place -= 1;
    this.#ends.splice(place, 0, end);
  }

  secondsToNextEnd(): number {
    const end = this.#ends.at(-1);
    if (end === undefined) return Infinity;
    return (Math.max(0, end - this.#share) * this.#ends.length) / this.#bytesPerSecond;
  }

  pass(seconds: number): void {
    if (this.#ends.length === 0 || seconds === 0) return;
    const got = (seconds * this.#bytesPerSecond) / this.#ends.length;
    // On a line without bounds files end in no time.
    if (Number.isFinite(got)) this.#share += got;
  }

  removeNext(): void {
    this.#share = Math.max(this.#share, this.#ends.pop()!);
  }
}
