/** Records from a stream of NDJSON, as it comes. */
import type { Readable } from 'node:stream';
import chain from 'stream-chain';
import fixUtf8Stream from 'stream-chain/utils/fixUtf8Stream.js';
import lines from 'stream-chain/utils/lines.js';
import type { FileRecord } from '../../stages/record.ts';
import { BadLine, recordOf } from './record-line.ts';

export interface InputOptions {
  /** How messages name the stream. */
  name: string;
  /** Takes lines that are not records, instead of the error that they are otherwise. */
  reject?: ((line: string, reason: BadLine) => void) | null;
}

/**
 * The records of a stream, line by line. Blank lines, CRLF and a BOM are accepted. Throws {@link BadLine} for the first
 * line that is not a record (unless rejected), and the stream's own errors.
 */
export async function* recordsFrom(
  stream: Readable,
  { name, reject }: InputOptions,
): AsyncGenerator<FileRecord> {
  let line = 0;
  const records = chain([
    fixUtf8Stream(),
    lines(),
    (text: string) => {
      line += 1;
      return { text, line };
    },
  ]);
  stream.on('error', error => records.destroy(error));
  for await (const item of stream.pipe(records) as unknown as AsyncIterable<{ text: string; line: number }>) {
    if (item.text.trim() === '') continue;
    try {
      yield recordOf(item.text, name, item.line);
    } catch (error) {
      if (!(error instanceof BadLine && reject)) throw error;
      reject(item.text, error);
    }
  }
}
