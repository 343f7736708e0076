/** When files arrived in S3: sessions of work, and in them intervals of one length. */

export interface Arrival {
  /** Milliseconds since 1970. */
  at: number;
  bytes: number;
}

/** What arrived in a period of time. */
export interface Interval {
  /** Milliseconds since 1970. */
  startMs: number;
  files: number;
  bytes: number;
}

/** Time without a pause. */
export interface Session {
  /** Milliseconds since 1970: the first arrival and the last. */
  startMs: number;
  endMs: number;
  files: number;
  bytes: number;
  /** Consecutive, starting at round times; at least one. */
  intervals: Interval[];
}

export interface Timeline {
  intervalMs: number;
  sessions: Session[];
}

/** A longer time without arrivals is a pause: the run was interrupted and resumed later. */
const PAUSE_MS = 30 * 60_000;

const MAX_INTERVALS = 96;

/** Possible lengths of an interval. */
export const ROUND_MS: readonly number[] = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
].map(seconds => seconds * 1000);

/** Null if nothing has arrived, or the times are unknown. */
export function timelineOf(arrivals: readonly Arrival[]): Timeline | null {
  if (arrivals.length === 0) return null;
  const sorted = arrivals.toSorted((a, b) => a.at - b.at);
  const parts = withoutPauses(sorted);
  const intervalMs = lengthFor(parts.map(part => part.at(-1)!.at - part[0]!.at));
  return { intervalMs, sessions: parts.map(part => sessionOf(part, intervalMs)) };
}

function withoutPauses(arrivals: readonly Arrival[]): Arrival[][] {
  const parts: Arrival[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const arrival of arrivals) {
    if (arrival.at - last > PAUSE_MS) parts.push([]);
    parts.at(-1)!.push(arrival);
    last = arrival.at;
  }
  return parts;
}

function lengthFor(durationsMs: readonly number[]): number {
  const fits = (ms: number) =>
    durationsMs.reduce((sum, durationMs) => sum + Math.ceil(durationMs / ms) + 1, 0) <= MAX_INTERVALS;
  return ROUND_MS.find(fits) ?? ROUND_MS.at(-1)!;
}

function sessionOf(arrivals: readonly Arrival[], intervalMs: number): Session {
  const startMs = arrivals[0]!.at;
  const endMs = arrivals.at(-1)!.at;
  const first = Math.floor(startMs / intervalMs);
  const intervals = Array.from({ length: Math.floor(endMs / intervalMs) - first + 1 }, (_, index) => ({
    startMs: (first + index) * intervalMs,
    files: 0,
    bytes: 0,
  }));
  let bytes = 0;
  for (const arrival of arrivals) {
    const interval = intervals[Math.floor(arrival.at / intervalMs) - first]!;
    interval.files += 1;
    interval.bytes += arrival.bytes;
    bytes += arrival.bytes;
  }
  return { startMs, endMs, files: arrivals.length, bytes, intervals };
}

/** Bytes per second from the first to the last arrival of a session; null if there is no time between them. */
export function rateOf({ startMs, endMs, bytes }: Session): number | null {
  return endMs > startMs ? (bytes * 1000) / (endMs - startMs) : null;
}
