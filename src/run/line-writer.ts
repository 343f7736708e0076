import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { FileRecord } from '../../stages/record.ts';
import { lineOf } from './manifest/record-line.ts';

/** What is written at once; one write a line would cost more than all else that is done with a record. */
const CHUNK_CHARACTERS = 64 * 1024;

/** Writes records as lines: together those that come together, and none later than in the next turn of the event loop. */
export class LineWriter {
  readonly #stream: Writable;
  readonly #signal: AbortSignal;
  #text = '';
  #turn: NodeJS.Immediate | null = null;

  /** `signal` ends the wait for a reader. */
  constructor(stream: Writable, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
  }

  /** A promise when the reader has to be waited for. */
  write(record: FileRecord): Promise<unknown> | undefined {
    this.#text += lineOf(record);
    this.#turn ??= setImmediate(() => this.flush());
    if (this.#text.length >= CHUNK_CHARACTERS) this.flush();
    // Also when it was what an earlier turn has written that nobody reads.
    return this.#stream.writableNeedDrain ? once(this.#stream, 'drain', { signal: this.#signal }) : undefined;
  }

  flush(): void {
    clearImmediate(this.#turn ?? undefined);
    this.#turn = null;
    const text = this.#text;
    this.#text = '';
    if (text !== '') this.#stream.write(text);
  }
}
