/** Items of the tree as resources of the API. */
import type { DriveItem, DriveTree } from './drive-tree.ts';
import type { Searchable } from './query.ts';

/** The parents an account gets to see: none, if only the item itself is shared with it. */
function parentsOf(tree: DriveTree, item: DriveItem, email: string): string[] {
  return item.parent !== null && tree.isVisible(tree.get(item.parent), email) ? [item.parent] : [];
}

export function searchableOf(tree: DriveTree, item: DriveItem, email: string): Searchable {
  return {
    name: item.name,
    mimeType: item.mimeType,
    parents: parentsOf(tree, item, email),
    trashed: tree.isTrashed(item),
  };
}

/** The File resource, https://developers.google.com/workspace/drive/api/reference/rest/v3/files. Sizes are strings. */
export function fileResource(tree: DriveTree, item: DriveItem, email: string): Record<string, unknown> {
  const { id, name, mimeType, content } = item;
  const parents = parentsOf(tree, item, email);
  return {
    kind: 'drive#file',
    id,
    name,
    mimeType,
    trashed: tree.isTrashed(item),
    parents: parents.length > 0 ? parents : undefined,
    modifiedTime: new Date(item.modifiedTime).toISOString(),
    driveId: item.driveId ?? undefined,
    size: content ? String(content.size) : undefined,
    // Getters: digests are worth computing only for those who ask for them.
    get md5Checksum() {
      return item.md5 === undefined ? content?.md5() : (item.md5 ?? undefined);
    },
    resourceKey: item.resourceKey ?? undefined,
    shortcutDetails:
      item.targetId === null
        ? undefined
        : {
            targetId: item.targetId,
            targetMimeType: item.targetMimeType,
            targetResourceKey: tree.find(item.targetId)?.resourceKey ?? undefined,
          },
    capabilities: {
      canDownload: item.canDownload,
      canListChildren: item.kind === 'folder' && !item.closed,
    },
  };
}

export function aboutResource(email: string): Record<string, unknown> {
  return {
    kind: 'drive#about',
    user: {
      kind: 'drive#user',
      me: true,
      emailAddress: email,
    },
  };
}
