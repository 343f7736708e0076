import { FileError } from '../../stages/errors.ts';
import type { Upload } from '../../stages/transfer.ts';

/** `received`: number of bytes received; reading stops once there are more than `size`. */
export function wrongSize(fileName: string, size: number, received: number): FileError {
  const [code, what] =
    received < size
      ? ['too_few_bytes', `received only ${received} of ${size} bytes`]
      : ['too_many_bytes', `received more than the ${size} bytes that Drive lists`];
  return new FileError(code, `${fileName}: ${what}. Nothing was stored.`, { retryable: true });
}

/** `found`: hex md5 of the received bytes; null if unknown. */
export function md5Differs(
  { fileName, md5 }: Pick<Upload, 'fileName' | 'md5'>,
  found: string | null,
): FileError {
  const what = found
    ? `the MD5 differs: received ${found}, Drive lists ${md5}`
    : `the received bytes do not have the MD5 that Drive lists (${md5})`;
  return new FileError(
    'md5_mismatch',
    `${fileName}: ${what}. Nothing was stored. If it happens again, the file was replaced in Drive after it was listed.`,
    { retryable: true },
  );
}
