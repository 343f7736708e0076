/** Collects items into batches. A batch that is not full is passed on `lingerMs` after its first item. */
export async function* inBatches<Item>(
  items: AsyncIterable<Item>,
  isFull: (batch: readonly Item[]) => boolean,
  lingerMs: number,
): AsyncGenerator<Item[]> {
  const input = items[Symbol.asyncIterator]();
  const pull = () => {
    const pulled = input.next();
    // The promise may reject before anything waits for it; the next await throws the error.
    pulled.catch(() => {});
    return pulled;
  };
  let next = pull();
  let batch: Item[] = [];
  let timeout: NodeJS.Timeout | undefined;
  let lingered: Promise<'over'> | null = null;
  try {
    while (true) {
      const arrived: IteratorResult<Item> | 'over' = await (lingered ? Promise.race([next, lingered]) : next);
      const isOver = arrived === 'over' || arrived.done;
      if (!isOver) {
        batch.push(arrived.value);
        next = pull();
        lingered ??= new Promise(resolve => {
          timeout = setTimeout(resolve, lingerMs, 'over');
        });
        if (!isFull(batch)) continue;
      }
      clearTimeout(timeout);
      lingered = null;
      if (batch.length > 0) yield batch;
      batch = [];
      if (arrived !== 'over' && arrived.done) return;
    }
  } finally {
    clearTimeout(timeout);
    await input.return?.();
  }
}
