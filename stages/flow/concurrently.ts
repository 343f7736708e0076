/** Items that wait for a free worker. */
export interface WorkQueue<Item> {
  readonly isFull: boolean;
  add(item: Item): void;
  /** Removes and returns the next item, given the number of workers; undefined if there is none. */
  next(workers: number): Item | undefined;
  /** Called when the work on an item is finished. */
  done(item: Item): void;
}

interface Options<In, Out> {
  /** Where items wait. Without a queue at most one item waits. */
  queue?: WorkQueue<In>;
  /** Returns the result of an item that needs no work, so that it does not wait behind others; undefined if it needs work. */
  skip?: (item: In) => Out | undefined;
}

/**
 * Runs `work` on up to `limit()` items at a time and yields results as they are ready, not in order: a large video does
 * not hold up the photos behind it. A result of `undefined` is dropped. New work starts only while the consumer pulls.
 */
export function concurrently<In, Out>(
  limit: () => number,
  work: (item: In) => Promise<Out | undefined>,
  { queue = singleItem(), skip = () => undefined }: Options<In, Out> = {},
): (items: AsyncIterable<In>) => AsyncGenerator<Out> {
  return items => new Workers(limit, work, queue, skip).results(items[Symbol.asyncIterator]());
}

class Workers<In, Out> {
  readonly #limit: () => number;
  readonly #work: (item: In) => Promise<Out | undefined>;
  readonly #queue: WorkQueue<In>;
  readonly #skip: (item: In) => Out | undefined;
  readonly #results: Out[] = [];
  #busy = 0;
  #isPulling = false;
  #inputEnded = false;
  #failure: { error: unknown } | null = null;
  /** Wakes the loop of `results`. `Promise.race` would add a reaction to every long-running task in each turn. */
  #wake = () => {};

  constructor(
    limit: () => number,
    work: (item: In) => Promise<Out | undefined>,
    queue: WorkQueue<In>,
    skip: (item: In) => Out | undefined,
  ) {
    this.#limit = limit;
    this.#work = work;
    this.#queue = queue;
    this.#skip = skip;
  }

  async *results(input: AsyncIterator<In>): AsyncGenerator<Out> {
    try {
      while (true) {
        while (this.#results.length > 0) yield this.#results.shift()!;
        if (this.#failure) throw this.#failure.error;
        this.#startWork();
        if (this.#inputEnded && this.#busy === 0) return;
        void this.#pull(input);
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      }
    } finally {
      await input.return?.();
    }
  }

  async #pull(input: AsyncIterator<In>): Promise<void> {
    if (this.#inputEnded || this.#isPulling || this.#queue.isFull) return;
    this.#isPulling = true;
    try {
      const { done, value } = await input.next();
      if (done) this.#inputEnded = true;
      else this.#take(value);
    } catch (error) {
      this.#inputEnded = true;
      this.#failure ??= { error };
    }
    this.#isPulling = false;
    this.#wake();
  }

  #take(item: In): void {
    const result = this.#skip(item);
    if (result !== undefined) this.#results.push(result);
    else this.#queue.add(item);
    this.#startWork();
  }

  #startWork(): void {
    while (this.#busy < this.#limit()) {
      const item = this.#queue.next(this.#limit());
      if (item === undefined) return;
      void this.#run(item);
    }
  }

  async #run(item: In): Promise<void> {
    this.#busy += 1;
    try {
      const result = await this.#work(item);
      if (result !== undefined) this.#results.push(result);
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#busy -= 1;
    this.#queue.done(item);
    this.#wake();
  }
}

function singleItem<Item>(): WorkQueue<Item> {
  const items: Item[] = [];
  return {
    get isFull() {
      return items.length > 0;
    },
    add: item => void items.push(item),
    next: () => items.shift(),
    done: () => {},
  };
}
