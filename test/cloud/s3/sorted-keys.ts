/** The keys of a bucket in S3's order, which is that of their UTF-8 bytes. */

/** Compares as the UTF-8 bytes would: JavaScript's own order differs for characters beyond U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

// Surrogates stand for characters beyond U+FFFF and so come after U+E000 to U+FFFF.
const rank = (unit: number): number =>
  unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;

export class SortedKeys {
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  at(index: number): string | undefined {
    return this.#keys[index];
  }

  /** Adds a key that is not there yet. */
  add(key: string): void {
    this.#keys.splice(this.from(key), 0, key);
  }

  delete(key: string): void {
    const index = this.from(key);
    if (this.#keys[index] === key) this.#keys.splice(index, 1);
  }

  /** The index of the first key that is `text` or comes after it. */
  from(text: string): number {
    return this.#first(key => compareUtf8(key, text) >= 0);
  }

  /** The index of the first key that comes after `text`. */
  after(text: string): number {
    return this.#first(key => compareUtf8(key, text) > 0);
  }

  /** The index of the first key that comes after all those that begin with `prefix`. */
  afterPrefix(prefix: string): number {
    return this.#first(key => compareUtf8(key, prefix) > 0 && !key.startsWith(prefix));
  }

  #first(isThere: (key: string) => boolean): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isThere(this.#keys[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#keys[Symbol.iterator]();
  }
}
