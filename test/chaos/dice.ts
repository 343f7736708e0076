/**
 * Chance that can be repeated. What is drawn depends on the seed and on a name alone, not on what was drawn before: the
 * third download of a file meets the same fault in every run of a seed, whatever order the requests arrive in.
 */
import { createHash } from 'node:crypto';

export interface Weighted {
  readonly weight: number;
}

export class Dice {
  readonly seed: string;

  constructor(seed: string) {
    this.seed = seed;
  }

  /** Dice of their own for a part of what happens. */
  of(name: string): Dice {
    return new Dice(`${this.seed}/${name}`);
  }

  /** From 0 to below 1. */
  fraction(name: string): number {
    return createHash('sha256').update(`${this.seed} ${name}`).digest().readUIntBE(0, 6) / 2 ** 48;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(name: string, least: number, most: number): number {
    return least + Math.floor(this.fraction(name) * (most - least + 1));
  }

  chance(name: string, probability: number): boolean {
    return this.fraction(name) < probability;
  }

  /** One of the items; there must be one. */
  pick<T>(name: string, items: readonly T[]): T {
    return items[this.whole(name, 0, items.length - 1)]!;
  }

  /** One of the items, those with more weight more often. */
  weighted<T extends Weighted>(name: string, items: readonly T[]): T {
    let left = this.fraction(name) * items.reduce((sum, { weight }) => sum + weight, 0);
    for (const item of items) {
      left -= item.weight;
      if (left < 0) return item;
    }
    return items.at(-1)!;
  }
}
