import { Readable } from 'node:stream';

/** A stream of these chunks, none of them empty. `onDestroy` has to end what the generator waits for. */
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

/** A generator that reads `source`, as a stream: an error of the source fails it, and destroying it destroys the source. */
export function throughStream(source: Readable, chunks: AsyncGenerator<Buffer>): Readable {
  const stream = byteStream(chunks, 1, () => source.destroy());
  source.on('error', error => stream.destroy(error));
  return stream;
}
