import type { FileRecord } from '../../stages/record.ts';
import type { RunEvents } from './events.ts';

/** Shorter runs need no totals. */
const WORTH_IT_AFTER_MS = 5_000;

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
  /** Ids of the records that were taken without waiting. */
  const ids: string[] = [];
  let taking: Promise<void> | null = null;
  let isComplete = false;
  let arrived = () => {};
  const takeAll = async () => {
    try {
      for (let next = await records.next(); !next.done; next = await records.next()) {
        ids.push(next.value.id);
        arrived();
      }
    } finally {
      isComplete = true;
      arrived();
    }
  };
  const goAhead = ({ url }: FileRecord) => {
    if (taking || !url || now() - startedAt < WORTH_IT_AFTER_MS) return;
    taking = takeAll();
    // The error is thrown below.
    taking.catch(() => {});
  };
  events.on('finished', goAhead);
  try {
    while (!taking) {
      const next = await records.next();
      if (next.done) return;
      yield next.value;
    }
    for (let count = 0; !signal.aborted && !(isComplete && count === ids.length); ) {
      if (count < ids.length) yield lookUp(ids[count++]!);
      else await new Promise<void>(resolve => (arrived = resolve));
    }
    await taking;
  } finally {
    events.off('finished', goAhead);
  }
}
