import { FileError } from '../../stages/errors.ts';
import type { Upload } from '../../stages/transfer.ts';

/** `came`: number of bytes received; reading stops once there are more than `size`. */
export function wrongSize(fileName: string, size: number, came: number): FileError {
  const [code, what] =
    came < size
      ? ['too_few_bytes', `only ${came} of ${size} bytes came`]
      : ['too_many_bytes', `more bytes came than the ${size} that Drive announced`];
  return new FileError(code, `${fileName}: ${what}. Nothing was stored.`, { retryable: true });
}

/** `found`: hex md5 of the received bytes; null if unknown. */
export function md5Differs(
  { fileName, md5 }: Pick<Upload, 'fileName' | 'md5'>,
  found: string | null,
): FileError {
  const what = found
    ? `have the md5 ${found}, Drive says ${md5}`
    : `do not have the md5 ${md5} that Drive says`;
  return new FileError(
    'md5_mismatch',
    `${fileName}: the bytes that came ${what}. Nothing was stored. If it happens again, the file was replaced in Drive after it was listed.`,
    { retryable: true },
  );
}
