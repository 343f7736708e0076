/** The transfers that are still to start, as far as the files of the run are known. */
import type { FileRecord } from '../../../stages/record.ts';
import type { Work } from './estimate.ts';

export class Remaining {
  /** Files that an earlier run has transferred. */
  readonly #transferred = new Set<string>();
  /** Listed, not resolved yet. */
  readonly #listed: Work = { files: 0, bytes: 0 };
  /** Resolved, waiting for a worker: bytes by id. */
  readonly #waiting = new Map<string, number>();
  #waitingBytes = 0;
  #resolved = 0;
  #toTransfer = 0;

  list({ id, size }: FileRecord, isTransferred: boolean): void {
    if (isTransferred) this.#transferred.add(id);
    else this.#count(1, size ?? 0);
  }

  resolve({ id, size, status, url }: FileRecord): void {
    if (this.#transferred.has(id)) return;
    this.#count(-1, -(size ?? 0));
    this.#resolved += 1;
    if (status !== 'pending' || url) return;
    this.#toTransfer += 1;
    this.#waiting.set(id, size ?? 0);
    this.#waitingBytes += size ?? 0;
  }

  /** The transfer has started, or the file has finished without one. */
  drop({ id }: FileRecord): void {
    this.#waitingBytes -= this.#waiting.get(id) ?? 0;
    this.#waiting.delete(id);
    this.#transferred.delete(id);
  }

  /** Assumes that the same share of files needs a transfer as so far. */
  get work(): Work {
    const share = this.#resolved === 0 ? 1 : this.#toTransfer / this.#resolved;
    return {
      files: this.#waiting.size + this.#listed.files * share,
      bytes: this.#waitingBytes + this.#listed.bytes * share,
    };
  }

  #count(files: number, bytes: number): void {
    this.#listed.files = Math.max(0, this.#listed.files + files);
    this.#listed.bytes = Math.max(0, this.#listed.bytes + bytes);
  }
}
