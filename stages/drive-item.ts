/** What list needs from Drive, and how it turns that into records. */
import type { DriveRef, FileRecord } from './record.ts';

/** A file, folder or shortcut as Drive describes it. */
export interface DriveItem {
  id: string;
  name: string;
  mimeType: string;
  /** Bytes; null if Drive gives none. */
  size: number | null;
  /** Hex; null if Drive gives none. */
  md5: string | null;
  /** RFC 3339. */
  modifiedTime: string;
  /** Ids of its folders; empty if the account cannot see any of them. */
  parents: string[];
  trashed: boolean;
  /** The item's resource key, which most items do not have. */
  resourceKey?: string;
  /** True for a folder whose content the account may not see: Drive lists it as if it were empty. */
  isClosed?: boolean;
  /** What a shortcut points to; null for everything else. */
  shortcut: (DriveRef & { mimeType: string }) | null;
}

export interface DriveFolders {
  /**
   * The items directly in the folders, page by page, without those in the trash. An item may appear twice.
   * Throws FileError, possibly after some pages, if Drive does not list everything in these folders (retryable if the cause
   * may be temporary), and RunError if Drive refuses all requests.
   */
  children(folders: DriveRef[]): AsyncIterable<DriveItem[]>;
  /** One item, also from the trash; null if it does not exist or the account cannot see it. */
  item(ref: DriveRef): Promise<DriveItem | null>;
}

/** A folder to read. */
export interface FolderToRead {
  ref: DriveRef;
  name: string;
  /** Folders above it, joined by `/`. */
  above: string;
  /** The folder's own path; empty for the migrated folder. */
  path: string;
  parent?: DriveRef;
  modifiedTime: string;
  isClosed?: boolean;
}

export interface Shortcut {
  item: DriveItem;
  within: Pick<FolderToRead, 'ref' | 'path'>;
}

/** Code for a folder that Drive does not list. */
export const UNREADABLE = 'folder_unreadable';

/** Code for a folder whose listing Drive reports as incomplete. */
export const INCOMPLETE = 'listing_incomplete';

export function below(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}

export function refOf({ id, resourceKey }: DriveRef): DriveRef {
  return resourceKey ? { id, resourceKey } : { id };
}

/** The record of a file, or of a shortcut without a target, in this folder. */
export function recordOfItem(item: DriveItem, within: Pick<FolderToRead, 'ref' | 'path'>): FileRecord {
  const { id, name, size, mimeType, md5, modifiedTime, resourceKey } = item;
  const { path, ref: parent } = within;
  const file = { id, name, path, size, mimeType, md5, modifiedTime, parent };
  return { ...file, ...(resourceKey && { resourceKey }), status: 'pending' };
}

/** The record with what Drive says now; the same object if nothing relevant has changed. */
export function asNow(record: FileRecord, item: DriveItem): FileRecord {
  const { name, size, mimeType, md5, modifiedTime } = item;
  // Only the name is the shortcut's own: bytes and type are those of its target.
  const now = { ...record, ...(item.shortcut ? { name } : { name, size, mimeType, md5, modifiedTime }) };
  const same = (['name', 'size', 'md5', 'mimeType'] as const).every(field => now[field] === record[field]);
  return same ? record : now;
}
