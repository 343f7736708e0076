/**
 * list: the Drive folder, with all folders below it, as one record a file.
 *
 * Folders are read level by level, many in one query. Shortcuts are put off until every real folder has been read, so
 * that a file that lies in the tree is listed where it lies; what a shortcut points to is then listed once, under the
 * name and in the place of the shortcut. A folder is never read twice, so loops end.
 *
 * A folder that Drive refuses, or does not list completely, is asked for again at the end. If that does not help, it gets
 * a record of its own: what is below it is missing from the listing, and somebody has to know.
 */
import { FileError, RunError } from './errors.ts';
import { type DriveRef, type FileRecord, FOLDER, isFolder } from './record.ts';
import { type Selection, WHOLE_FOLDER } from './selection.ts';
import type { Shutdown } from './shutdown.ts';

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
  /** Absent for most items. */
  resourceKey?: string;
  /** True for a folder that the account may see, but not look into: Drive lists it as if it were empty. */
  isClosed?: boolean;
  /** What a shortcut points to; null for everything else. */
  shortcut: (DriveRef & { mimeType: string }) | null;
}

/** What list needs of Drive. */
export interface DriveFolders {
  /**
   * The items that lie directly in the folders, page by page, without those in the trash; an item may come twice.
   * Throws FileError, possibly after some pages, if Drive does not list all that these folders contain (retryable if it
   * is not known whether Drive lists anything), and RunError if Drive refuses altogether.
   */
  children(folders: DriveRef[]): AsyncIterable<DriveItem[]>;
  /** One item, in the trash or not; null if it does not exist or may not be seen. */
  item(ref: DriveRef): Promise<DriveItem | null>;
}

/** As many as rclone asks for in one query; more makes the query too long for Drive. */
export const FOLDERS_A_QUERY = 50;

/** How often a folder that Drive refused is asked for again. */
const MORE_ATTEMPTS = 2;

/** When Drive fails for so many folders in a row, it is not the folders. */
const FAILURES_OF_AN_OUTAGE = 5;

/** A folder to be read. */
export interface Place {
  ref: DriveRef;
  name: string;
  /** Folders above it, joined by `/`. */
  above: string;
  /** Its own path; empty for the migrated folder. */
  path: string;
  parent?: DriveRef;
  modifiedTime: string;
  isClosed?: boolean;
}

interface Shortcut {
  item: DriveItem;
  within: Pick<Place, 'ref' | 'path'>;
}

export interface ListOptions {
  shutdown?: Shutdown;
  /** The part of the folder that is listed; the whole folder when absent. */
  selection?: Selection;
  /** Waits before folders that Drive refused are asked for again. */
  pause?: () => Promise<unknown>;
  /** Told about folders whose content is not in the listing, or not all of it. */
  onUnread?: (folder: DriveRef, path: string) => void;
  /** Told the ids of files that are there, but not selected. */
  onLeftOut?: (id: string) => void;
}

/**
 * The records of a folder: `pending`, or stopped for what cannot be read. Throws RunError if `root` is not a folder that
 * can be read; when Drive refuses later, the run is shut down with that RunError.
 * Duplicates within the listing (Drive repeats items when the folder changes while it is read) are dropped.
 */
export function list(
  drive: DriveFolders,
  options: ListOptions = {},
): (root: DriveRef) => AsyncGenerator<FileRecord> {
  return async function* (root) {
    const item = await drive.item(root);
    if (!item || item.trashed) throw folderUnknown(root.id, item?.trashed ?? false);
    if (item.mimeType !== FOLDER) throw notAFolder(item);
    const ref = refOf({ ...item, resourceKey: item.resourceKey ?? root.resourceKey });
    const { name, modifiedTime, isClosed } = item;
    yield* walk(drive, root, [{ ref, name, above: '', path: '', modifiedTime, isClosed }], options);
  };
}

/** What is in folders, and behind shortcuts, below `root` that could not be read before, as {@link list} gives it. */
export async function* listAgain(
  drive: DriveFolders,
  root: DriveRef,
  unread: FileRecord[],
  options: ListOptions = {},
): AsyncGenerator<FileRecord> {
  const shortcuts: Shortcut[] = [];
  for (const record of unread) {
    if (isFolder(record)) continue;
    const item = await drive.item(refOf(record));
    const { path = '', parent: ref = root } = record;
    // One that cannot be seen any more may come back; one in the trash has been decided on.
    if (!item) yield record;
    else if (item.shortcut && !item.trashed) shortcuts.push({ item, within: { ref, path } });
  }
  const places = unread.filter(isFolder).map(record => {
    const { name, path: above = '', parent, modifiedTime = '' } = record;
    const path = record.id === root.id ? '' : below(above, name);
    const ref = record.id === root.id ? root : refOf(record);
    return { ref, name, above, path, parent, modifiedTime };
  });
  yield* walk(drive, root, places, options, shortcuts);
}

async function* walk(
  drive: DriveFolders,
  root: DriveRef,
  places: Place[],
  options: ListOptions,
  shortcuts: Shortcut[] = [],
): AsyncGenerator<FileRecord> {
  const { shutdown } = options;
  try {
    for await (const record of new Walk(drive, root, options).from(places, shortcuts)) {
      if (shutdown?.signal.aborted) return;
      yield record;
    }
  } catch (error) {
    if (!(error instanceof RunError && shutdown)) throw error;
    shutdown.drain(error);
  }
}

class Walk {
  readonly #drive: DriveFolders;
  readonly #root: DriveRef;
  readonly #options: ListOptions;
  readonly #selection: Selection;
  readonly #seenFolders = new Set<string>();
  readonly #seenFiles = new Set<string>();
  #folders: Place[] = [];
  #refused: { place: Place; error: FileError; attempts: number }[] = [];
  #shortcuts: Shortcut[] = [];
  #foldersAQuery = FOLDERS_A_QUERY;
  #failuresInARow = 0;

  constructor(drive: DriveFolders, root: DriveRef, options: ListOptions) {
    this.#drive = drive;
    this.#root = root;
    this.#options = options;
    this.#selection = options.selection ?? WHOLE_FOLDER;
  }

  async *from(places: Place[], shortcuts: Shortcut[]): AsyncGenerator<FileRecord> {
    for (const place of places) this.#enter(place);
    this.#shortcuts.push(...shortcuts);
    yield* this.#readAll();
    while (this.#refused.length > 0 && !this.#options.shutdown?.signal.aborted) yield* this.#askAgain();
  }

  async *#readAll(): AsyncGenerator<FileRecord> {
    while (this.#folders.length > 0 || this.#shortcuts.length > 0) {
      yield* this.#readFolders();
      yield* this.#followShortcuts();
    }
  }

  #enter(place: Place): void {
    if (this.#seenFolders.has(place.ref.id)) return;
    this.#seenFolders.add(place.ref.id);
    this.#folders.push(place);
  }

  async *#readFolders(): AsyncGenerator<FileRecord> {
    while (this.#folders.length > 0) {
      const places = this.#folders.splice(0, this.#foldersAQuery);
      const open = places.filter(({ isClosed }) => !isClosed);
      if (open.length > 0) yield* this.#read(open);
      for (const place of places) if (place.isClosed) yield* this.#read([place]);
    }
  }

  /**
   * Which folder of a query Drive refused is found out by asking for each alone. Drive also has a fault in which a query
   * over several folders finds nothing although there is something; rclone asks again one by one and from then on no
   * longer groups (docs/services.md, Google Drive).
   */
  async *#read(places: Place[], attempts = 1): AsyncGenerator<FileRecord> {
    const [place, ...more] = places;
    let found = 0;
    try {
      for await (const record of this.#children(places)) {
        found += 1;
        if (record) yield record;
      }
      this.#failuresInARow = 0;
      if (place!.isClosed && found === 0) throw closed();
      if (found > 0 || more.length === 0) return;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (error.retryable) await this.#checkRoot();
      if (more.length === 0) {
        if (error.retryable) this.#failuresInARow += 1;
        if (this.#failuresInARow >= FAILURES_OF_AN_OUTAGE) throw listingFails(error);
        this.#refused.push({ place: place!, error, attempts });
        return;
      }
      for (const place of places) yield* this.#read([place]);
      return;
    }
    for (const place of places) {
      for await (const record of this.#read([place])) {
        this.#foldersAQuery = 1;
        yield record;
      }
    }
  }

  /** The files in the folders; null for an item that was put off (folder, shortcut), left out, or seen before. */
  async *#children(places: Place[]): AsyncGenerator<FileRecord | null> {
    const placeOf = new Map(places.map(place => [place.ref.id, place]));
    for await (const page of this.#drive.children(places.map(({ ref }) => ref))) {
      for (const item of page) {
        const parent = item.parents.find(id => placeOf.has(id));
        yield this.#take(item, parent ? placeOf.get(parent)! : places[0]!);
      }
    }
  }

  #take(item: DriveItem, within: Place): FileRecord | null {
    if (item.mimeType === FOLDER) {
      this.#enterBelow(within, item);
      return null;
    }
    if (item.shortcut) {
      this.#shortcuts.push({ item, within });
      return null;
    }
    return this.#once(recordOf(item, within));
  }

  #enterBelow(within: Shortcut['within'], item: DriveItem): void {
    const { name, modifiedTime, isClosed } = item;
    const path = below(within.path, name);
    if (!this.#selection.reads(path)) {
      this.#options.onUnread?.(item, path);
      return;
    }
    const ref = refOf(item);
    this.#enter({ ref, name, above: within.path, path, parent: within.ref, modifiedTime, isClosed });
  }

  #once(record: FileRecord): FileRecord | null {
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
    if (!found && to.mimeType === FOLDER) this.#options.onUnread?.(to, below(within.path, shortcut.name));
    if (!found || found.trashed) return this.#once(broken(shortcut, within));
    const target = { ...found, resourceKey: found.resourceKey ?? to.resourceKey, name: shortcut.name };
    if (target.mimeType === FOLDER) {
      this.#enterBelow(within, target);
      return null;
    }
    return this.#once({ ...recordOf(target, within), shortcutId: shortcut.id });
  }

  async *#askAgain(): AsyncGenerator<FileRecord> {
    const refused = this.#refused;
    this.#refused = [];
    if (refused.some(({ attempts }) => attempts <= MORE_ATTEMPTS)) await this.#options.pause?.();
    else await this.#checkRoot();
    for (const { place, error, attempts } of refused) {
      if (attempts <= MORE_ATTEMPTS) yield* this.#read([place], attempts + 1);
      else yield* this.#giveUp(place, error);
    }
    yield* this.#readAll();
  }

  /** If Drive fails altogether, or access to the whole folder is lost, single folders below it are not worth a record each. */
  async #checkRoot(): Promise<void> {
    const root = await this.#drive.item(this.#root);
    if (!root || root.trashed) throw folderUnknown(this.#root.id, root?.trashed ?? false);
  }

  async *#giveUp(place: Place, error: FileError): AsyncGenerator<FileRecord> {
    // Whoever has put it into the trash meanwhile has decided on it.
    if ((await this.#drive.item(place.ref))?.trashed) return;
    if (place.ref.id === this.#root.id && error.code === UNREADABLE) throw rootUnreadable(place, error);
    this.#options.onUnread?.(place.ref, place.path);
    yield unread(place, error);
  }
}

/** Code for a folder that Drive does not list. */
export const UNREADABLE = 'folder_unreadable';

/** Code for a folder of which Drive says that the listing may lack something. */
export const INCOMPLETE = 'listing_incomplete';

export function below(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}

function refOf({ id, resourceKey }: DriveRef): DriveRef {
  return resourceKey ? { id, resourceKey } : { id };
}

/** The record of a file, or of a shortcut to nothing, in this folder. */
function recordOf(item: DriveItem, within: Pick<Place, 'ref' | 'path'>): FileRecord {
  const { id, name, size, mimeType, md5, modifiedTime, resourceKey } = item;
  const key = resourceKey ? { resourceKey } : {};
  const parent = within.ref;
  return {
    id,
    name,
    path: within.path,
    size,
    mimeType,
    md5,
    modifiedTime,
    parent,
    ...key,
    status: 'pending',
  };
}

/** The record with what Drive says of the file now; the very record if nothing that matters has changed. */
export function asNow(record: FileRecord, item: DriveItem): FileRecord {
  // Of a shortcut only the name counts: bytes and type are those of its target.
  const now = item.shortcut ? { ...record, name: item.name } : { ...record, ...fileFieldsOf(item) };
  const same = (['name', 'size', 'md5', 'mimeType'] as const).every(field => now[field] === record[field]);
  return same ? record : now;
}

function fileFieldsOf({ name, size, mimeType, md5, modifiedTime }: DriveItem) {
  return { name, size, mimeType, md5, modifiedTime };
}

function broken(shortcut: DriveItem, within: Shortcut['within']): FileRecord {
  return {
    ...recordOf(shortcut, within),
    status: 'orphan',
    error: {
      stage: 'list',
      code: 'shortcut_target_gone',
      message: `${shortcut.name}: what this shortcut points to is gone or is not shared with the signed-in account. Restore or share it, or remove the shortcut.`,
      retryable: false,
    },
  };
}

function unread({ ref, name, above, parent, modifiedTime }: Place, error: FileError): FileRecord {
  const { code, message } = error;
  return {
    ...ref,
    name,
    path: above,
    size: null,
    mimeType: FOLDER,
    md5: null,
    modifiedTime,
    ...(parent && { parent }),
    status: 'needs_review',
    error: { stage: 'list', code, message: `${name} (${ref.id}): ${message}`, retryable: true },
  };
}

function closed(): FileError {
  return new FileError(
    UNREADABLE,
    'the signed-in account may see this folder, but not the files in it. Ask its owner for access, then run again.',
  );
}

function folderUnknown(folderId: string, trashed: boolean): RunError {
  return new RunError(
    'folder_not_found',
    trashed ? `The Drive folder ${folderId} is in the trash.` : `Drive knows no folder ${folderId}.`,
    trashed
      ? 'Restore it in Drive, then run the command again.'
      : 'Check the id (the last part of the folder\'s address in the browser) and that the folder is shared with the signed-in Google account. If the address has a "resourcekey", give the whole address.',
  );
}

function rootUnreadable({ name, ref }: Place, error: FileError): RunError {
  return new RunError(
    UNREADABLE,
    `${name} (${ref.id}): ${error.message}`,
    'Check that the folder is shared with the signed-in Google account, then run the command again.',
  );
}

function listingFails(last: FileError): RunError {
  return new RunError(
    'drive_refused',
    `${FAILURES_OF_AN_OUTAGE} folders in a row could not be listed. The last one: ${last.message}`,
    'Wait some minutes, then run the command again.',
  );
}

function notAFolder(item: DriveItem): RunError {
  return new RunError(
    'not_a_folder',
    `${item.name} (${item.id}) is not a folder in Drive but ${item.mimeType}.`,
    'Give the id of the folder that holds the files.',
  );
}
