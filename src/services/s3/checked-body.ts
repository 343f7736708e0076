import { createHash, type Hash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { FileError } from '../../../stages/errors.ts';
import type { Upload } from '../../../stages/transfer.ts';

/** Passes bytes on, and fails before its end where they are not the announced ones. */
export class CheckedBody extends Transform {
  readonly #expected: Pick<Upload, 'size' | 'md5' | 'fileName'>;
  readonly #md5: Hash | null;
  #bytes = 0;

  /** `hash`: whether the md5 is compared as well as the size. */
  constructor(expected: Pick<Upload, 'size' | 'md5' | 'fileName'>, { hash }: { hash: boolean }) {
    super();
    this.#expected = expected;
    this.#md5 = hash && expected.md5 !== null ? createHash('md5') : null;
  }

  /** Bytes that have passed. */
  get bytes(): number {
    return this.#bytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const { size } = this.#expected;
    this.#bytes += chunk.length;
    this.#md5?.update(chunk);
    if (size !== null && this.#bytes > size) done(this.#tooMany(size));
    else done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    done(this.#errorAtEnd());
  }

  #errorAtEnd(): FileError | null {
    const { size, md5 } = this.#expected;
    if (size !== null && this.#bytes < size) return this.#tooFew(size);
    const found = this.#md5?.digest('hex');
    return found === undefined || found === md5 ? null : md5Differs(this.#expected, found);
  }

  #tooMany(size: number): FileError {
    return new FileError(
      'too_many_bytes',
      `${this.#expected.fileName}: more bytes came than the ${size} that Drive announced. Nothing was stored.`,
      { retryable: true },
    );
  }

  #tooFew(size: number): FileError {
    return new FileError(
      'too_few_bytes',
      `${this.#expected.fileName}: only ${this.#bytes} of ${size} bytes came. Nothing was stored.`,
      { retryable: true },
    );
  }
}

/** `found`: hex md5 of the bytes that came; null if nobody says which it is. */
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
