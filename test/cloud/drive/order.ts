/** The `orderBy` parameter of files.list. */
import type { DriveItem } from './drive-tree.ts';
import { invalidParameter } from './errors.ts';

type Compare = (one: DriveItem, other: DriveItem) => number;

const plain = new Intl.Collator('en');
const natural = new Intl.Collator('en', { numeric: true });
const unordered: Compare = () => 0;

const KEYS: Record<string, Compare> = {
  createdTime: (one, other) => one.createdTime - other.createdTime,
  folder: (one, other) => Number(other.kind === 'folder') - Number(one.kind === 'folder'),
  modifiedByMeTime: unordered,
  modifiedTime: (one, other) => one.modifiedTime - other.modifiedTime,
  name: (one, other) => plain.compare(one.name, other.name),
  name_natural: (one, other) => natural.compare(one.name, other.name),
  quotaBytesUsed: (one, other) => (one.content?.size ?? 0) - (other.content?.size ?? 0),
  recency: (one, other) => one.modifiedTime - other.modifiedTime,
  sharedWithMeTime: unordered,
  starred: unordered,
  viewedByMeTime: unordered,
};

/**
 * A comparison for `orderBy` (`folder,name_natural desc`). Without it Drive promises no order; here the newest come
 * first, so that nobody comes to rely on the order of names or of creation. Throws Drive's 400 for an unknown key.
 */
export function ordering(orderBy: string | null): Compare {
  const keys = (orderBy ? orderBy.split(',') : []).map((part): Compare => {
    const match = /^\s*(\w+)(\s+desc)?\s*$/.exec(part);
    const compare = match && Object.hasOwn(KEYS, match[1]!) ? KEYS[match[1]!] : undefined;
    if (!compare) throw invalidParameter('orderBy');
    return match![2] ? (one, other) => compare(other, one) : compare;
  });
  return (one, other) => {
    for (const compare of keys) {
      const order = compare(one, other);
      if (order !== 0) return order;
    }
    return other.sequence - one.sequence;
  };
}
