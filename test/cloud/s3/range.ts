/** The Range header (RFC 9110, 14.2) as S3 takes it: one range of bytes. */
import { S3Error } from './errors.ts';

/**
 * First and last byte, both included; null when the whole object is to be sent, as it is for a header that makes no sense
 * and for several ranges.
 * @throws S3Error `InvalidRange` when the range lies outside
 */
export function rangeOf(
  header: string | undefined,
  sizeBytes: number,
): { start: number; end: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [, first, last] = match as unknown as [string, string, string];
  const start = first === '' ? Math.max(sizeBytes - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (first !== '' && last !== '' && Number(last) < start) return null;
  if (start >= sizeBytes || (first === '' && Number(last) === 0)) {
    throw new S3Error('InvalidRange');
  }
  return { start, end };
}
