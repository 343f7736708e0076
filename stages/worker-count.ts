/**
 * How many files to move at a time: as many as make it faster. More than fill the line only hold more memory, more half
 * of uploads when something breaks, and more open connections.
 *
 * It begins with the ceiling. Now and then one worker fewer (or one more, below the ceiling) is tried: stretches of
 * time with and without the change take turns, so that a line that gets slower meanwhile counts for both. One fewer
 * stays if it was not slower, one more if it was faster. Each trial without effect makes the next one wait
 * twice as long. Refusals of a service brake at once, whatever was found.
 */
import { Brake } from '../src/retry/brake.ts';

/** Long enough to hold many photos and several parts of videos. */
const STRETCH_MS = 5_000;
/** With and without, in turns. */
const STRETCHES = 8;
const FIRST_TRIAL_AFTER_MS = 30_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** By so much one more worker has to be faster. */
const WORTH_ONE_MORE = 1.03;
/** Fewer would leave the line idle whenever one of them waits for an answer. */
const FEWEST = 3;

interface Trial {
  count: number;
  stretch: number;
  /** Bytes without and with the change. */
  bytes: [number, number];
  stretchEndsAt: number;
}

export class WorkerCount {
  readonly #ceiling: number;
  readonly #brake: Brake;
  readonly #now: () => number;
  #found: number;
  #trial: Trial | null = null;
  #nextTrialAt: number;
  #pauseMs = FIRST_TRIAL_AFTER_MS;
  #fewerNext = true;

  constructor(ceiling: number, now: () => number = () => performance.now()) {
    this.#ceiling = ceiling;
    this.#found = ceiling;
    this.#now = now;
    this.#brake = new Brake({ slowest: 0, step: 1 / ceiling, successesAStep: ceiling });
    this.#nextTrialAt = now() + FIRST_TRIAL_AFTER_MS;
  }

  get allowed(): number {
    const inTrial = this.#trial && this.#trial.stretch % 2 === 1;
    const count = inTrial ? this.#trial!.count : this.#found;
    return Math.max(1, Math.min(count, Math.floor(this.#ceiling * this.#brake.share)));
  }

  /** So many bytes have come. */
  moved(bytes: number): void {
    const now = this.#now();
    const trial = this.#trial;
    if (!trial) {
      if (now >= this.#nextTrialAt) this.#begin(now);
      return;
    }
    if (now < trial.stretchEndsAt) {
      trial.bytes[trial.stretch % 2]! += bytes;
      return;
    }
    trial.stretch += 1;
    trial.stretchEndsAt = now + STRETCH_MS;
    if (trial.stretch === STRETCHES) this.#end(trial, now);
    else trial.bytes[trial.stretch % 2]! += bytes;
  }

  /** A service says that requests come too fast. */
  refused(): void {
    this.#abandon();
    this.#brake.refused(this.#now());
  }

  /** A file has been moved. */
  succeeded(): void {
    this.#brake.succeeded();
  }

  #begin(now: number): void {
    const count = this.#next();
    if (count === null || this.#brake.share < 1) this.#wait(now);
    else this.#trial = { count, stretch: 0, bytes: [0, 0], stretchEndsAt: now + STRETCH_MS };
  }

  /** One fewer and one more in turns, where there is room for it. */
  #next(): number | null {
    const fewer = this.#found > Math.min(FEWEST, this.#ceiling) ? this.#found - 1 : null;
    const more = this.#found < this.#ceiling ? this.#found + 1 : null;
    const next = this.#fewerNext ? (fewer ?? more) : (more ?? fewer);
    this.#fewerNext = !this.#fewerNext;
    return next;
  }

  #end({ count, bytes: [without, with_] }: Trial, now: number): void {
    const isBetter = count < this.#found ? with_ >= without : with_ >= without * WORTH_ONE_MORE;
    if (isBetter) {
      // The same way on, soon.
      this.#fewerNext = count < this.#found;
      this.#found = count;
      this.#pauseMs = FIRST_TRIAL_AFTER_MS;
    } else this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    this.#trial = null;
    this.#wait(now);
  }

  #abandon(): void {
    this.#trial = null;
    this.#wait(this.#now());
  }

  #wait(now: number): void {
    this.#nextTrialAt = now + this.#pauseMs;
  }
}
