import type { FileRecord } from './record.ts';

/**
 * A stage: records in, records out. It pulls its input, so a slow consumer slows it and everything before it down.
 * It leaves a record that is not for it (already advanced, or stopped earlier) as the very object it was given, and
 * gives an advanced or stopped one as a new object: whoever writes manifests can tell the two apart. The order of
 * records may change; none is lost unless the run is halted.
 */
export type Stage = (records: AsyncIterable<FileRecord>) => AsyncIterable<FileRecord>;

/**
 * The one switch that ends a run before its end. Stages look at it before they take up a record: after `stop()` what
 * is in flight is finished and handed on, the rest of the input is let go (it stays pending in the manifests).
 */
export class Halt {
  readonly #hard = new AbortController();
  /** Why the run ends early; null while it goes on. The first reason stays. */
  reason: Error | null = null;

  get stopped(): boolean {
    return this.reason !== null;
  }

  stop(reason: Error): void {
    this.reason ??= reason;
  }

  /** Aborts when what is in flight is to be given up as well. */
  get signal(): AbortSignal {
    return this.#hard.signal;
  }

  /** Gives up what is in flight; after `stop()`, when it takes too long. */
  abort(): void {
    this.#hard.abort(this.reason ?? undefined);
  }
}

/**
 * Runs `work` on up to `limit` items at a time and gives the results as they come, not in order: one large video
 * does not hold up the photos behind it. A result of `undefined` is dropped. New work starts only while the consumer
 * pulls.
 */
export function concurrently<In, Out>(
  limit: number,
  work: (item: In) => Out | Promise<Out | undefined>,
): (items: AsyncIterable<In>) => AsyncGenerator<Out> {
  return async function* (items) {
    const input = items[Symbol.asyncIterator]();
    const running = new Set<Promise<void>>();
    const results: Out[] = [];
    let failure: { error: unknown } | null = null;
    let next: Promise<void> | null = null;
    let ended = false;

    const start = (item: In): void => {
      const result = work(item);
      if (!(result instanceof Promise)) {
        results.push(result);
        return;
      }
      const task: Promise<void> = result
        .then(value => {
          if (value !== undefined) results.push(value);
        })
        .catch(error => {
          failure ??= { error };
        })
        .finally(() => running.delete(task));
      running.add(task);
    };
    const pull = (): Promise<void> =>
      input
        .next()
        .then(({ done, value }) => {
          if (done) ended = true;
          else start(value);
        })
        .catch(error => {
          ended = true;
          failure ??= { error };
        })
        .finally(() => {
          next = null;
        });

    try {
      while (true) {
        while (results.length > 0) yield results.shift()!;
        if (failure) throw (failure as { error: unknown }).error;
        if (ended && running.size === 0) return;
        if (!ended && running.size < limit) next ??= pull();
        await Promise.race(next ? [next, ...running] : running);
      }
    } finally {
      await input.return?.();
    }
  };
}
