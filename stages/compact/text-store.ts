/** Texts by number, in the order in which they were added, as bytes outside the heap. */
const BLOCK_BYTES = 1024 * 1024;
/** Few texts cost little: each block is twice as large as the one before. */
const FIRST_BLOCK_BYTES = 4 * 1024;
const FIRST_SIZE = 1024;

export class TextStore {
  readonly #blocks: Buffer[] = [];
  /** Bytes used of the last block. */
  #used = 0;
  #count = 0;
  /** By text: number of its block times BLOCK_BYTES, plus where it begins there. */
  #places = new Float64Array(FIRST_SIZE);
  /** By text: its bytes; below 0 if they are UTF-16. */
  #bytes = new Int32Array(FIRST_SIZE);

  /** Keeps a text; gives its number. */
  add(text: string): number {
    // UTF-16 gives back every text as it was, lone surrogates too.
    const ascii = Buffer.byteLength(text) === text.length;
    const bytes = ascii ? text.length : text.length * 2;
    const last = this.#blocks.at(-1);
    if (!last || this.#used + bytes > last.length) {
      const usual = Math.min(BLOCK_BYTES, FIRST_BLOCK_BYTES * 2 ** this.#blocks.length);
      this.#blocks.push(Buffer.allocUnsafeSlow(Math.max(bytes, usual)));
      this.#used = 0;
    }
    if (this.#count === this.#places.length) this.#makeRoom();
    this.#blocks.at(-1)!.write(text, this.#used, ascii ? 'latin1' : 'utf16le');
    this.#places[this.#count] = (this.#blocks.length - 1) * BLOCK_BYTES + this.#used;
    this.#bytes[this.#count] = ascii ? bytes : -bytes;
    this.#used += bytes;
    this.#count += 1;
    return this.#count - 1;
  }

  /** The text with this number, which was given for it. */
  get(number: number): string {
    const place = this.#places[number]!;
    const bytes = this.#bytes[number]!;
    const begin = place % BLOCK_BYTES;
    const encoding = bytes < 0 ? 'utf16le' : 'latin1';
    return this.#blocks[Math.floor(place / BLOCK_BYTES)]!.toString(encoding, begin, begin + Math.abs(bytes));
  }

  #makeRoom(): void {
    const places = new Float64Array(this.#count * 2);
    places.set(this.#places);
    const bytes = new Int32Array(this.#count * 2);
    bytes.set(this.#bytes);
    this.#places = places;
    this.#bytes = bytes;
  }
}
