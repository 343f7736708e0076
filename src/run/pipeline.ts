/** Streams of records: how they start, and how they are run to their end. */
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Shutdown } from '../../stages/flow/shutdown.ts';
import type { FileRecord } from '../../stages/record.ts';

export type Records = AsyncIterable<FileRecord> | Iterable<FileRecord>;

/** A step of the chain: a stream of records, or a function of one record. */
export type Step = Duplex | Readable | ((record: FileRecord) => FileRecord | Promise<FileRecord>);

/** stream-chain flattens lists and skips null, undefined and false. */
export type Steps = (Step | Step[] | false | null | undefined)[];

/**
 * Runs the stream to its end, as fast as `take` takes the records. Ends early, without an error, when the shutdown is
 * killed: an answer that never comes is not waited for. An error kills what is in progress.
 */
export async function runToEnd(
  stream: Duplex,
  take: (record: FileRecord) => unknown,
  shutdown: Shutdown,
): Promise<void> {
  const takeAll = async (records: AsyncIterable<FileRecord>) => {
    for await (const record of records) {
      const waiting = take(record);
      if (waiting instanceof Promise) await waiting;
    }
  };
  try {
    await pipeline(stream, takeAll, { signal: shutdown.killSignal });
  } catch (error) {
    if (shutdown.killSignal.aborted) return;
    shutdown.drain(error as Error);
    shutdown.kill();
    throw error;
  }
}

/** After this many records, signals, timers and writes get a turn. */
export const RECORDS_PER_TURN = 250;

/** The records as the first stream of a chain; they end when `signal` aborts. */
export function sourceOf(records: Records, signal?: AbortSignal): Readable {
  return Readable.from(
    (async function* () {
      let count = 0;
      for await (const record of records) {
        if (signal?.aborted) return;
        yield record;
        count += 1;
        if (count % RECORDS_PER_TURN === 0) await nextTurn();
      }
    })(),
  );
}
