/** How far a run is, from its manifests alone: for another process than the one that works on it. */
import { canContinue, type FileRecord } from '../../stages/record.ts';
import type { Holder } from '../config/files/holder.ts';
import type { Run } from './manifest/run.ts';
import { Counts } from './progress/counts.ts';
import { estimate } from './progress/estimate.ts';

/** The rate that the remaining time is estimated from is that of the last ten minutes. */
const RECENT_MS = 10 * 60_000;
/** Earlier than this the remaining time cannot be estimated. */
const FIRST_ESTIMATE_MS = 10_000;

/** What the process that works on the run has stored so far. */
export interface Session {
  files: number;
  bytes: number;
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
  const { holder, isListed } = run;
  const counts = new Counts();
  const stored = new StoredSince(holder ? Date.parse(holder.since) : Number.POSITIVE_INFINITY);
  for await (const record of run.latest(warn)) {
    counts.add(record);
    stored.add(record);
  }
  return { counts, isListed, holder, session: stored.session(), lastActivity: run.lastActivity };
}

/** Counts what has been stored since the session started, and what is still to be stored. */
class StoredSince {
  readonly #since: number;
  readonly #now = Date.now();
  readonly #all = { files: 0, bytes: 0 };
  readonly #recent = { files: 0, bytes: 0 };
  /** The rate counts from here: a long listing at the beginning is no slow transfer. */
  #firstAt = Number.POSITIVE_INFINITY;
  readonly #left = { files: 0, bytes: 0 };

  /** `since`: ms of the epoch. */
  constructor(since: number) {
    this.#since = since;
  }

  add(record: FileRecord): void {
    const { url, storedAt, adopted } = record;
    const bytes = record.bytes ?? record.size ?? 0;
    const at = storedAt && !adopted ? Date.parse(storedAt) : Number.NEGATIVE_INFINITY;
    if (canContinue(record) && !url) count(this.#left, bytes);
    // S3 gives whole seconds.
    if (at + 999 >= this.#since) {
      count(this.#all, bytes);
      this.#firstAt = Math.min(this.#firstAt, at);
    }
    if (at >= this.#recentSince) count(this.#recent, bytes);
  }

  get #recentSince(): number {
    return Math.max(this.#since, this.#now - RECENT_MS);
  }

  get #recentMs(): number {
    return this.#now - Math.max(this.#recentSince, this.#firstAt);
  }

  session(): Session | null {
    if (this.#all.files === 0) return null;
    const seconds = Math.max(1, (this.#now - this.#firstAt) / 1000);
    return { ...this.#all, bytesPerSecond: this.#all.bytes / seconds, secondsLeft: this.#secondsLeft() };
  }

  #secondsLeft(): number | null {
    const ms = this.#recentMs;
    if (ms < FIRST_ESTIMATE_MS || this.#recent.files === 0) return null;
    const bytesPerSecond = (this.#recent.bytes * 1000) / ms || Number.POSITIVE_INFINITY;
    const queriesPerSecond = (this.#recent.files * 1000) / ms;
    return estimate(this.#left, { bytesPerSecond, queriesPerSecond }).seconds;
  }
}

function count(work: { files: number; bytes: number }, bytes: number): void {
  work.files += 1;
  work.bytes += bytes;
}
