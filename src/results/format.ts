/** The forms in which tables of results are written. */
export const FORMATS = ['json', 'ndjson', 'csv'] as const;

export type Format = (typeof FORMATS)[number];

/** What `map` makes of each item, as they come. */
export async function* mapped<In, Out>(
  items: AsyncIterable<In> | Iterable<In>,
  map: (item: In) => Out,
): AsyncGenerator<Out> {
  for await (const item of items) yield map(item);
}
