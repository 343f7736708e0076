import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FileError } from '../../../stages/errors.ts';
import type { Upload } from '../../../stages/transfer.ts';
import { md5Differs, wrongSize } from '../wrong-bytes.ts';

/**
 * The bytes of a source, which fail before their end if their size or md5 is not the announced one. An error of the source
 * is one of the body, and destroying the body destroys the source.
 */
export class CheckedBody extends Readable {
  readonly #source: Readable;
  readonly #expected: Pick<Upload, 'size' | 'md5' | 'fileName'>;
  readonly #md5: Hash | null;
  #isWanted = false;
  #bytes = 0;

  constructor(source: Readable, expected: Pick<Upload, 'size' | 'md5' | 'fileName'>) {
    // The source reads ahead. Read ahead here as well, its chunks would be copied together once more.
    super({ highWaterMark: 1 });
    this.#source = source;
    this.#expected = expected;
    this.#md5 = expected.md5 === null ? null : createHash('md5');
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
    const { size, fileName } = this.#expected;
    this.#bytes += chunk.length;
    this.#md5?.update(chunk);
    if (size !== null && this.#bytes > size) this.destroy(wrongSize(fileName, size, this.#bytes));
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
    const { size, md5, fileName } = this.#expected;
    if (size !== null && this.#bytes < size) return wrongSize(fileName, size, this.#bytes);
    const found = this.#md5?.digest('hex');
    return found === undefined || found === md5 ? null : md5Differs(this.#expected, found);
  }
}
