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

/** Time without a pause: from the first arrival to the last. */
export interface Session extends Interval {
  endMs: number;
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
  const parts: Arrival[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const arrival of arrivals.toSorted((a, b) => a.at - b.at)) {
    if (arrival.at - last > PAUSE_MS) parts.push([]);
    parts.at(-1)!.push(arrival);
    last = arrival.at;
  }
  const durations = parts.map(part => part.at(-1)!.at - part[0]!.at);
  const fits = (ms: number) =>
    durations.reduce((sum, duration) => sum + Math.ceil(duration / ms) + 1, 0) <= MAX_INTERVALS;
  const intervalMs = ROUND_MS.find(fits) ?? ROUND_MS.at(-1)!;
  return { intervalMs, sessions: parts.map(part => sessionOf(part, intervalMs)) };
}

function sessionOf(arrivals: readonly Arrival[], intervalMs: number): Session {
  const [startMs, endMs] = [arrivals[0]!.at, arrivals.at(-1)!.at];
  const first = Math.floor(startMs / intervalMs);
  const session: Session = { startMs, endMs, files: 0, bytes: 0, intervals: [] };
  for (let at = first; at * intervalMs <= endMs; at += 1)
    session.intervals.push({ startMs: at * intervalMs, files: 0, bytes: 0 });
  for (const { at, bytes } of arrivals) {
    for (const counted of [session, session.intervals[Math.floor(at / intervalMs) - first]!]) {
      counted.files += 1;
      counted.bytes += bytes;
    }
  }
  return session;
}

/** Bytes per second from the first to the last arrival of a session; null if there is no time between them. */
export function rateOf({ startMs, endMs, bytes }: Omit<Session, 'intervals' | 'files'>): number | null {
  return endMs > startMs ? (bytes * 1000) / (endMs - startMs) : null;
}
