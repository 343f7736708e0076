/**
 * Identical copies as a replacement for a file that cannot be transferred. Resolve selects one of several identical files;
 * the others wait here, and if that one ends without an object, the next copy is transferred instead.
 */
import { Readable } from 'node:stream';
import { byCleanness, duplicateOf, keyOf } from './claims.ts';
import type { Shutdown } from './flow/shutdown.ts';
import { canContinue, type FileRecord } from './record.ts';
import type { Stage } from './stage.ts';

/** The transfer stage, which holds duplicates back until it is clear whether they are needed. */
export function withCopies(transfer: Stage, shutdown?: Shutdown): Stage {
  return async function* (records) {
    const copies = new Copies();
    let next: AsyncIterable<FileRecord> | null = copies.heldBack(records);
    while (next) {
      for await (const record of transfer(next)) {
        copies.settle(record);
        yield record;
      }
      const replacements: FileRecord[] = shutdown?.drainSignal.aborted ? [] : copies.next();
      next = replacements.length > 0 ? Readable.from(replacements) : null;
    }
    yield* copies.rest();
  };
}

class Copies {
  /** Keyed by the id of the file that is transferred in their place. */
  readonly #waiting = new Map<string, FileRecord[]>();
  readonly #failed = new Set<string>();

  async *heldBack(records: AsyncIterable<FileRecord>): AsyncGenerator<FileRecord> {
    for await (const record of records) {
      const survivor = record.status === 'duplicate' && !record.url && record.error?.survivor;
      if (typeof survivor === 'string' && record.observations?.length) this.#wait(survivor, record);
      else yield record;
    }
  }

  settle(record: FileRecord): void {
    if (hasNoObject(record)) this.#failed.add(record.id);
  }

  /** One copy of each failed file, ready to be transferred. The other copies now wait for that one. */
  next(): FileRecord[] {
    const failed = [...this.#waiting.keys()].filter(id => this.#failed.has(id));
    return failed.map(id => {
      const copies = this.#waiting.get(id)!;
      this.#waiting.delete(id);
      const [first, ...others] = copies.toSorted(byCleanness) as [FileRecord, ...FileRecord[]];
      for (const other of others) this.#wait(first.id, duplicateOf(other, first));
      const { error: _, ...record } = first;
      return { ...record, key: keyOf(record), status: 'pending' };
    });
  }

  *rest(): Generator<FileRecord> {
    for (const copies of this.#waiting.values()) yield* copies;
  }

  #wait(survivor: string, record: FileRecord): void {
    const copies = this.#waiting.get(survivor);
    if (copies) copies.push(record);
    else this.#waiting.set(survivor, [record]);
  }
}

/**
 * True if the file was to be transferred and certainly has no object. False if S3's answer was unclear, or after an unexpected
 * error: then there may be one.
 */
export function hasNoObject(record: FileRecord): boolean {
  if (canContinue(record) || record.url || record.replaces || !record.key || record.status === 'duplicate')
    return false;
  const { stage, code = '' } = record.error ?? {};
  return stage === 'transfer' && code !== 'unexpected' && !code.startsWith('storage_');
}
