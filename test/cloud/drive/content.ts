/**
 * What a file holds. Generated content exists only as a rule: any part of it can be produced at no cost, so that a
 * folder of 500 MB files neither needs memory nor slows down what is being measured.
 */
import { createCipheriv, createHash } from 'node:crypto';

/** The bytes themselves, or `size` pseudo-random bytes that depend on `seed`. */
export type ContentSource = Buffer | { size: number; seed: number };

export interface Content {
  /** Bytes. */
  readonly size: number;
  /** Hex. Generated content is read through at the first call, and never again. */
  md5(): string;
  /** The bytes from `start` to before `end`, in large pieces that must not be written to. */
  slices(start: number, end: number): Iterable<Buffer>;
  bytes(): Buffer;
}

const SLICE_BYTES = 1 << 20;

export function contentOf(source: ContentSource): Content {
  if (Buffer.isBuffer(source)) return bufferContent(source);
  return generatedContent(source.size, source.seed);
}

function bufferContent(buffer: Buffer): Content {
  return {
    size: buffer.length,
    md5: once(() => createHash('md5').update(buffer).digest('hex')),
    *slices(start, end) {
      for (let at = start; at < end; at += SLICE_BYTES)
        yield buffer.subarray(at, Math.min(end, at + SLICE_BYTES));
    },
    bytes: () => buffer,
  };
}

/** Not a divisor of any sensible part size: parts of an upload that change places change the content. */
const PERIOD_BYTES = (4 << 20) - 3;
const randomPeriod = once(() =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(PERIOD_BYTES)),
);

/** One random period, repeated, entered at a place that depends on the seed; the seed's digest stands before it. */
function generatedContent(size: number, seed: number): Content {
  const head = createHash('sha256').update(`${seed}`).digest().subarray(0, size);
  const shift = head.length < 4 ? 0 : head.readUInt32BE(0) % PERIOD_BYTES;

  function* slices(start: number, end: number): Iterable<Buffer> {
    if (start < head.length) yield head.subarray(start, Math.min(end, head.length));
    let at = Math.max(start, head.length);
    while (at < end) {
      const inPeriod = (at + shift) % PERIOD_BYTES;
      const length = Math.min(SLICE_BYTES, PERIOD_BYTES - inPeriod, end - at);
      yield randomPeriod().subarray(inPeriod, inPeriod + length);
      at += length;
    }
  }
  return {
    size,
    md5: once(() => {
      const hash = createHash('md5');
      for (const slice of slices(0, size)) hash.update(slice);
      return hash.digest('hex');
    }),
    slices,
    bytes: () => Buffer.concat([...slices(0, size)]),
  };
}

function once<T>(compute: () => T): () => T {
  let value: { of: T } | undefined;
  return () => {
    value ??= { of: compute() };
    return value.of;
  };
}
