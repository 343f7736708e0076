/** Decodes aws-chunked bodies with a trailer and without signatures, as SDKs send streams (STREAMING-UNSIGNED-PAYLOAD-TRAILER). */
import { S3Error } from './errors.ts';

const MIN_CHUNK = 8192;
const MAX_LINE = 8192;

type State = 'size' | 'data' | 'data end' | 'trailer' | 'done';

export class AwsChunkedDecoder {
  /** Trailing headers, names in lower case; complete once {@link finish} returned. */
  readonly trailers = new Map<string, string>();
  #state: State = 'size';
  #line = '';
  #left = 0;
  #chunkSize = 0;
  #chunkCount = 0;

  /** What the next bytes of the body decode to, as views into `bytes`. @throws S3Error */
  *decode(bytes: Buffer): Generator<Buffer> {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const piece = bytes.subarray(at, at + this.#left);
        at += piece.length;
        this.#left -= piece.length;
        yield piece;
        if (this.#left === 0) this.#state = 'data end';
        continue;
      }
      if (this.#state === 'done') throw broken();
      const newline = bytes.indexOf(10, at);
      const end = newline < 0 ? bytes.length : newline + 1;
      this.#line += bytes.toString('latin1', at, end);
      at = end;
      if (this.#line.length > MAX_LINE) throw broken();
      if (!this.#line.endsWith('\r\n')) continue;
      const line = this.#line.slice(0, -2);
      this.#line = '';
      this.#takeLine(line);
    }
  }

  /** The body has ended. @throws S3Error when it was not complete */
  finish(): void {
    if (this.#state !== 'done') throw broken();
  }

  #takeLine(line: string): void {
    if (this.#state === 'size') this.#startChunk(line);
    else if (this.#state === 'trailer') this.#takeTrailer(line);
    else if (line === '') this.#state = 'size';
    else throw broken();
  }

  #startChunk(line: string): void {
    if (!/^[0-9a-fA-F]{1,13}$/.test(line)) throw broken();
    const size = Number.parseInt(line, 16);
    if (size > 0 && this.#chunkCount > 0 && this.#chunkSize < MIN_CHUNK) {
      throw new S3Error('InvalidChunkSizeError');
    }
    this.#chunkSize = size;
    this.#left = size;
    this.#chunkCount += 1;
    this.#state = size > 0 ? 'data' : 'trailer';
  }

  #takeTrailer(line: string): void {
    if (line === '') {
      this.#state = 'done';
      return;
    }
    const [, name, value] = /^([^:]+):(.*)$/.exec(line) ?? [];
    if (!name || this.trailers.has(name.toLowerCase())) throw new S3Error('MalformedTrailerError');
    this.trailers.set(name.trim().toLowerCase(), value!.trim());
  }
}

const broken = () => new S3Error('IncompleteBody');
