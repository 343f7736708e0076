/**
 * Decodes aws-chunked bodies, with and without signatures ("Signature Calculations for the Authorization Header:
 * Transferring Payload in Multiple Chunks" and "… Including trailing headers" in the S3 API reference).
 */
import { createHash, type Hash } from 'node:crypto';
import { S3Error } from './errors.ts';
import { hmac, type SigningContext, sameText } from './sigv4.ts';

const MIN_CHUNK = 8192;
const MAX_LINE = 8192;
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export interface AwsChunkedOptions {
  /** Null when the chunks bear no signatures. */
  readonly signing: SigningContext | null;
  /** Whether trailing headers follow the last chunk. */
  readonly trailers: boolean;
}

type State = 'size' | 'data' | 'data end' | 'trailer' | 'last end' | 'done';

export class AwsChunkedDecoder {
  /** Trailing headers, names in lower case; complete once {@link finish} returned. */
  readonly trailers = new Map<string, string>();
  readonly #signing: SigningContext | null;
  readonly #hasTrailers: boolean;
  #state: State = 'size';
  #line = '';
  #left = 0;
  #chunkSize = 0;
  #chunkCount = 0;
  #claimed = '';
  #hash: Hash | null = null;
  #previous: string;
  #signedTrailers = '';
  #trailerSigned = false;

  constructor(options: AwsChunkedOptions) {
    this.#signing = options.signing;
    this.#hasTrailers = options.trailers;
    this.#previous = options.signing?.signature ?? '';
  }

  /** Takes the next bytes of the body and hands decoded ones to `emit`, as views into `bytes`. @throws S3Error */
  push(bytes: Buffer, emit: (decoded: Buffer) => void): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const piece = bytes.subarray(at, at + this.#left);
        at += piece.length;
        this.#left -= piece.length;
        this.#hash?.update(piece);
        emit(piece);
        if (this.#left === 0) this.#endOfData();
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

  /** Says that the body has ended. @throws S3Error when it was not whole, or a trailer is not signed. */
  finish(): void {
    if (this.#state !== 'done') throw broken();
  }

  #takeLine(line: string): void {
    switch (this.#state) {
      case 'size':
        this.#startChunk(line);
        break;
      case 'trailer':
        this.#takeTrailer(line);
        break;
      default:
        if (line !== '') throw broken();
        this.#state = this.#state === 'last end' ? 'done' : 'size';
    }
  }

  #startChunk(line: string): void {
    const match = this.#signing
      ? /^([0-9a-fA-F]{1,13});chunk-signature=([0-9a-f]{64})$/.exec(line)
      : /^([0-9a-fA-F]{1,13})$/.exec(line);
    if (!match) throw broken();
    const size = Number.parseInt(match[1]!, 16);
    if (size > 0 && this.#chunkCount > 0 && this.#chunkSize < MIN_CHUNK) {
      throw new S3Error('InvalidChunkSizeError', null, {
        Chunk: String(this.#chunkCount),
        BadChunkSize: String(this.#chunkSize),
      });
    }
    this.#claimed = match[2] ?? '';
    this.#chunkSize = size;
    this.#left = size;
    this.#chunkCount += 1;
    this.#hash = this.#signing ? createHash('sha256') : null;
    if (size > 0) this.#state = 'data';
    else {
      this.#checkChunk();
      this.#state = this.#hasTrailers ? 'trailer' : 'last end';
    }
  }

  #endOfData(): void {
    this.#checkChunk();
    this.#state = 'data end';
  }

  #checkChunk(): void {
    if (!this.#signing || !this.#hash) return;
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', `${EMPTY_SHA256}\n${this.#hash.digest('hex')}`, this.#claimed);
  }

  #takeTrailer(line: string): void {
    if (line === '') {
      if (this.#signing && !this.#trailerSigned) throw new S3Error('MalformedTrailerError');
      this.#state = 'done';
      return;
    }
    const colon = line.indexOf(':');
    if (colon < 1) throw new S3Error('MalformedTrailerError');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (this.#trailerSigned) throw new S3Error('MalformedTrailerError');
    if (this.#signing && name === 'x-amz-trailer-signature') {
      const digest = createHash('sha256').update(this.#signedTrailers).digest('hex');
      this.#check('AWS4-HMAC-SHA256-TRAILER', digest, value);
      this.#trailerSigned = true;
      return;
    }
    if (this.trailers.has(name)) throw new S3Error('MalformedTrailerError');
    this.trailers.set(name, value);
    this.#signedTrailers += `${name}:${value}\n`;
  }

  #check(kind: string, digests: string, claimed: string): void {
    const { key, timestamp, scope } = this.#signing!;
    const signature = hmac(key, [kind, timestamp, scope, this.#previous, digests].join('\n')).toString('hex');
    if (!sameText(signature, claimed)) throw new S3Error('SignatureDoesNotMatch');
    this.#previous = signature;
  }
}

const broken = () => new S3Error('IncompleteBody');
