import { Duplex } from 'node:stream';
import type { FileRecord } from '../../stages/record.ts';
import type { RunEvents } from './events.ts';

/** Shorter runs need no totals. */
const WORTH_IT_AFTER_MS = 5_000;

export interface ListingAheadOptions {
  events: RunEvents;
  /** A listed record by its id, from the list manifest. */
  lookUp: (id: string) => FileRecord;
  /** Aborted: no more records are wanted. */
  signal: AbortSignal;
  now?: () => number;
}

/**
 * With backpressure a listing is no faster than the transfers, and the totals and the remaining time of a run would be known
 * only near its end. So once files are transferred, this stream takes the rest of the listing without waiting for its reader.
 * Waiting records are in the list manifest, not in memory, and are read back when they are needed.
 */
export class ListingAhead extends Duplex {
  readonly #options: ListingAheadOptions;
  readonly #startedAt: number;
  #isAhead = false;
  #isWanted = false;
  /** Ids of the records that wait for the reader, and how many of them have been read back. */
  readonly #waiting: string[] = [];
  #readBack = 0;
  /** Continues or ends the listing. */
  #resume: (() => void) | null = null;

  constructor(options: ListingAheadOptions) {
    super({ objectMode: true });
    this.#options = options;
    this.#startedAt = this.#now();
    options.events.on('finished', this.#goAhead);
  }

  override _write(record: FileRecord, _encoding: string, callback: () => void): void {
    if (this.#isAhead && !this.#isWanted) {
      this.#waiting.push(record.id);
      callback();
      return;
    }
    this.#isWanted = this.#options.signal.aborted || this.push(record);
    if (this.#isWanted || this.#isAhead) callback();
    else this.#resume = callback;
  }

  override _read(): void {
    this.#isWanted = true;
    while (this.#isWanted && this.#readBack < this.#waiting.length && !this.#options.signal.aborted) {
      this.#isWanted = this.push(this.#options.lookUp(this.#waiting[this.#readBack++]!));
    }
    if (this.#isWanted) this.#release();
  }

  override _final(callback: () => void): void {
    this.#resume = () => {
      this.push(null);
      callback();
    };
    const isRead = this.#readBack === this.#waiting.length || this.#options.signal.aborted;
    if (isRead) this.#release();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#options.events.off('finished', this.#goAhead);
    callback(error);
  }

  #now(): number {
    return (this.#options.now ?? performance.now.bind(performance))();
  }

  readonly #goAhead = ({ url }: FileRecord): void => {
    if (this.#isAhead || !url || this.#now() - this.#startedAt < WORTH_IT_AFTER_MS) return;
    this.#isAhead = true;
    if (!this.writableEnded) this.#release();
  };

  #release(): void {
    const resume = this.#resume;
    this.#resume = null;
    resume?.();
  }
}
