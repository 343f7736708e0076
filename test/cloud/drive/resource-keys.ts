/**
 * Items that were shared by link before September 2021: they exist only for requests that bring their resource key along,
 * and for those they are shared with. https://developers.google.com/workspace/drive/api/guides/resource-keys
 */
import type { IncomingMessage } from 'node:http';
import type { DriveItem, DriveTree } from './drive-tree.ts';
import { DriveError } from './errors.ts';

/** Resource keys by the id of their item. */
export type ResourceKeys = ReadonlyMap<string, string>;

/** Those that a request brings along: `{id}/{key}`, comma-separated. Throws 400 for anything else. */
export function resourceKeysOf(request: IncomingMessage): ResourceKeys {
  const header = String(request.headers['x-goog-drive-resource-keys'] ?? '');
  const pairs = header === '' ? [] : header.split(',').map(pair => /^([\w-]+)\/([\w-]+)$/.exec(pair.trim()));
  return new Map(
    pairs.map(pair => {
      if (pair) return [pair[1]!, pair[2]!];
      const where = { location: 'X-Goog-Drive-Resource-Keys', locationType: 'header' } as const;
      throw new DriveError(400, 'invalid', 'Invalid resource key header.', where);
    }),
  );
}

/** Whether the item exists for an account with these keys. */
export function isReachable(tree: DriveTree, item: DriveItem, email: string, keys: ResourceKeys): boolean {
  if (!tree.isVisible(item, email)) return false;
  const needsKey = item.resourceKey !== null && !tree.isSharedWith(item, email);
  return !needsKey || keys.get(item.id) === item.resourceKey;
}
