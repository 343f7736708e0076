/**
 * Folders are read level by level, many in one query. Shortcuts are followed after all real folders have been read, so that
 * a file in the tree is listed in its own folder; any other target is listed once, with the shortcut's name and folder. No
 * folder is read twice, so loops of shortcuts end.
 *
 * A folder that Drive refuses, or does not list completely, is tried again at the end. If that fails too, it gets a record of
 * its own, so that people know what is missing from the listing.
 */
import {
  below,
  type DriveFolders,
  type DriveItem,
  type FolderToRead,
  recordOfItem,
  refOf,
  type Shortcut,
  UNREADABLE,
} from './drive-item.ts';
import { FileError } from './errors.ts';
import type { Shutdown } from './flow/shutdown.ts';
import { type DriveRef, type FileRecord, FOLDER } from './record.ts';
import { type Selection, WHOLE_FOLDER } from './selection.ts';
import {
  brokenShortcut,
  closedFolder,
  folderUnknown,
  listingFails,
  rootUnreadable,
  unlistedFolder,
} from './unlisted.ts';

/** The number that rclone asks for in one query; more makes the query too long for Drive. */
export const FOLDERS_PER_QUERY = 50;

/** How often a folder that Drive refused is tried again. */
const FOLDER_RETRIES = 2;

/** When this many folders in a row fail, the problem is not the single folder. */
const OUTAGE_THRESHOLD = 5;

export interface ListOptions {
  shutdown?: Shutdown;
  /** The part of the folder to list; the whole folder when absent. */
  selection?: Selection;
  /** Waits before refused folders are tried again. */
  pause?: () => Promise<unknown>;
  /** Called with the name of the folder. */
  onRoot?: (name: string) => void;
  /** Called for folders whose content is missing from the listing, or incomplete. */
  onUnlisted?: (folder: DriveRef, path: string) => void;
  /** Called with the ids of files that exist but are not selected. */
  onLeftOut?: (id: string) => void;
}

export class Walk {
  readonly #drive: DriveFolders;
  readonly #root: DriveRef;
  readonly #options: ListOptions;
  readonly #selection: Selection;
  readonly #seenFolders = new Set<string>();
  readonly #seenFiles = new Set<string>();
  #folders: FolderToRead[] = [];
  #refused: { folder: FolderToRead; error: FileError; attempts: number }[] = [];
  #shortcuts: Shortcut[] = [];
  #foldersPerQuery = FOLDERS_PER_QUERY;
  #failuresInARow = 0;

  constructor(drive: DriveFolders, root: DriveRef, options: ListOptions) {
    this.#drive = drive;
    this.#root = root;
    this.#options = options;
    this.#selection = options.selection ?? WHOLE_FOLDER;
  }

  async *from(folders: FolderToRead[], shortcuts: Shortcut[]): AsyncGenerator<FileRecord> {
    for (const folder of folders) this.#queueFolder(folder);
    this.#shortcuts.push(...shortcuts);
    yield* this.#readAll();
    while (this.#refused.length > 0 && !this.#options.shutdown?.drainSignal.aborted)
      yield* this.#retryRefused();
  }

  async *#readAll(): AsyncGenerator<FileRecord> {
    while (this.#folders.length > 0 || this.#shortcuts.length > 0) {
      yield* this.#readFolders();
      yield* this.#followShortcuts();
    }
  }

  #queueFolder(folder: FolderToRead): void {
    if (this.#seenFolders.has(folder.ref.id)) return;
    this.#seenFolders.add(folder.ref.id);
    this.#folders.push(folder);
  }

  async *#readFolders(): AsyncGenerator<FileRecord> {
    while (this.#folders.length > 0) {
      const folders = this.#folders.splice(0, this.#foldersPerQuery);
      const open = folders.filter(({ isClosed }) => !isClosed);
      if (open.length > 1) yield* this.#readTogether(open);
      else if (open[0]) yield* this.#readAlone(open[0]);
      for (const folder of folders) if (folder.isClosed) yield* this.#readAlone(folder);
    }
  }

  /**
   * When a query for several folders fails, each one is tried alone. Drive also has a bug in which such a query finds nothing
   * although there are files; like rclone, this then asks for each folder alone and does not group any more
   * (docs/services.md, Google Drive).
   */
  async *#readTogether(folders: FolderToRead[]): AsyncGenerator<FileRecord> {
    let found = 0;
    let hasFailed = false;
    try {
      for await (const record of this.#children(folders)) {
        found += 1;
        if (record) yield record;
      }
      this.#failuresInARow = 0;
      if (found > 0) return;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (error.retryable) await this.#checkRoot();
      hasFailed = true;
    }
    for (const folder of folders) {
      for await (const record of this.#readAlone(folder)) {
        if (!hasFailed) this.#foldersPerQuery = 1;
        yield record;
      }
    }
  }

  /** A folder that Drive refuses is tried again later. Throws RunError after too many failures in a row. */
  async *#readAlone(folder: FolderToRead, attempts = 1): AsyncGenerator<FileRecord> {
    let found = 0;
    try {
      for await (const record of this.#children([folder])) {
        found += 1;
        if (record) yield record;
      }
      this.#failuresInARow = 0;
      if (folder.isClosed && found === 0) throw closedFolder();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (error.retryable) {
        await this.#checkRoot();
        this.#failuresInARow += 1;
        if (this.#failuresInARow >= OUTAGE_THRESHOLD) throw listingFails(OUTAGE_THRESHOLD, error);
      }
      this.#refused.push({ folder, error, attempts });
    }
  }

  /** The files in the folders; null for other items (folders and shortcuts, not selected, seen before). */
  async *#children(folders: FolderToRead[]): AsyncGenerator<FileRecord | null> {
    const folderOf = new Map(folders.map(folder => [folder.ref.id, folder]));
    for await (const page of this.#drive.children(folders.map(({ ref }) => ref))) {
      for (const item of page) {
        const parent = item.parents.find(id => folderOf.has(id));
        yield this.#recordOrQueue(item, parent ? folderOf.get(parent)! : folders[0]!);
      }
    }
  }

  #recordOrQueue(item: DriveItem, within: FolderToRead): FileRecord | null {
    if (item.mimeType === FOLDER) {
      this.#queueSubfolder(within, item);
      return null;
    }
    if (item.shortcut) {
      this.#shortcuts.push({ item, within });
      return null;
    }
    return this.#selectedOnce(recordOfItem(item, within));
  }

  #queueSubfolder(within: Shortcut['within'], item: DriveItem): void {
    const { name, modifiedTime, isClosed } = item;
    const path = below(within.path, name);
    if (!this.#selection.reads(path)) {
      this.#options.onUnlisted?.(item, path);
      return;
    }
    const ref = refOf(item);
    this.#queueFolder({ ref, name, above: within.path, path, parent: within.ref, modifiedTime, isClosed });
  }

  /** The record; null if it is not selected, or was given before. */
  #selectedOnce(record: FileRecord): FileRecord | null {
    if (!this.#selection.takes(record)) {
      this.#options.onLeftOut?.(record.id);
      return null;
    }
    if (this.#seenFiles.has(record.id)) return null;
    this.#seenFiles.add(record.id);
    return record;
  }

  async *#followShortcuts(): AsyncGenerator<FileRecord> {
    const shortcuts = this.#shortcuts;
    this.#shortcuts = [];
    for (const { item, within } of shortcuts) {
      const record = await this.#follow(item, within);
      if (record) yield record;
    }
  }

  async #follow(shortcut: DriveItem, within: Shortcut['within']): Promise<FileRecord | null> {
    const to = shortcut.shortcut!;
    if (this.#seenFiles.has(to.id) || this.#seenFolders.has(to.id)) return null;
    const found = await this.#drive.item(to);
    if (!found && to.mimeType === FOLDER) this.#options.onUnlisted?.(to, below(within.path, shortcut.name));
    if (!found || found.trashed) return this.#selectedOnce(brokenShortcut(shortcut, within));
    const target = { ...found, resourceKey: found.resourceKey ?? to.resourceKey, name: shortcut.name };
    if (target.mimeType === FOLDER) {
      this.#queueSubfolder(within, target);
      return null;
    }
    return this.#selectedOnce({ ...recordOfItem(target, within), shortcutId: shortcut.id });
  }

  async *#retryRefused(): AsyncGenerator<FileRecord> {
    const refused = this.#refused;
    this.#refused = [];
    if (refused.some(({ attempts }) => attempts <= FOLDER_RETRIES)) await this.#options.pause?.();
    else await this.#checkRoot();
    for (const { folder, error, attempts } of refused) {
      if (attempts <= FOLDER_RETRIES) yield* this.#readAlone(folder, attempts + 1);
      else yield* this.#giveUp(folder, error);
    }
    yield* this.#readAll();
  }

  /** Throws if access to the whole folder is lost: then its subfolders need no records of their own. */
  async #checkRoot(): Promise<void> {
    const root = await this.#drive.item(this.#root);
    if (!root || root.trashed) throw folderUnknown(this.#root.id, root);
  }

  async *#giveUp(folder: FolderToRead, error: FileError): AsyncGenerator<FileRecord> {
    // The folder is in the trash by now, so its files are not missing.
    if ((await this.#drive.item(folder.ref))?.trashed) return;
    if (folder.ref.id === this.#root.id && error.code === UNREADABLE) throw rootUnreadable(folder, error);
    this.#options.onUnlisted?.(folder.ref, folder.path);
    yield unlistedFolder(folder, error);
  }
}
