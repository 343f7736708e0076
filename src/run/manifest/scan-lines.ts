/** Reads a manifest from its beginning, line by line. */
import { fstatSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MAX_LINE_BYTES } from './line-text.ts';

const NEWLINE = 0x0a;
const SCAN_BYTES = 1024 * 1024;

/** `offset` in bytes; `line` counts from 1. */
type OnLine = (bytes: Buffer, offset: number, line: number) => void;

/** Calls `onLine` for each line that ends with a newline; returns the rest, which may be empty, and the size of the file. */
export async function scanLines(
  fd: number,
  onLine: OnLine,
): Promise<{ bytes: Buffer; offset: number; line: number; size: number }> {
  const size = fstatSync(fd).size;
  const chunk = Buffer.allocUnsafe(SCAN_BYTES);
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let line = 1;
  for (let at = 0; at < size; ) {
    const count = readSync(fd, chunk, 0, SCAN_BYTES, at);
    if (count === 0) break;
    at += count;
    const read = chunk.subarray(0, count);
    if (rest.length > MAX_LINE_BYTES && !read.includes(NEWLINE)) continue;
    const text: Buffer = Buffer.concat([rest, read]);
    // Bytes of this line that were not kept: it is too long anyway.
    let missing = at - count - offset - rest.length;
    let from = 0;
    for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, from)) {
      onLine(text.subarray(from, end), offset, line);
      line += 1;
      offset += missing + end + 1 - from;
      missing = 0;
      from = end + 1;
    }
    // Enough of a line to see that it is too long.
    rest = text.subarray(from, from + MAX_LINE_BYTES + 1);
    // Other work goes on while a large manifest is read.
    if (at < size) await nextTurn();
  }
  return { bytes: rest, offset, line, size };
}

const LINE_HEAD = '{"id":"';
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The id at the head of a line, where `lineOf` puts it; null for a line that another program has written. */
export function idIn(bytes: Buffer): string | null {
  const start = LINE_HEAD.length;
  const end = bytes.indexOf(QUOTE, start);
  if (end < 0 || bytes.toString('latin1', 0, start) !== LINE_HEAD) return null;
  const id = bytes.subarray(start, end);
  return id.includes(BACKSLASH) ? null : id.toString('utf8');
}

/**
 * Whether a last line was cut short: it starts with a brace and is not JSON, or a power cut has left zeros. Anything else
 * was written by another program, and is not cut off.
 */
export function isTorn(text: string): boolean {
  const bare = text.trim();
  if (!/^(?:\{|\0+$)/.test(bare)) return false;
  try {
    JSON.parse(bare);
    return false;
  } catch {
    return true;
  }
}
