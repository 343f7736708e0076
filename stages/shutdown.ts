import { setMaxListeners } from 'node:events';

/**
 * How a run ends before its end, in two steps: `drain` starts no new work and finishes what is in progress; `kill` gives
 * that up as well. Records that were not finished stay pending in the manifests.
 */
export class Shutdown {
  readonly #draining = new AbortController();
  readonly #killed = new AbortController();

  constructor() {
    // Every request in progress listens.
    setMaxListeners(0, this.signal, this.killSignal);
  }

  /** Aborted when no new work is to be started. */
  get signal(): AbortSignal {
    return this.#draining.signal;
  }

  /** Aborted when work in progress is to be given up. */
  get killSignal(): AbortSignal {
    return this.#killed.signal;
  }

  /** Why the run ends early; null while it goes on. */
  get reason(): Error | null {
    return this.signal.reason ?? null;
  }

  /** The first reason stays. */
  drain(reason: Error): void {
    this.#draining.abort(reason);
  }

  kill(): void {
    this.#killed.abort(this.signal.reason);
  }
}
