/** Byte readers for tests: made of what is at hand, and read as what is easy to look at. */
import type { ByteReader } from '../stages/transfer.ts';

/** Reads what the pieces hold. */
export function readerOf(
  pieces: AsyncIterable<Buffer>,
  onBytes: (count: number) => void = () => {},
): ByteReader {
  const source = pieces[Symbol.asyncIterator]();
  let piece: Buffer = Buffer.alloc(0);
  let isOver = false;
  return {
    read: async into => {
      let filled = 0;
      while (filled < into.length && !isOver) {
        if (piece.length === 0) {
          const { done, value } = await source.next();
          if (done) isOver = true;
          else {
            piece = value;
            onBytes(value.length);
          }
          continue;
        }
        const count = piece.copy(into, filled);
        piece = piece.subarray(count);
        filled += count;
      }
      return filled;
    },
    close: () => {
      isOver = true;
      void source.return?.();
    },
  };
}

/** The bytes of a reader, `size` at a time. */
export async function* piecesOf(reader: ByteReader, size = 64 * 1024): AsyncGenerator<Buffer> {
  try {
    while (true) {
      const memory = Buffer.alloc(size);
      const count = await reader.read(memory);
      if (count > 0) yield memory.subarray(0, count);
      if (count < size) return;
    }
  } finally {
    reader.close();
  }
}
