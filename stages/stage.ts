import { Duplex, PassThrough, Readable } from 'node:stream';
import type { FileRecord } from './record.ts';

/**
 * A stage: records in, records out, as an async generator function. It pulls its input, so a slow consumer slows down
 * everything before it. A record that needs no work here (finished, or stopped earlier) is passed on as the same object, a
 * changed one as a new object. The order may change. No record is lost unless the run is shut down.
 */
export type Stage = (records: AsyncIterable<FileRecord>) => AsyncIterable<FileRecord>;

/** The stage as a Node stream. Unlike with `Duplex.from(stage)`, destroying the stream ends the generator. */
export function stageStream(stage: Stage): Duplex {
  const writable = new PassThrough({ objectMode: true });
  // A stage that throws would otherwise close its input first, and the stream would report an AbortError instead.
  const records = writable.iterator({ destroyOnReturn: false });
  return Duplex.from({ writable, readable: Readable.from(stage(records)) });
}
