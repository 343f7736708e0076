/** Reads NDJSON line by line: manifests, and files and streams of other programs. */
import { isUtf8 } from 'node:buffer';
import { dirname } from 'node:path';
import { RunError } from '../../../stages/errors.ts';
import type { FileRecord } from '../../../stages/record.ts';
import { isFileThere } from '../../config/files/foreign-file.ts';
import { appendPrivately, makePrivateFolder } from '../../config/files/private-files.ts';
import { isUtf16 } from '../../config/json.ts';
import { jsonOf } from '../text/visible.ts';
import { manifestError } from './manifest-error.ts';
import { BadLine, parseRecord } from './record-line.ts';

export const NEWLINE = 0x0a;
/** No record is this long; longer lines are not kept in memory. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

export interface Line {
  /** The line without its newline; if it is too long, only enough bytes to show that. */
  bytes: Buffer;
  /** Where it starts, in bytes. */
  offset: number;
  /** Counts from 1. */
  number: number;
  /** False for a last line without a newline. */
  isComplete: boolean;
}

export type Reject = (line: string, reason: BadLine) => void;

/** The lines of a source, in a list for each chunk. */
export async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  let [offset, number, length] = [0, 1, 0];
  let pieces: Buffer[] = [];
  const add = (piece: Buffer): void => {
    const room = MAX_LINE_BYTES + 1 - length;
    if (room > 0) pieces.push(piece.subarray(0, room));
    length += piece.length;
  };
  const finished = (isComplete: boolean): Line => {
    const line = { bytes: Buffer.concat(pieces), offset, number, isComplete };
    offset += length + 1;
    number += 1;
    length = 0;
    pieces = [];
    return line;
  };
  for await (const chunk of source) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      lines.push(finished(true));
      from = end + 1;
    }
    add(chunk.subarray(from));
    yield lines;
  }
  if (length > 0) yield [finished(false)];
}

/**
 * The records of a stream, line by line. Blank lines, CRLF and a BOM are accepted. Throws {@link BadLine} for the first
 * line that is not a record (unless rejected), and the stream's own errors. `name`: of the stream, in messages.
 */
export async function* recordsInStream(
  stream: AsyncIterable<Buffer>,
  { name, reject }: { name: string; reject?: Reject | null },
): AsyncGenerator<FileRecord> {
  for await (const lines of linesOf(stream)) {
    for (const line of lines) {
      const record = recordOnLine(line, name, reject);
      if (record) yield record;
    }
  }
}

/** Null for a blank line, and for one that is rejected. Throws {@link BadLine}. */
export function recordOnLine(
  { bytes, number }: Line,
  source: string,
  reject?: Reject | null,
): FileRecord | null {
  try {
    const text = textOf(bytes, source, number);
    return text.trim() === '' ? null : parseRecord(text, source, number);
  } catch (error) {
    if (!(error instanceof BadLine && reject)) throw error;
    reject(bytes.toString('utf8'), error);
    return null;
  }
}

/** The text of a line, without the BOM that the first line may start with. */
function textOf(bytes: Buffer, source: string, line: number): string {
  if (bytes.length > MAX_LINE_BYTES) throw new BadLine(source, line, 1, 'it is longer than 16 MiB');
  if (line === 1 && isUtf16(bytes)) {
    throw new RunError(
      'input_utf16',
      `${source} is UTF-16 text; manifests are UTF-8.`,
      'Windows PowerShell writes UTF-16 with ">": use --out FILE instead. To convert a file: Get-Content FILE | Set-Content -Encoding utf8 NEW_FILE.',
    );
  }
  const text = bytes.toString('utf8');
  if (!isUtf8(bytes)) throw new BadLine(source, line, text.indexOf('\uFFFD') + 1, 'it is not UTF-8 text');
  return line === 1 ? text.replace(/^\uFEFF/, '') : text;
}

/** Sets lines aside that are not records (`--skip-bad-lines`), as they were, with the reason behind each. */
export class Rejects {
  readonly path: string;
  count = 0;

  constructor(path: string) {
    this.path = path;
  }

  readonly take: Reject = (line, reason) => {
    try {
      isFileThere(this.path);
      if (this.count === 0) makePrivateFolder(dirname(this.path));
      appendPrivately(this.path, `${jsonOf({ line, reason: reason.message })}\n`);
    } catch (error) {
      throw manifestError(this.path, error);
    }
    this.count += 1;
  };
}
