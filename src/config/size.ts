import { ConfigError } from './error.ts';

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P'];

/**
 * Bytes of a size like `700G`, as rclone and the AWS CLI read it: K, M, G, T and P are powers of 1024 (`GiB` and `GB` mean
 * the same). Null for anything else, and for a number without a unit: tools disagree on what that is.
 */
export function parseSize(text: string): number | null {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([BKMGTP])(?:I?B)?$/.exec(text.trim().toUpperCase()) ?? [];
  const bytes = Math.floor(Number(number) * 1024 ** UNITS.indexOf(unit ?? ''));
  return unit && bytes > 0 && Number.isSafeInteger(bytes) ? bytes : null;
}

/** The bytes of a flag. Throws ConfigError (usage). */
export function bytesOf(text: string, flag: string): number {
  const bytes = parseSize(text);
  if (bytes !== null) return bytes;
  throw new ConfigError(
    'bad_size',
    `--${flag} ${JSON.stringify(text)} is not a size.`,
    'Give a number with a unit: 500M, 700G, 1.5T (powers of 1024).',
    { exitCode: 2 },
  );
}
