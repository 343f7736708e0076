/** A transfer in simulated time: workers, a quota of queries, a line down and a line up, each shared by what is on it. */
import type { RunEvents } from '../../../src/run/events.ts';
import type { FileRecord } from '../../../stages/record.ts';
import { fileRecord } from '../../stages/flow.ts';

export interface World {
  sizes: readonly number[];
  workers: number;
  /** Bytes a second, at a time in seconds. */
  down: (at: number) => number;
  up?: (at: number) => number;
  queriesPerSecond: (at: number) => number;
  /** Seconds from the query to the first byte, and from the last byte stored to S3's answer. */
  openingSeconds?: number;
  answerSeconds?: number;
  /** What one file gets at most, bytes a second. */
  fileLimit?: number;
  /** How many files ahead are looked for large ones, which go first; 1: none. */
  lookAhead?: number;
  /** Whether a file, by its place, turns out to be none that is to be moved. */
  isLeftOut?: (index: number) => boolean;
}

interface Flow {
  record: FileRecord;
  readyAt: number;
  down: number;
  up: number;
  answerAt: number | null;
}

const STEP = 0.05;
const PART = 8 << 20;
/** Of a large file, bytes that have come and are not stored. */
const READ_AHEAD = 2 * PART;

/**
 * Moves all files and calls `each` every fifth of a second; gives the seconds that it took. `clock` is set to the time, in ms.
 */
export function simulate(
  world: World,
  events: RunEvents,
  clock: { ms: number },
  each: (seconds: number) => void,
): number {
  const { workers, openingSeconds = 0.1, answerSeconds = 0.05, fileLimit = Infinity, lookAhead = 1 } = world;
  const up = world.up ?? (() => Infinity);
  const records = world.sizes.map((size, index) => fileRecord({ id: `file-${index}`, size }));
  for (const record of records) events.emit('listed', record, false);
  events.emit('allListed');
  let flows: Flow[] = [];
  let planned = 0;
  const waiting: FileRecord[] = [];
  let queryAt = 0;
  let at = 0;
  let stepped = 0;
  for (let step = 1; ; step += 1) {
    while (planned < records.length && waiting.length < Math.max(lookAhead, 50)) {
      const record = records[planned]!;
      const isLeftOut = world.isLeftOut?.(planned) ?? false;
      planned += 1;
      events.emit('planned', isLeftOut ? { ...record, status: 'orphan' } : record);
      if (isLeftOut) {
        events.emit('finished', { ...record, status: 'orphan' });
        continue;
      }
      waiting.push(record);
    }
    while (flows.length < workers && waiting.length > 0) {
      const near = waiting.slice(0, lookAhead);
      const largest = near.reduce((best, { size }, index) => (size! > near[best]!.size! ? index : best), 0);
      const [record] = waiting.splice(near[largest]!.size! > 4 * near[0]!.size! ? largest : 0, 1);
      events.emit('transferStarted', record!);
      queryAt = Math.max(queryAt, at) + 1 / world.queriesPerSecond(at);
      const readyAt = queryAt + openingSeconds;
      flows.push({ record: record!, readyAt, down: record!.size!, up: record!.size!, answerAt: null });
    }
    if (flows.length === 0) return at;
    at = step * STEP;
    clock.ms = at * 1000;
    const wanted = (flow: Flow) => {
      if (flow.readyAt > at) return 0;
      return isLarge(flow) ? Math.min(flow.down, READ_AHEAD - (flow.up - flow.down)) : flow.down;
    };
    spend(flows, wanted, world.down(at) * STEP, fileLimit * STEP, (flow, bytes) => {
      flow.down -= bytes;
      events.emit('bytesRead', flow.record, bytes);
    });
    spend(flows, storable, up(at) * STEP, Infinity, (flow, bytes) => {
      flow.up -= bytes;
    });
    for (const flow of flows) {
      if (flow.up === 0) flow.answerAt ??= at + answerSeconds;
    }
    const done = flows.filter(({ answerAt }) => answerAt !== null && answerAt <= at);
    for (const { record } of done) {
      events.emit('transferEnded', record);
      events.emit('finished', { ...record, status: 'completed' });
    }
    flows = flows.filter(flow => !done.includes(flow));
    stepped += STEP;
    if (stepped >= 0.2) {
      stepped = 0;
      each(at);
    }
  }
}

function isLarge({ record }: Flow): boolean {
  return record.size! > PART;
}

/** A file of up to a part goes up when all of it has come; of a larger one, what has come. */
function storable(flow: Flow): number {
  if (isLarge(flow)) return flow.up - flow.down;
  return flow.down > 0 ? 0 : flow.up;
}

/** Whole bytes, shared evenly; what one does not need goes to the others. */
function spend(
  flows: Flow[],
  wantedOf: (flow: Flow) => number,
  bytes: number,
  most: number,
  take: (flow: Flow, bytes: number) => void,
): void {
  const wanting = flows
    .map(flow => ({ flow, wanted: wantedOf(flow) }))
    .filter(({ wanted }) => wanted > 0)
    .sort((a, b) => a.wanted - b.wanted);
  let left = bytes;
  for (const [index, { flow, wanted }] of wanting.entries()) {
    const share = Math.min(wanted, Math.ceil(Math.min(most, left / (wanting.length - index))));
    if (share > 0) take(flow, share);
    left -= share;
  }
}
