import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FileRecord } from '../../stages/record.ts';
import type { RunEvents } from './events.ts';
import { RECORDS_PER_TURN } from './pipeline.ts';

/** Shorter runs need no totals. */
const READ_AHEAD_AFTER_MS = 5_000;

/**
 * With backpressure a listing is no faster than the transfers, and the totals and the remaining time of a run would be known
 * only near its end. So once files are transferred, the rest of the listing is taken without waiting for the reader. Waiting
 * records are in the list manifest, not in memory: `lookUp` reads one back. None is given after `signal` aborts.
 */
export async function* listingAhead(
  listed: AsyncIterable<FileRecord>,
  events: RunEvents,
  lookUp: (id: string) => FileRecord,
  signal: AbortSignal,
  now = () => performance.now(),
): AsyncGenerator<FileRecord> {
  const startedAt = now();
  const records = listed[Symbol.asyncIterator]();
  /** Ids of the records that were read ahead. */
  const ids: string[] = [];
  let readingAhead: Promise<void> | null = null;
  let isComplete = false;
  let hasLeft = false;
  let wakeReader = () => {};
  const readAhead = async () => {
    try {
      for (let next = await records.next(); !next.done && !hasLeft; next = await records.next()) {
        ids.push(next.value.id);
        wakeReader();
        if (ids.length % RECORDS_PER_TURN === 0) await nextTurn();
      }
    } finally {
      if (hasLeft) await records.return?.();
      isComplete = true;
      wakeReader();
    }
  };
  const startReadingAhead = ({ url }: FileRecord) => {
    if (readingAhead || !url || now() - startedAt < READ_AHEAD_AFTER_MS) return;
    readingAhead = readAhead();
    // The error is thrown below.
    readingAhead.catch(() => {});
  };
  events.on('finished', startReadingAhead);
  try {
    while (!readingAhead) {
      const next = await records.next();
      if (next.done) return;
      yield next.value;
    }
    for (let count = 0; !signal.aborted && !(isComplete && count === ids.length); ) {
      if (count < ids.length) yield lookUp(ids[count++]!);
      else await new Promise<void>(resolve => (wakeReader = resolve));
    }
    await readingAhead;
  } finally {
    hasLeft = true;
    if (!readingAhead) await records.return?.();
    events.off('finished', startReadingAhead);
  }
}
