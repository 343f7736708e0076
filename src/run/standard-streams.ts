/** What the standard streams of this process are, and how records are written to one. */
import { once } from 'node:events';
import { fstatSync, type Stats } from 'node:fs';
import type { Writable } from 'node:stream';
import type { FileRecord } from '../../stages/record.ts';
import { lineOf } from './manifest/record-line.ts';

/** True for a pipe, a socket or a file; false for a terminal, /dev/null or a closed stream. */
export function isPiped(fd: 0 | 1): boolean {
  const stat = statOf(fd);
  return stat !== null && (stat.isFIFO() || stat.isFile() || stat.isSocket());
}

/** True if messages go to the same place as standard output, as with `>log 2>&1`, `nohup` and cron. */
export function isLog(): boolean {
  const [output, messages] = [statOf(1), statOf(2)];
  return output !== null && messages !== null && output.dev === messages.dev && output.ino === messages.ino;
}

function statOf(fd: number): Stats | null {
  try {
    return fstatSync(fd);
  } catch {
    return null;
  }
}

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
