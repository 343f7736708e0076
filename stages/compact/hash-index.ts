/**
 * Finds entries, numbered from 0, by the hash of what they are known by. An entry costs about 14 bytes, none of them in
 * the heap that is searched for garbage; a `Map` of texts costs a hundred and more. Different texts may have one hash: who
 * asks says by `is` whether an entry is the one, so that no answer depends on the hash.
 */
import { randomInt } from 'node:crypto';

const ABSENT = -2;
const END = -1;
const FIRST_SIZE = 1024;

export class HashIndex {
  #count = 0;
  /** By entry. */
  #hashes = new Int32Array(FIRST_SIZE);
  /** By entry: the next one in its bucket. */
  #next = new Int32Array(FIRST_SIZE).fill(ABSENT);
  /** By bucket: its first entry. */
  #heads = new Int32Array(FIRST_SIZE).fill(END);

  /** How many entries there are. */
  get count(): number {
    return this.#count;
  }

  /** The entry with this hash that is the one; -1 if there is none. */
  find(hash: number, is: (entry: number) => boolean): number {
    for (let entry = this.#heads[this.#bucketOf(hash)]!; entry !== END; entry = this.#next[entry]!) {
      if (this.#hashes[entry] === hash && is(entry)) return entry;
    }
    return -1;
  }

  /** All entries with this hash, the latest first. */
  *all(hash: number): Generator<number> {
    for (let entry = this.#heads[this.#bucketOf(hash)]!; entry !== END; entry = this.#next[entry]!) {
      if (this.#hashes[entry] === hash) yield entry;
    }
  }

  has(entry: number): boolean {
    return entry >= 0 && entry < this.#next.length && this.#next[entry] !== ABSENT;
  }

  /** Adds an entry that is not there. `hash` is an integer of 32 bits, signed. */
  add(hash: number, entry: number): void {
    if (entry >= this.#hashes.length) this.#makeRoomFor(entry);
    if (this.#count >= this.#heads.length) this.#spread(this.#heads.length * 2);
    this.#hashes[entry] = hash;
    this.#chain(entry);
    this.#count += 1;
  }

  /** Removes an entry; one that is not there, too. */
  remove(entry: number): void {
    if (!this.has(entry)) return;
    const bucket = this.#bucketOf(this.#hashes[entry]!);
    const after = this.#next[entry]!;
    if (this.#heads[bucket] === entry) {
      this.#heads[bucket] = after;
    } else {
      let before = this.#heads[bucket]!;
      while (this.#next[before] !== entry) before = this.#next[before]!;
      this.#next[before] = after;
    }
    this.#next[entry] = ABSENT;
    this.#count -= 1;
  }

  #bucketOf(hash: number): number {
    return hash & (this.#heads.length - 1);
  }

  #chain(entry: number): void {
    const bucket = this.#bucketOf(this.#hashes[entry]!);
    this.#next[entry] = this.#heads[bucket]!;
    this.#heads[bucket] = entry;
  }

  #makeRoomFor(entry: number): void {
    const size = Math.max(entry + 1, this.#hashes.length * 2);
    const hashes = new Int32Array(size);
    hashes.set(this.#hashes);
    const next = new Int32Array(size).fill(ABSENT, this.#next.length);
    next.set(this.#next);
    this.#hashes = hashes;
    this.#next = next;
  }

  #spread(buckets: number): void {
    this.#heads = new Int32Array(buckets).fill(END);
    // In their order: the latest of a bucket comes first again.
    for (let entry = 0; entry < this.#next.length; entry += 1) {
      if (this.#next[entry] !== ABSENT) this.#chain(entry);
    }
  }
}

/** Another one in each process: nobody can name files so that all have one hash. */
const SEED = randomInt(2 ** 31);

/** An integer of 32 bits (FNV-1a over UTF-16 code units, with its bits mixed at the end as MurmurHash3 does). */
export function hashOf(text: string): number {
  let hash = SEED;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
