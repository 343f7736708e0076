/** Formats of exported tables. */
export const FORMATS = ['json', 'ndjson', 'csv'] as const;

export type Format = (typeof FORMATS)[number];

/** The items, mapped one by one. */
export async function* mapped<In, Out>(
  items: AsyncIterable<In> | Iterable<In>,
  map: (item: In) => Out,
): AsyncGenerator<Out> {
  for await (const item of items) yield map(item);
}
