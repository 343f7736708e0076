import { isUtf8 } from 'node:buffer';
import { RunError } from '../../../stages/errors.ts';
import { isUtf16 } from '../../config/json.ts';
import { BadLine } from './record-line.ts';

/** No record is this long; longer lines are not kept in memory. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

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

function utf16(source: string): RunError {
  return new RunError(
    'input_utf16',
    `${source} is UTF-16 text; manifests are UTF-8.`,
    'Windows PowerShell writes UTF-16 with ">": use --out FILE instead. To convert a file: Get-Content FILE | Set-Content -Encoding utf8 NEW_FILE.',
  );
}
