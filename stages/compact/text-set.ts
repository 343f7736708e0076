import { HashIndex, hashOf } from './hash-index.ts';
import { TextStore } from './text-store.ts';

/** A set of texts for as many as a folder has files: half of what a `Set` costs, and nothing in the heap. */
export class TextSet {
  readonly #texts = new TextStore();
  readonly #index = new HashIndex();

  has(text: string): boolean {
    return this.#find(text, hashOf(text));
  }

  /** False if it was there before. */
  add(text: string): boolean {
    const hash = hashOf(text);
    if (this.#find(text, hash)) return false;
    this.#index.add(hash, this.#texts.add(text));
    return true;
  }

  #find(text: string, hash: number): boolean {
    return this.#index.find(hash, entry => this.#texts.get(entry) === text) >= 0;
  }
}
