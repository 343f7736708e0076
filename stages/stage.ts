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
 * Runs `work` on up to `limit` items at a time (a function is asked anew for each item) and gives the results as they
 * come, not in order: one large video does not hold up the photos behind it. A result of `undefined` is dropped. New
 * work starts only while the consumer pulls.
 */
export function concurrently<In, Out>(
  limit: number | (() => number),
  work: (item: In) => Out | Promise<Out | undefined>,
): (items: AsyncIterable<In>) => AsyncGenerator<Out> {
  const allowed = typeof limit === 'function' ? limit : () => limit;
  return async function* (items) {
    const input = items[Symbol.asyncIterator]();
    const results: Out[] = [];
    let running = 0;
    let pulling = false;
    let ended = false;
    let failure: { error: unknown } | null = null;
    // One promise for whatever happens next: a race over all that runs would leave a reaction on each long task.
    let wake = () => {};

    const fail = (error: unknown): void => {
      failure ??= { error };
      wake();
    };
    const done = (result: Out | undefined): void => {
      if (result !== undefined) results.push(result);
      wake();
    };
    const start = (item: In): void => {
      const result = work(item);
      if (!(result instanceof Promise)) {
        done(result);
        return;
      }
      running += 1;
      const finish = (settle: () => void) => {
        running -= 1;
        settle();
      };
      result.then(
        value => finish(() => done(value)),
        error => finish(() => fail(error)),
      );
    };
    const pull = async (): Promise<void> => {
      pulling = true;
      try {
        const { done: isLast, value } = await input.next();
        pulling = false;
        if (isLast) ended = true;
        else start(value);
        wake();
      } catch (error) {
        pulling = false;
        ended = true;
        fail(error);
      }
    };

    try {
      while (true) {
        while (results.length > 0) yield results.shift()!;
        if (failure) throw (failure as { error: unknown }).error;
        if (ended && running === 0) return;
        if (!ended && !pulling && running < allowed()) void pull();
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    } finally {
      await input.return?.();
    }
  };
}
