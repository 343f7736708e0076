/** How long a run still takes: what is left of it, moved in thought with what has been seen of line and workers. */
import type { Moves } from './moves.ts';
import { secondsToMove } from './rest-of-run.ts';

/** Before that nothing has been seen that is worth a word. */
const FIRST_MS = 2_000;
/** Thinking takes part of the time of which it speaks: so long for each file, and never more often than that. */
const MS_A_FILE = 0.3;
const RETHINK_MS = 1_000;
/** More files are stood for by some of them. */
const MOST_FILES = 10_000;
/** The time that a change takes to show: a share of what is left, within bounds. */
const EASE_SHARE = 0.04;
const EASE_MS = { least: 1_000, most: 20_000 };
/** A difference of this share is news; what is far above it shows at once. */
const NEWS = 0.15;
/** How long a change of the rate that Drive allows takes to show. */
const QUOTA_MEMORY_MS = 20_000;

export class TimeLeft {
  readonly #moves: Moves;
  readonly #queriesPerSecond: () => number;
  #beganAt: number | null = null;
  /** The quota, as it was on average of late. */
  #quota: { perSecond: number; at: number } | null = null;
  #thought: { seconds: number; at: number; againAt: number } | null = null;
  #told: { seconds: number; at: number } | null = null;

  /** `queriesPerSecond`: what Drive allows at the moment. */
  constructor(moves: Moves, queriesPerSecond: () => number) {
    this.#moves = moves;
    this.#queriesPerSecond = queriesPerSecond;
  }

  /** Seconds; null while too little has been seen. `at` in ms, never less than before. Made to be asked a few times a second. */
  seconds(at: number): number | null {
    if (this.#moves.bytesMoved > 0) this.#beganAt ??= at;
    this.#noteQuota(at);
    if (this.#beganAt === null || at - this.#beganAt < FIRST_MS) return null;
    if (!this.#thought || at >= this.#thought.againAt) this.#think(at);
    return this.#thought && this.#tell(at, this.#thought);
  }

  #think(at: number): void {
    const { pace, workload, workers, secondsAFile } = this.#moves;
    const bytesPerSecond = pace.bytesPerSecond(at);
    if (!bytesPerSecond) return;
    const step = Math.max(1, Math.ceil(workload.count / MOST_FILES));
    const means = { bytesPerSecond, queriesPerSecond: this.#quota!.perSecond, workers, secondsAFile };
    const moving = [...this.#moves.left()];
    const files = { moving: step === 1 ? moving : [], waiting: workload.toCome(step) };
    const seconds = step * secondsToMove(files, means);
    const cost = Math.min(workload.count, MOST_FILES) * MS_A_FILE;
    this.#thought = { seconds, at, againAt: at + Math.max(RETHINK_MS, cost) };
  }

  /** The clock runs; what is thought anew is approached, so that the number does not jump. */
  #tell(at: number, thought: { seconds: number; at: number }): number {
    const target = Math.max(0, thought.seconds - (at - thought.at) / 1000);
    if (!this.#told) {
      this.#told = { seconds: target, at };
      return target;
    }
    const ms = at - this.#told.at;
    const expected = Math.max(0, this.#told.seconds - ms / 1000);
    const calm = Math.min(EASE_MS.most, Math.max(EASE_MS.least, target * 1000 * EASE_SHARE));
    const difference = Math.abs(expected - target) / Math.max(1, Math.min(expected, target));
    const easeMs = calm / (1 + (difference / NEWS) ** 2);
    const seconds = target + (expected - target) * Math.exp(-ms / easeMs);
    this.#told = { seconds, at };
    return seconds;
  }

  #noteQuota(at: number): void {
    const perSecond = this.#queriesPerSecond();
    if (!this.#quota || !Number.isFinite(perSecond)) {
      this.#quota = { perSecond, at };
      return;
    }
    const kept = Math.exp(-(at - this.#quota.at) / QUOTA_MEMORY_MS);
    this.#quota = { perSecond: perSecond + (this.#quota.perSecond - perSecond) * kept, at };
  }
}
