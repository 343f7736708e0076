import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { FileRecord } from '../../stages/record.ts';
import { lineOf } from './manifest/record-line.ts';

/** One write a line would cost more than everything else that is done with a record. */
const CHUNK_CHARACTERS = 64 * 1024;

/** Writes records as lines: all of one turn of the event loop together. `signal` ends the wait for a reader. */
export function lineWriter(stream: Writable, signal: AbortSignal) {
  let text = '';
  let turn: NodeJS.Immediate | undefined;
  const flush = (): void => {
    clearImmediate(turn);
    turn = undefined;
    if (text !== '') stream.write(text);
    text = '';
  };
  /** A promise when the reader has to be waited for. */
  const write = (record: FileRecord): Promise<unknown> | undefined => {
    text += lineOf(record);
    turn ??= setImmediate(flush);
    if (text.length >= CHUNK_CHARACTERS) flush();
    // True also for what an earlier turn has written.
    return stream.writableNeedDrain ? once(stream, 'drain', { signal }) : undefined;
  };
  return { write, flush };
}
