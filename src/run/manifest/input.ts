/** Records from a stream of NDJSON, as it comes. */
import type { Readable } from 'node:stream';
import { getManyValues, none } from 'stream-chain';
import fun from 'stream-chain/fun.js';
import lines from 'stream-chain/utils/lines.js';
import type { FileRecord } from '../../../stages/record.ts';
import { MAX_LINE_BYTES, textOf } from './line-text.ts';
import type { OpenOptions } from './manifest-file.ts';
import { BadLine, recordOf } from './record-line.ts';

/**
 * The records of a stream, line by line. Blank lines, CRLF and a BOM are accepted. Throws {@link BadLine} for the first
 * line that is not a record (unless rejected), and the stream's own errors. `name`: of the stream, in messages.
 */
export async function* recordsFrom(
  stream: Readable,
  { name, reject }: { name: string; reject?: OpenOptions['reject'] },
): AsyncGenerator<FileRecord> {
  // Latin-1 keeps each byte as it is: whether a line is UTF-8 is found out line by line.
  const linesOf = fun((bytes: Buffer) => bytes.toString('latin1'), lines()) as (
    chunk: Buffer | typeof none,
  ) => Many;
  let line = 0;
  const recordsOf = function* (encodedLines: string[]): Generator<FileRecord> {
    for (const encoded of encodedLines) {
      line += 1;
      const bytes = Buffer.from(encoded, 'latin1');
      try {
        const text = textOf(bytes, name, line);
        if (text.trim() !== '') yield recordOf(text, name, line);
      } catch (error) {
        if (!(error instanceof BadLine && reject)) throw error;
        reject(bytes.toString('utf8'), error);
      }
    }
  };
  for await (const chunk of withoutLongLines(stream)) yield* recordsOf(getManyValues(linesOf(chunk)));
  yield* recordsOf(getManyValues(linesOf(none)));
}

/** The bytes, but no more of each line than shows that it is too long. */
async function* withoutLongLines(stream: Readable): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const newline = chunk.indexOf(NEWLINE);
    const end = newline < 0 ? chunk.length : newline;
    const room = Math.max(0, MAX_LINE_BYTES + 1 - length);
    yield end <= room ? chunk : Buffer.concat([chunk.subarray(0, room), chunk.subarray(end)]);
    length = newline < 0 ? length + chunk.length : chunk.length - 1 - chunk.lastIndexOf(NEWLINE);
  }
}

const NEWLINE = 0x0a;

type Many = Parameters<typeof getManyValues<string>>[0];
