/**
 * list: the Drive folder, with all folders below it, as one record a file.
 *
 * Folders are read level by level, many in one query. Shortcuts are put off until every real folder has been read, so
 * that a file that lies in the tree is listed where it lies; what a shortcut points to is then listed once, under the
 * name and in the place of the shortcut. A folder is never read twice, so loops end.
 */
import { TextSet } from '../src/compact/text-set.ts';
import { RunError } from './errors.ts';
import type { FileRecord } from './record.ts';
import type { Halt } from './stage.ts';

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
  /** Ids of the folders it lies in; empty if none of them may be seen. */
  parents: string[];
  trashed: boolean;
  /** What a shortcut points to; null for everything else. */
  shortcut: { id: string; mimeType: string } | null;
}

/** What list needs of Drive. */
export interface DriveFolders {
  /**
   * The items that lie directly in the folders, page by page, without those in the trash; an item may come twice. A
   * folder that has disappeared has no children. Throws RunError when Drive refuses.
   */
  children(folderIds: string[]): AsyncIterable<DriveItem[]>;
  /** One item, in the trash or not; null if it does not exist or may not be seen. */
  item(id: string): Promise<DriveItem | null>;
}

export const FOLDER = 'application/vnd.google-apps.folder';

/** As many as rclone asks for in one query; more makes the query too long for Drive. */
const FOLDERS_A_QUERY = 50;

interface Place {
  id: string;
  path: string;
}

export interface ListOptions {
  halt?: Halt;
}

/**
 * The records of a folder, all `pending`. Throws RunError if `folderId` is not a folder that can be read; when Drive
 * refuses later, the run is halted with that RunError.
 * Duplicates within the listing (Drive repeats items when the folder changes while it is read) are dropped.
 */
export function list(
  drive: DriveFolders,
  options: ListOptions = {},
): (folderId: string) => AsyncGenerator<FileRecord> {
  return async function* (folderId) {
    const root = await drive.item(folderId);
    if (!root || root.trashed) throw folderUnknown(folderId, root?.trashed ?? false);
    if (root.mimeType !== FOLDER) throw notAFolder(root);

    try {
      for await (const record of new Walk(drive).from(root.id)) {
        if (options.halt?.stopped) return;
        yield record;
      }
    } catch (error) {
      if (!(error instanceof RunError && options.halt)) throw error;
      options.halt.stop(error);
    }
  };
}

class Walk {
  readonly #drive: DriveFolders;
  readonly #seenFolders = new Set<string>();
  readonly #seenFiles = new TextSet();
  #folders: Place[] = [];
  #shortcuts: { item: DriveItem; path: string }[] = [];
  #foldersAQuery = FOLDERS_A_QUERY;

  constructor(drive: DriveFolders) {
    this.#drive = drive;
  }

  async *from(rootId: string): AsyncGenerator<FileRecord> {
    this.#enter({ id: rootId, path: '' });
    while (this.#folders.length > 0 || this.#shortcuts.length > 0) {
      yield* this.#readFolders();
      yield* this.#followShortcuts();
    }
  }

  #enter(place: Place): void {
    if (this.#seenFolders.has(place.id)) return;
    this.#seenFolders.add(place.id);
    this.#folders.push(place);
  }

  async *#readFolders(): AsyncGenerator<FileRecord> {
    while (this.#folders.length > 0) {
      yield* this.#read(this.#folders.splice(0, this.#foldersAQuery));
    }
  }

  /**
   * Drive has a fault in which a query over several folders finds nothing although there is something; rclone asks
   * again one by one and from then on no longer groups (facts.md, Google Drive v3).
   */
  async *#read(places: Place[]): AsyncGenerator<FileRecord> {
    let found = 0;
    for await (const record of this.#children(places)) {
      found += 1;
      if (record) yield record;
    }
    if (found > 0 || places.length === 1) return;
    for (const place of places) {
      for await (const record of this.#children([place])) {
        this.#foldersAQuery = 1;
        if (record) yield record;
      }
    }
  }

  /** The files in the folders; null for an item that was put off (folder, shortcut) or seen before. */
  async *#children(places: Place[]): AsyncGenerator<FileRecord | null> {
    const pathOf = new Map(places.map(({ id, path }) => [id, path]));
    for await (const page of this.#drive.children([...pathOf.keys()])) {
      for (const item of page) {
        const parent = item.parents.find(id => pathOf.has(id)) ?? places[0]!.id;
        yield this.#take(item, pathOf.get(parent)!);
      }
    }
  }

  #take(item: DriveItem, path: string): FileRecord | null {
    if (item.mimeType === FOLDER) {
      this.#enter({ id: item.id, path: below(path, item.name) });
      return null;
    }
    if (item.shortcut) {
      this.#shortcuts.push({ item, path });
      return null;
    }
    return this.#once(recordOf(item, path));
  }

  #once(record: FileRecord): FileRecord | null {
    return this.#seenFiles.add(record.id) ? record : null;
  }

  async *#followShortcuts(): AsyncGenerator<FileRecord> {
    const shortcuts = this.#shortcuts;
    this.#shortcuts = [];
    for (const { item, path } of shortcuts) {
      const record = await this.#follow(item, path);
      if (record) yield record;
    }
  }

  async #follow(shortcut: DriveItem, path: string): Promise<FileRecord | null> {
    const targetId = shortcut.shortcut!.id;
    if (this.#seenFiles.has(targetId) || this.#seenFolders.has(targetId)) return null;
    const target = await this.#drive.item(targetId);
    if (!target || target.trashed) return this.#once(broken(shortcut, path));
    if (target.mimeType === FOLDER) {
      this.#enter({ id: target.id, path: below(path, shortcut.name) });
      return null;
    }
    return this.#once({ ...recordOf(target, path), name: shortcut.name, shortcutId: shortcut.id });
  }
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}

function recordOf(item: DriveItem, path: string): FileRecord {
  const { id, name, size, mimeType, md5, modifiedTime } = item;
  return { id, name, path, size, mimeType, md5, modifiedTime, status: 'pending' };
}

function broken(shortcut: DriveItem, path: string): FileRecord {
  return {
    ...recordOf(shortcut, path),
    status: 'orphan',
    error: {
      stage: 'list',
      code: 'shortcut_target_gone',
      message: `${shortcut.name}: the file this shortcut points to is gone or is not shared with the signed-in account. Restore or share it, or remove the shortcut.`,
      retryable: false,
    },
  };
}

function folderUnknown(folderId: string, trashed: boolean): RunError {
  return new RunError(
    'folder_not_found',
    trashed ? `The Drive folder ${folderId} is in the trash.` : `Drive knows no folder ${folderId}.`,
    trashed
      ? 'Restore it in Drive, then run the command again.'
      : "Check the id (the last part of the folder's address in the browser) and that the folder is shared with the signed-in Google account.",
  );
}

function notAFolder(item: DriveItem): RunError {
  return new RunError(
    'not_a_folder',
    `${item.name} (${item.id}) is not a folder in Drive but ${item.mimeType}.`,
    'Give the id of the folder that holds the files.',
  );
}
