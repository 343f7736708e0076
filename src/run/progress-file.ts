import type { RunEvents } from './events.ts';
import type { Run } from './manifest/run.ts';
import { writeProjection } from './progress/projection.ts';

/** Each wait until the next write is twice as long as the one before, so a long run writes it few times. */
const FIRST_WAIT_MS = 10_000;

/** Keeps `progress_{folder_id}.json` up to date while files are listed and finished. */
export class ProgressFile {
  readonly #write: () => Promise<string>;
  readonly #run: Run;
  #waitMs = FIRST_WAIT_MS;
  #dueAt = performance.now() + FIRST_WAIT_MS;
  #writing: Promise<unknown> = Promise.resolve();
  #last: Promise<string> | null = null;

  constructor(home: string, run: Run, events: RunEvents) {
    this.#run = run;
    this.#write = () => writeProjection(home, run);
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

  /** An error, as of a full disk, is that of the last write. */
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
