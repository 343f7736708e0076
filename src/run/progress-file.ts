import type { RunEvents } from './events.ts';
import type { Run } from './manifest/run.ts';
import { writeProjection } from './progress/projection.ts';

/** Each pause is twice as long as the one before, so that a long run writes the file few times. */
const FIRST_WAIT_MS = 10_000;

export class ProgressFile {
  readonly #write: () => Promise<string>;
  readonly #run: Run;
  #waitMs = FIRST_WAIT_MS;
  #dueAt = performance.now() + FIRST_WAIT_MS;
  #writing: Promise<unknown> = Promise.resolve();
  #last: Promise<string> | null = null;

  constructor(home: string, run: Run, events: RunEvents) {
    this.#run = run;
    this.#write = async () => (run.isTooLargeToRead ? '' : writeProjection(home, run));
    const writeIfDue = () => {
      if (performance.now() >= this.#dueAt && !this.#last) this.#writeSoon();
    };
    events.on('listed', writeIfDue).on('finished', writeIfDue);
  }

  /** Writes it for the last time. Gives its path; empty for a run of which nothing is kept. */
  last(): Promise<string> {
    this.#last ??= this.#writing.then(() => (this.#run.exists ? this.#write() : ''));
    return this.#last;
  }

  /** An error, such as a full disk, is reported by the last write. */
  #writeSoon(): void {
    this.#dueAt = Infinity;
    this.#writing = this.#write()
      .catch(() => {})
      .then(() => {
        this.#waitMs *= 2;
        this.#dueAt = performance.now() + this.#waitMs;
      });
  }
}
