/** How far a run is, from its manifests alone: for another process than the one that works on it. */
import { canContinue } from '../../stages/record.ts';
import type { Holder } from '../config/files/holder.ts';
import type { Run } from './manifest/run.ts';
import { Counts } from './progress/counts.ts';
import { estimate, type Work } from './progress/estimate.ts';

/** The rate that the remaining time is estimated from is that of the last ten minutes. */
const RECENT_MS = 10 * 60_000;
/** Earlier than this the remaining time cannot be estimated. */
const FIRST_ESTIMATE_MS = 10_000;

/** What the process that works on the run has stored so far. */
interface Session extends Work {
  bytesPerSecond: number;
  /** Null if too little is known. */
  secondsLeft: number | null;
}

export interface RunStatus {
  counts: Counts;
  isListed: boolean;
  holder: Holder | null;
  session: Session | null;
  lastActivity: Date | null;
}

export async function statusOf(run: Run, warn: (message: string) => void): Promise<RunStatus> {
  const { holder, isListed, lastActivity } = run;
  const counts = new Counts();
  const now = Date.now();
  const since = holder ? Date.parse(holder.since) : Number.POSITIVE_INFINITY;
  const recentSince = Math.max(since, now - RECENT_MS);
  const work = (): Work => ({ files: 0, bytes: 0 });
  const [stored, recent, left] = [work(), work(), work()];
  // The rate counts from here: a long listing at the beginning is no slow transfer.
  let firstAt = Number.POSITIVE_INFINITY;
  for await (const record of run.latest(warn)) {
    counts.add(record);
    const { storedAt, adopted, url, size, bytes = size ?? 0 } = record;
    const at = storedAt && !adopted ? Date.parse(storedAt) : Number.NEGATIVE_INFINITY;
    if (canContinue(record) && !url) add(left, bytes);
    // S3 gives whole seconds.
    if (at + 999 >= since) {
      add(stored, bytes);
      firstAt = Math.min(firstAt, at);
    }
    if (at >= recentSince) add(recent, bytes);
  }
  const recentMs = now - Math.max(recentSince, firstAt);
  const session = stored.files > 0 && {
    ...stored,
    bytesPerSecond: stored.bytes / Math.max(1, (now - firstAt) / 1000),
    secondsLeft: secondsLeft(left, recent, recentMs),
  };
  return { counts, isListed, holder, session: session || null, lastActivity };
}

function add(work: Work, bytes: number): void {
  work.files += 1;
  work.bytes += bytes;
}

function secondsLeft(left: Work, recent: Work, ms: number): number | null {
  if (ms < FIRST_ESTIMATE_MS || recent.files === 0) return null;
  const bytesPerSecond = (recent.bytes * 1000) / ms || Number.POSITIVE_INFINITY;
  const queriesPerSecond = (recent.files * 1000) / ms;
  return estimate(left, { bytesPerSecond, queriesPerSecond }).seconds;
}
