import { isUtf8 } from 'node:buffer';
import { RunError } from '../../../stages/errors.ts';
import { BadLine } from './record-line.ts';

/** Far above any record; a longer line is not read into memory as a whole. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** As much of a line as shows that it is too long. */
export function cutLine(bytes: Buffer): Buffer {
  return bytes.length > MAX_LINE_BYTES ? bytes.subarray(0, MAX_LINE_BYTES + 1) : bytes;
}

/**
 * The text of a line, without the BOM that the first one may begin with. Throws {@link BadLine} if it is not UTF-8 or too long, and
 * RunError if the whole source is UTF-16.
 */
export function textOf(bytes: Buffer, source: string, line: number): string {
  if (bytes.length > MAX_LINE_BYTES) throw new BadLine(source, line, 1, 'it is longer than 16 MiB');
  if (line === 1 && isUtf16(bytes)) throw utf16(source);
  const text = bytes.toString('utf8');
  if (!isUtf8(bytes)) throw new BadLine(source, line, text.indexOf('\uFFFD') + 1, 'it is not UTF-8 text');
  return line === 1 ? text.replace(/^\uFEFF/, '') : text;
}

/** By its BOM or, without one, by the NUL beside the first character, which is ASCII in a manifest. */
function isUtf16([first, second]: Buffer): boolean {
  if (first === undefined || second === undefined) return false;
  const hasBom = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return hasBom || (first === 0) !== (second === 0);
}

function utf16(source: string): RunError {
  return new RunError(
    'input_utf16',
    `${source} is UTF-16 text; manifests are UTF-8.`,
    'Windows PowerShell writes UTF-16 with ">": use --out FILE instead. To convert a file: Get-Content FILE | Set-Content -Encoding utf8 NEW_FILE.',
  );
}
