/** Collects items into batches. A batch that is not full is passed on `lingerMs` after its first item. */
export async function* inBatches<Item>(
  items: AsyncIterable<Item>,
  isFull: (batch: readonly Item[]) => boolean,
  lingerMs: number,
): AsyncGenerator<Item[]> {
  const input = items[Symbol.asyncIterator]();
  const pull = () => {
    const pulled = input.next();
    // It may fail before anything waits for it; the next await throws the error.
    pulled.catch(() => {});
    return pulled;
  };
  let next = pull();
  let batch: Item[] = [];
  let timer: Timer | null = null;
  try {
    while (true) {
      const arrived: IteratorResult<Item> | 'over' = await (timer ? Promise.race([next, timer.over]) : next);
      const isOver = arrived === 'over' || arrived.done;
      if (!isOver) {
        batch.push(arrived.value);
        next = pull();
        timer ??= startTimer(lingerMs);
        if (!isFull(batch)) continue;
      }
      timer?.cancel();
      timer = null;
      if (batch.length > 0) yield batch;
      batch = [];
      if (arrived !== 'over' && arrived.done) return;
    }
  } finally {
    timer?.cancel();
    await input.return?.();
  }
}

interface Timer {
  over: Promise<'over'>;
  cancel: () => void;
}

function startTimer(ms: number): Timer {
  let timeout: NodeJS.Timeout;
  const over = new Promise<'over'>(resolve => {
    timeout = setTimeout(resolve, ms, 'over');
  });
  return { over, cancel: () => clearTimeout(timeout) };
}
