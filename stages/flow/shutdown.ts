import { setMaxListeners } from 'node:events';
import { RunError } from '../errors.ts';

/**
 * Ends a run early, in two steps: `drain` starts no new work and finishes what is in progress; `kill` aborts that as well.
 * Records that were not finished stay pending in the manifests.
 */
export class Shutdown {
  readonly #draining = new AbortController();
  readonly #killed = new AbortController();

  constructor() {
    // Every request in progress adds a listener.
    setMaxListeners(0, this.drainSignal, this.killSignal);
  }

  /** Aborted when no new work should start. */
  get drainSignal(): AbortSignal {
    return this.#draining.signal;
  }

  /** Aborted when work in progress should stop. */
  get killSignal(): AbortSignal {
    return this.#killed.signal;
  }

  /** Why the run ends early; null while it continues. */
  get reason(): Error | null {
    return this.drainSignal.reason ?? null;
  }

  /** Only the first reason counts. */
  drain(reason: Error): void {
    this.#draining.abort(reason);
  }

  kill(): void {
    this.#killed.abort(this.drainSignal.reason);
  }
}

/** Ends the run because of a RunError. Throws any other error, and where there is no shutdown. */
export function endRun(shutdown: Shutdown | undefined, error: unknown): void {
  if (!(error instanceof RunError && shutdown)) throw error;
  shutdown.drain(error);
}
