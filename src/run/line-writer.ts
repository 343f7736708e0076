import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { FileRecord } from '../../stages/record.ts';
import { lineOf } from './manifest/record-line.ts';

/** One write a line would cost more than everything else that is done with a record. */
const CHUNK_CHARACTERS = 64 * 1024;

/** Writes records as lines: all of one turn of the event loop together. */
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
    // True also for what an earlier turn has written.
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
