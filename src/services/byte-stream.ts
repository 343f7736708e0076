import { Readable } from 'node:stream';

/**
 * A stream of these chunks, none of them empty. `onDestroy` has to end what the generator waits for: a generator that waits
 * cannot be stopped from outside.
 */
export function byteStream(
  chunks: AsyncGenerator<Buffer>,
  highWaterMark: number,
  onDestroy: () => void,
): Readable {
  return new Readable({
    highWaterMark,
    read() {
      chunks.next().then(
        ({ value, done }) => this.push(done ? null : value),
        error => this.destroy(error),
      );
    },
    destroy(error, done) {
      onDestroy();
      done(error);
    },
  });
}

/**
 * The chunks of a generator that reads `source`, as a stream. An error of the source fails the stream, even if the stream is not
 * being read, and destroying the stream destroys the source. It buffers nothing, because the source does.
 */
export function throughStream(source: Readable, chunks: AsyncGenerator<Buffer>): Readable {
  const stream = byteStream(chunks, 1, () => source.destroy());
  source.on('error', error => stream.destroy(error));
  return stream;
}
