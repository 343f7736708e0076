import { Brake } from '../src/retry/brake.ts';

/** How many files to move at a time: as many as configured, and fewer for a while after a service asked for fewer requests. */
export class WorkerCount {
  readonly #most: number;
  readonly #brake: Brake;

  constructor(most: number) {
    this.#most = most;
    this.#brake = new Brake({ slowest: 0, step: 1 / most, successesAStep: most });
  }

  get allowed(): number {
    return Math.max(1, Math.floor(this.#most * this.#brake.share));
  }

  /** A service says that requests come too fast. */
  refused(): void {
    this.#brake.refused();
  }

  /** A file has been moved. */
  succeeded(): void {
    this.#brake.succeeded();
  }
}
