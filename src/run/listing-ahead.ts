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
  // In an object, because TypeScript would take a variable that only the listener assigns to be always null.
  const started = { ahead: null as ReturnType<typeof readAhead> | null };
  const whenTransferred = ({ url }: FileRecord) => {
    if (!started.ahead && url && now() - startedAt >= READ_AHEAD_AFTER_MS) started.ahead = readAhead(records);
  };
  events.on('finished', whenTransferred);
  try {
    while (!started.ahead) {
      const next = await records.next();
      if (next.done) return;
      yield next.value;
    }
    for await (const id of started.ahead.ids(signal)) yield lookUp(id);
  } finally {
    events.off('finished', whenTransferred);
    if (started.ahead) started.ahead.leave();
    else await records.return?.();
  }
}

/** Starts to take the records as fast as they come, and gives their ids. */
function readAhead(records: AsyncIterator<FileRecord>) {
  const taken: string[] = [];
  let isComplete = false;
  let hasLeft = false;
  let wakeReader = () => {};
  const takeAll = async () => {
    try {
      for (let next = await records.next(); !next.done && !hasLeft; next = await records.next()) {
        taken.push(next.value.id);
        wakeReader();
        if (taken.length % RECORDS_PER_TURN === 0) await nextTurn();
      }
    } finally {
      if (hasLeft) await records.return?.();
      isComplete = true;
      wakeReader();
    }
  };
  const taking = takeAll();
  // The error is thrown by `ids`.
  taking.catch(() => {});
  const ids = async function* (signal: AbortSignal) {
    for (let count = 0; !signal.aborted && !(isComplete && count === taken.length); ) {
      if (count < taken.length) yield taken[count++]!;
      else await new Promise<void>(resolve => (wakeReader = resolve));
    }
    await taking;
  };
  const leave = () => {
    hasLeft = true;
  };
  return { ids, leave };
}
