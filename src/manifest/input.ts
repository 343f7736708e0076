/** Records from a stream of NDJSON, as it comes. */
import type { Readable } from 'node:stream';
import { getManyValues, none } from 'stream-chain';
import fun from 'stream-chain/fun.js';
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
  const linesOf = fun(fixUtf8Stream(), lines()) as (chunk: Buffer | typeof none) => Many;
  let line = 0;
  const recordsOf = function* (texts: string[]): Generator<FileRecord> {
    for (const text of texts) {
      line += 1;
      if (text.trim() === '') continue;
      try {
        yield recordOf(text, name, line);
      } catch (error) {
        if (!(error instanceof BadLine && reject)) throw error;
        reject(text, error);
      }
    }
  };
  for await (const chunk of stream) yield* recordsOf(getManyValues(linesOf(chunk)));
  yield* recordsOf(getManyValues(linesOf(none)));
}

type Many = Parameters<typeof getManyValues<string>>[0];
