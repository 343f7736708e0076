import { Readable } from 'node:stream';

/** A stream of these pieces, as `FileSource.download` gives one. */
export function streamOf(
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
  onBytes: (count: number) => void = () => {},
): Readable {
  const counted = async function* () {
    for await (const piece of pieces) {
      onBytes(piece.length);
      yield piece;
    }
  };
  const stream = Readable.from(counted(), { objectMode: false });
  // Whoever awaits the stream gets its error; one that nobody reads must not end the process.
  return stream.on('error', () => {});
}
