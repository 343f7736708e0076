/** Sequential ids as ranges: most are consecutive. */

/** First and last id, both included. */
export type IdRange = readonly [first: number, last: number];

export function rangesOf(sequentialIds: Iterable<number>): IdRange[] {
  const ranges: [number, number][] = [];
  for (const id of sequentialIds) {
    const last = ranges.at(-1);
    if (last && id <= last[1] + 1) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges;
}

export function* idsIn(ranges: readonly IdRange[]): Generator<number> {
  for (const [first, last] of ranges) for (let id = first; id <= last; id += 1) yield id;
}

/** `6600-6602, 6604`. */
export function rangesText(ranges: readonly IdRange[]): string {
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(', ');
}
