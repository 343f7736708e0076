/** A DynamoDB table as the generated resolvers use it: order by hash, pages by count and size before any filter. */
import { createHash } from 'node:crypto';

export type Value = string | number | boolean | null;

export interface Item {
  id: string;
  [attribute: string]: Value;
}

/** One page, before filtering. `next` is the id after which the next page starts, null at the end. */
export interface Page {
  items: Item[];
  next: string | null;
}

/** Where DynamoDB cuts a page, whatever the limit. */
const PAGE_BYTES = 1024 * 1024;

export type Table = ReturnType<typeof createTable>;

/**
 * An empty table.
 * @param indexes attributes that can be a page's key
 * @param staleReads how many reads of a new item miss it: reads are eventually consistent (docs/services.md, AppSync)
 */
export function createTable(indexes: string[], staleReads: number) {
  const items = new Map<string, Item>();
  const hiddenReads = new Map<string, number>();
  const byKey = new Map<string, Set<string>>();
  let order: { id: string; hash: string }[] = [];
  let inOrder = true;

  const placeOf = (name: string, value: Value | undefined) => `${name}\0${typeof value}\0${value}`;
  const dropFromIndexes = (item: Item): void => {
    for (const name of indexes) byKey.get(placeOf(name, item[name]))?.delete(item.id);
  };
  const isHidden = (id: string): boolean => {
    const left = hiddenReads.get(id);
    if (left === undefined) return false;
    if (left <= 1) hiddenReads.delete(id);
    else hiddenReads.set(id, left - 1);
    return true;
  };
  const ordered = (): { id: string; hash: string }[] => {
    if (!inOrder) order = order.filter(({ id }) => items.has(id)).sort(byHash);
    inOrder = true;
    return order;
  };
  const candidates = (key?: { name: string; value: Value }) => {
    if (!key) return ordered();
    const ids = [...(byKey.get(placeOf(key.name, key.value)) ?? [])];
    return ids.map(id => ({ id, hash: hashOf(id) })).sort(byHash);
  };

  return {
    /** What is stored now, by id: for tests to look at, without page or delay. */
    items,
    get(id: string) {
      const item = items.get(id);
      return item && !isHidden(id) ? item : null;
    },
    put(item: Item) {
      const before = items.get(item.id);
      if (before) dropFromIndexes(before);
      else {
        order.push({ id: item.id, hash: hashOf(item.id) });
        inOrder = false;
        if (staleReads > 0) hiddenReads.set(item.id, staleReads);
      }
      items.set(item.id, item);
      for (const name of indexes) {
        const place = placeOf(name, item[name]);
        const ids = byKey.get(place) ?? new Set();
        byKey.set(place, ids.add(item.id));
      }
    },
    remove(id: string) {
      const item = items.get(id);
      if (!item) return;
      dropFromIndexes(item);
      items.delete(id);
      hiddenReads.delete(id);
      inOrder = false;
    },
    /** From now on every read finds what is there. */
    settle: () => hiddenReads.clear(),
    /** `limit` items at most, of all or of those whose `key.name` is `key.value`. */
    page(limit: number, after: string | null, key?: { name: string; value: Value }): Page {
      const all = candidates(key);
      const last = after === null ? '' : hashOf(after);
      const start = all.findIndex(({ hash }) => hash > last);
      const page: Item[] = [];
      let bytes = 0;
      let position = start < 0 ? all.length : start;
      for (; position < all.length && page.length < limit; position++) {
        const item = items.get(all[position]!.id);
        if (!item || isHidden(item.id)) continue;
        bytes += sizeOf(item);
        if (bytes > PAGE_BYTES && page.length > 0) break;
        page.push(item);
      }
      // As in DynamoDB, a page that ends exactly at the limit still names a next one, though that may be empty.
      const isCut = page.length === limit || position < all.length;
      return { items: page, next: isCut ? (page.at(-1)?.id ?? null) : null };
    },
  };
}

const hashOf = (id: string) => createHash('md5').update(id).digest('hex');
const byHash = (a: { hash: string }, b: { hash: string }) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0);

/** DynamoDB developer guide, "Item sizes and formats": names and texts in UTF-8 bytes, numbers two digits a byte. */
function sizeOf(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) {
    bytes += Buffer.byteLength(name);
    if (typeof value === 'string') bytes += Buffer.byteLength(value);
    else if (typeof value === 'number') bytes += Math.ceil(String(value).length / 2) + 1;
    else bytes += 1;
  }
  return bytes;
}
