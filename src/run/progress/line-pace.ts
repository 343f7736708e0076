/**
 * What the line can carry, seen from the files that pass it. The rate of the moment does not tell: while queries to Drive
 * are the bound, the line is idle half of the time, and the videos behind the photos would seem to take for ever.
 */

/** The longer one is steady; the shorter one sees soon that something has changed. */
const LONG_MS = 120_000;
const SHORT_MS = 15_000;
/**
 * Natural logarithms of a difference that is noise, and how much more makes it certain. Faster may be a burst that
 * fills buffers on its way to a slow upload.
 */
const NOISE = { slower: 0.25, faster: 1 };
const CERTAIN = 0.35;
/** After so long what was before the change is of no use any more. */
const FOR_GOOD_MS = 15_000;

export class LinePace {
  readonly #workers: () => number;
  readonly #long = new Passage(LONG_MS);
  readonly #short = new Passage(SHORT_MS);
  #downloads = 0;
  #uploads = 0;
  #bytes = 0;
  #at = 0;
  /** Nothing is on its way: time that does not count. */
  #isPaused = true;
  #certainSince: number | null = null;

  /** `workers`: files at a time, at most. */
  constructor(workers: () => number) {
    this.#workers = workers;
  }

  /** So many bytes more have come from Drive. */
  passed(bytes: number): void {
    this.#bytes += bytes;
  }

  /** One file more (or less) gives bytes; `at` in ms. */
  downloading(change: 1 | -1, at: number): void {
    this.#note(at);
    this.#isPaused = false;
    this.#downloads += change;
  }

  /** One file more (or less) has all its bytes and waits for S3 to have them. */
  uploading(change: 1 | -1, at: number): void {
    this.#note(at);
    this.#uploads += change;
  }

  /** The last file that was on its way has ended. */
  pause(at: number): void {
    this.#note(at);
    this.#isPaused = true;
  }

  /** Bytes a second that the line carries when it has enough to carry; null while nothing is known. */
  bytesPerSecond(at: number): number | null {
    this.#note(at);
    const long = this.#long.capacity(this.#workers());
    const short = this.#short.capacity(this.#workers());
    if (!long || short === null) return null;
    if (!Number.isFinite(long) || !Number.isFinite(short)) return long;
    const difference = Math.abs(Math.log(Math.max(short, 1) / long));
    const noise = short < long ? NOISE.slower : NOISE.faster;
    const trust = Math.min(1, Math.max(0, (difference - noise) / CERTAIN));
    this.#forget(trust === 1, at);
    return long ** (1 - trust) * Math.max(short, 1) ** trust;
  }

  #forget(isCertain: boolean, at: number): void {
    if (!isCertain) this.#certainSince = null;
    else this.#certainSince ??= at;
    if (this.#certainSince === null || at - this.#certainSince < FOR_GOOD_MS) return;
    this.#long.become(this.#short);
    this.#certainSince = null;
  }

  #note(at: number): void {
    const ms = this.#isPaused ? 0 : at - this.#at;
    this.#at = at;
    for (const passage of [this.#long, this.#short])
      passage.add(ms, this.#bytes, this.#downloads, this.#uploads);
    this.#bytes = 0;
  }
}

/** Bytes and times of the last while, what is older weighing less. Times are in ms. */
class Passage {
  readonly #memoryMs: number;
  #bytes = 0;
  #time = 0;
  /** In which at least one file came from Drive. */
  #busy = 0;
  /** Of all files together, from the first byte to S3's answer. */
  #moving = 0;

  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

  add(ms: number, bytes: number, downloads: number, uploads: number): void {
    if (ms > 0) {
      const kept = Math.exp(-ms / this.#memoryMs);
      // What has passed in this time fades in the course of it.
      const lasts = this.#memoryMs * (1 - kept);
      this.#bytes *= kept;
      this.#time = this.#time * kept + lasts;
      this.#busy = this.#busy * kept + (downloads > 0 ? lasts : 0);
      this.#moving = this.#moving * kept + lasts * (downloads + uploads);
    }
    this.#bytes += bytes;
  }

  /** Remembers what the other one does, and no more. */
  become(other: Passage): void {
    this.#bytes = other.#bytes;
    this.#time = other.#time;
    this.#busy = other.#busy;
    this.#moving = other.#moving;
  }

  /**
   * Bytes a second; null if no time has passed. The line carries at least what it did carry; beyond that, what it would
   * have carried without the times in which nothing came, but not more than all workers together at the pace that each
   * file had by itself.
   */
  capacity(workers: number): number | null {
    if (this.#time === 0) return null;
    const per = (ms: number) => (ms === 0 ? Infinity : (this.#bytes * 1000) / ms);
    if (this.#bytes === 0) return 0;
    return Math.max(per(this.#time), Math.min(per(this.#busy), workers * per(this.#moving)));
  }
}
