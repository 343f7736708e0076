import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { FileError } from '../../../stages/errors.ts';
import type { Upload } from '../../../stages/transfer.ts';

/**
 * The bytes of a source, which fail before their end where they are not the announced ones. An error of the source is one
 * of the body, and a body that is destroyed destroys its source.
 */
export class CheckedBody extends Readable {
  readonly #source: Readable;
  readonly #expected: Pick<Upload, 'size' | 'md5' | 'fileName'>;
  readonly #md5: Hash | null;
  #isWanted = false;
  #bytes = 0;

  /** `hash`: whether the md5 is compared as well as the size. */
  constructor(
    source: Readable,
    expected: Pick<Upload, 'size' | 'md5' | 'fileName'>,
    { hash }: { hash: boolean },
  ) {
    // The source reads ahead. Read ahead here as well, its chunks would be copied together once more.
    super({ highWaterMark: 1 });
    this.#source = source;
    this.#expected = expected;
    this.#md5 = hash && expected.md5 !== null ? createHash('md5') : null;
    source.on('readable', () => this.#take());
    source.once('end', () => this.#end());
    source.on('error', error => this.destroy(error));
    source.once('close', () => this.#sourceClosed());
    if (source.destroyed) this.#sourceClosed();
  }

  /** Bytes that have passed. */
  get bytes(): number {
    return this.#bytes;
  }

  override _read(): void {
    this.#isWanted = true;
    this.#take();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#source.destroy();
    done(error);
  }

  #take(): void {
    if (!this.#isWanted || this.destroyed) return;
    const chunk: Buffer | null = this.#source.read();
    if (chunk === null) return;
    this.#isWanted = false;
    const { size } = this.#expected;
    this.#bytes += chunk.length;
    this.#md5?.update(chunk);
    if (size !== null && this.#bytes > size) this.destroy(this.#tooMany(size));
    else this.push(chunk);
  }

  #end(): void {
    const error = this.#errorAtEnd();
    if (error) this.destroy(error);
    else this.push(null);
  }

  #sourceClosed(): void {
    if (this.#source.readableEnded) return;
    this.destroy(this.#source.errored ?? new Error('the download was closed before its end'));
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
