import type { Readable } from 'node:stream';
import { TokenBucket } from 'limiter';
import { type BandwidthTimetable, bandwidthAt } from '../../config/bandwidth.ts';
import { throughStream } from '../byte-stream.ts';

/** Small pieces keep all files moving (S3 closes a connection that pauses for 20 s), and a new rate takes effect soon. */
const PIECE_SECONDS = 1 / 8;

/** One limit for the bytes of all files together, which follows the clock. */
export class BandwidthLimit {
  readonly #timetable: BandwidthTimetable;
  readonly #now: () => Date;
  #bucket: { bytesPerSecond: number; tokens: TokenBucket } | null = null;

  constructor(timetable: BandwidthTimetable, now = () => new Date()) {
    this.#timetable = timetable;
    this.#now = now;
  }

  get bytesPerSecond(): number | null {
    return bandwidthAt(this.#timetable, this.#now());
  }

  /** The same bytes, no faster than allowed. `onBytes` is called with the number of bytes that pass. */
  apply(body: Readable, onBytes: (count: number) => void): Readable {
    return throughStream(body, this.#pieces(body, onBytes));
  }

  async *#pieces(body: AsyncIterable<Buffer>, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      for (let start = 0; start < chunk.length; ) {
        const rate = this.bytesPerSecond;
        const end = rate === null ? chunk.length : Math.min(chunk.length, start + pieceBytes(rate));
        if (rate !== null) await this.#tokens(rate).removeTokens(end - start);
        onBytes(end - start);
        yield chunk.subarray(start, end);
        start = end;
      }
    }
  }

  /** After a change of rate, pieces that wait already still pass at the old one. */
  #tokens(bytesPerSecond: number): TokenBucket {
    if (this.#bucket?.bytesPerSecond !== bytesPerSecond) {
      const options = { bucketSize: pieceBytes(bytesPerSecond), tokensPerInterval: bytesPerSecond };
      this.#bucket = { bytesPerSecond, tokens: new TokenBucket({ ...options, interval: 'second' }) };
    }
    return this.#bucket.tokens;
  }
}

function pieceBytes(bytesPerSecond: number): number {
  return Math.ceil(bytesPerSecond * PIECE_SECONDS);
}
