import type { FileRecord } from './record.ts';

/**
 * A stage: records in, records out. It pulls its input, so a slow consumer slows it and everything before it down.
 * It leaves a record that is not for it (already advanced, or stopped earlier) as the very object it was given, and
 * gives an advanced or stopped one as a new object: whoever writes manifests can tell the two apart. The order of
 * records may change; none is lost unless the run is shut down.
 */
export type Stage = (records: AsyncIterable<FileRecord>) => AsyncIterable<FileRecord>;

/** What waits for a free worker, and in which order it goes. */
export interface WorkQueue<Item> {
  /** Nothing more is to be let in for now. */
  readonly isFull: boolean;
  enter(item: Item): void;
  /** Takes out what is to be worked on next, by one of so many workers; undefined if nobody waits. */
  next(workers: number): Item | undefined;
  /** What was taken out has been worked on. */
  left(item: Item): void;
}

export interface Order<In, Out> {
  /** Who goes first; in the order of the input, and none taken in before a worker is free, when absent. */
  room?: WorkQueue<In>;
  /** The result for an item that needs no work; undefined for one that does. It is not kept waiting behind work. */
  aside?: (item: In) => Out | undefined;
}

/**
 * Runs `work` on up to `limit` items at a time (a function is asked anew for each item) and gives the results as they
 * come, not in order: one large video does not hold up the photos behind it. A result of `undefined` is dropped. New
 * work starts only while the consumer pulls.
 */
export function concurrently<In, Out>(
  limit: number | (() => number),
  work: (item: In) => Out | Promise<Out | undefined>,
  { room: given, aside }: Order<In, Out> = {},
): (items: AsyncIterable<In>) => AsyncGenerator<Out> {
  const allowed = typeof limit === 'function' ? limit : () => limit;
  return async function* (items) {
    const input = items[Symbol.asyncIterator]();
    const results: Out[] = [];
    let underWay = 0;
    let pulling = false;
    let ended = false;
    let failure: { error: unknown } | null = null;
    const isWorkerFree = () => underWay < allowed();
    const room = given ?? onePlace<In>(isWorkerFree);
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
      const finish = (settle: () => void): void => {
        underWay -= 1;
        room.left(item);
        settle();
      };
      underWay += 1;
      const result = work(item);
      if (!(result instanceof Promise)) {
        finish(() => done(result));
        return;
      }
      result.then(
        value => finish(() => done(value)),
        error => finish(() => fail(error)),
      );
    };
    const startAllowed = (): void => {
      while (isWorkerFree()) {
        const item = room.next(allowed());
        if (item === undefined) return;
        start(item);
      }
    };
    const pull = async (): Promise<void> => {
      pulling = true;
      try {
        const { done: isLast, value } = await input.next();
        pulling = false;
        const atOnce = isLast ? undefined : aside?.(value);
        if (isLast) ended = true;
        else if (atOnce !== undefined) results.push(atOnce);
        else room.enter(value);
        startAllowed();
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
        startAllowed();
        if (results.length > 0) continue;
        if (ended && underWay === 0) return;
        if (!ended && !pulling && !room.isFull) void pull();
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    } finally {
      await input.return?.();
    }
  };
}

/** Nobody waits: an item is taken in when a worker is free. */
function onePlace<Item>(isWorkerFree: () => boolean): WorkQueue<Item> {
  let waiting: Item | undefined;
  return {
    get isFull() {
      return waiting !== undefined || !isWorkerFree();
    },
    enter: item => {
      waiting = item;
    },
    next: () => {
      const item = waiting;
      waiting = undefined;
      return item;
    },
    left: () => {},
  };
}
