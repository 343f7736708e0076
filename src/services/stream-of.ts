import { Readable } from 'node:stream';

/**
 * A stream of these chunks, none of them empty. `onDestroy` has to end what the generator waits for: a generator that waits
 * cannot be stopped from outside.
 */
export function streamOf(
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
