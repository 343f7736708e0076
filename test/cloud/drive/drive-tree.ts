/** The files and folders of the local Drive: what tests, demo and benchmark lay in and look at. */
import { createHash } from 'node:crypto';
import { type Content, type ContentSource, contentOf } from './content.ts';

export const FOLDER = 'application/vnd.google-apps.folder';
export const SHORTCUT = 'application/vnd.google-apps.shortcut';
const DOCUMENT = 'application/vnd.google-apps.document';

const MIME_TYPES: Record<string, string> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  jfif: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  avi: 'video/x-msvideo',
  wmv: 'video/x-ms-wmv',
};

/** What Drive makes of a name on upload. */
function mimeTypeOf(name: string): string {
  return MIME_TYPES[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';
}

export interface DriveItem {
  readonly id: string;
  readonly kind: 'folder' | 'file' | 'shortcut' | 'document';
  /** Ascending in the order of creation. */
  readonly sequence: number;
  name: string;
  mimeType: string;
  /** Null for My Drive and for shared drives themselves. */
  parent: string | null;
  /** The shared drive it lies in, or null. */
  readonly driveId: string | null;
  content: Content | null;
  /** Undefined: that of the content. Null: Drive gives none. */
  md5: string | null | undefined;
  revision: number;
  /** ms since 1970. */
  modifiedTime: number;
  trashed: boolean;
  canDownload: boolean;
  /** Found to be malware or spam: downloads need `acknowledgeAbuse`. */
  abusive: boolean;
  /** Requests for the item have to bring it along (see {@link isReachable}); null for most items. */
  resourceKey: string | null;
  /** A folder that everybody sees and nobody may look into: it is listed as if it were empty. */
  closed: boolean;
  /** Null for all but shortcuts. */
  readonly targetId: string | null;
  /** As it was when the shortcut was made; Drive keeps it when the target goes. */
  readonly targetMimeType: string | null;
}

interface Placement {
  name: string;
  /** Folder id; My Drive (or the shared drive) if left out. */
  parent?: string;
  /** Made up if left out. */
  id?: string;
  trashed?: boolean;
  resourceKey?: string;
}

interface FileOptions extends Placement {
  content: ContentSource;
  /** By the extension of the name if left out. */
  mimeType?: string;
  /** Hex, to lie about the content; null if Drive shall give none. */
  md5?: string | null;
  /** ms since 1970 or RFC 3339. */
  modifiedTime?: number | string;
  canDownload?: boolean;
  abusive?: boolean;
}

export class DriveTree {
  /** My Drive; `root` is its alias in the API. */
  readonly rootId: string;
  readonly #items = new Map<string, DriveItem>();
  readonly #children = new Map<string, Set<string>>();
  readonly #shares = new Map<string, Set<string>>();
  readonly #now: () => number;
  #sequence = 0;

  /** `now`: ms since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.rootId = this.#add({ name: 'My Drive' }, { kind: 'folder', mimeType: FOLDER, parent: null });
  }

  /** Adds a folder and returns its id; in this shared drive, which is created if it does not exist, if one is named. */
  addFolder({ driveId, ...options }: Placement & { driveId?: string }): string {
    if (driveId && !this.#items.has(driveId))
      this.#add({ name: driveId, id: driveId }, { kind: 'folder', mimeType: FOLDER, parent: null, driveId });
    return this.#add({ ...options, parent: options.parent ?? driveId }, { kind: 'folder', mimeType: FOLDER });
  }

  /** Adds a file and returns its id. Two files of one folder may bear the same name. */
  addFile(options: FileOptions): string {
    const { name, mimeType = mimeTypeOf(name), md5, canDownload = true, abusive = false } = options;
    const { modifiedTime } = options;
    return this.#add(options, {
      kind: 'file',
      mimeType,
      content: contentOf(options.content),
      md5,
      canDownload,
      abusive,
      ...(modifiedTime === undefined ? {} : { modifiedTime: new Date(modifiedTime).getTime() }),
    });
  }

  /** Adds a shortcut and returns its id. The target may be a folder above it: a loop. It need not exist. */
  addShortcut(options: Placement & { targetId: string }): string {
    const { targetId } = options;
    const targetMimeType = this.find(targetId)?.mimeType ?? FOLDER;
    return this.#add(options, { kind: 'shortcut', mimeType: SHORTCUT, targetId, targetMimeType });
  }

  /** Adds a document of Google's editors, which has neither size nor md5 and cannot be downloaded. Returns its id. */
  addGoogleDoc(options: Placement & { mimeType?: string }): string {
    return this.#add(options, { kind: 'document', mimeType: options.mimeType ?? DOCUMENT });
  }

  rename(id: string, name: string): void {
    this.change(id, { name });
  }

  replaceContent(id: string, source: ContentSource): void {
    const item = this.get(id);
    this.change(id, { content: contentOf(source), md5: undefined, revision: item.revision + 1 });
  }

  change(id: string, change: Partial<Omit<DriveItem, 'id' | 'parent' | 'modifiedTime'>>): void {
    Object.assign(this.get(id), change, { modifiedTime: this.#now() });
  }

  /** Deletes for good, with everything below. */
  remove(id: string): void {
    for (const child of this.childrenOf(id)) this.remove(child.id);
    this.#children.get(this.get(id).parent ?? '')?.delete(id);
    this.#children.delete(id);
    this.#items.delete(id);
  }

  /** Restricts an item, and what lies below, to accounts it is shared with. Without any share everyone sees it. */
  share(id: string, email: string): void {
    const accounts = this.#shares.get(this.get(id).id) ?? new Set();
    this.#shares.set(id, accounts.add(email));
  }

  /** The item's content. Throws for folders, shortcuts and documents. */
  read(id: string): Buffer {
    const { content } = this.get(id);
    if (!content) throw new Error(`${id} has no content`);
    return content.bytes();
  }

  get(id: string): DriveItem {
    const item = this.find(id);
    if (!item) throw new Error(`no such item in the local Drive: ${id}`);
    return item;
  }

  find(id: string): DriveItem | undefined {
    return this.#items.get(id);
  }

  items(): Iterable<DriveItem> {
    return this.#items.values();
  }

  childrenOf(id: string): DriveItem[] {
    return [...(this.#children.get(id) ?? [])].map(child => this.get(child));
  }

  /** Computes the md5 of every file now, so that no later request waits for it. */
  prepare(): void {
    for (const item of this.#items.values()) if (item.md5 === undefined) item.content?.md5();
  }

  /** Whether the item itself or a folder above it is in the bin. */
  isTrashed(item: DriveItem): boolean {
    return item.trashed || this.#ancestorsOf(item).some(ancestor => ancestor.trashed);
  }

  /** Whether the account may see the item: it is shared with it, here or above, or with nobody in particular. */
  isVisible(item: DriveItem, email: string): boolean {
    let shared = false;
    for (const { id } of [item, ...this.#ancestorsOf(item)]) {
      const accounts = this.#shares.get(id);
      if (accounts?.has(email)) return true;
      shared ||= accounts !== undefined;
    }
    return !shared;
  }

  isSharedWith(item: DriveItem, email: string): boolean {
    return this.#shares.get(item.id)?.has(email) ?? false;
  }

  #ancestorsOf(item: DriveItem): DriveItem[] {
    const ancestors: DriveItem[] = [];
    for (let id = item.parent; id !== null; ) {
      const ancestor = this.get(id);
      ancestors.push(ancestor);
      id = ancestor.parent;
    }
    return ancestors;
  }

  #add(placement: Placement, item: Pick<DriveItem, 'kind' | 'mimeType'> & Partial<DriveItem>): string {
    const { name, id = this.#newId(name), trashed = false, resourceKey = null } = placement;
    if (this.#items.has(id)) throw new Error(`id is taken: ${id}`);
    const parent = item.parent === null ? null : (placement.parent ?? this.rootId);
    this.#items.set(id, {
      id,
      name,
      parent,
      trashed,
      resourceKey,
      modifiedTime: this.#now(),
      driveId: parent === null ? null : this.get(parent).driveId,
      content: null,
      md5: undefined,
      revision: 1,
      abusive: false,
      closed: false,
      canDownload: item.kind !== 'folder' && item.kind !== 'shortcut',
      targetId: null,
      targetMimeType: null,
      ...item,
      sequence: this.#sequence++,
    });
    if (parent !== null) this.#childrenOf(parent).add(id);
    return id;
  }

  #childrenOf(id: string): Set<string> {
    const children = this.#children.get(id) ?? new Set();
    this.#children.set(id, children);
    return children;
  }

  /** Of Drive's look: 33 characters, `-` and `_` among them. The same tree gets the same ids every time. */
  #newId(name: string): string {
    return `1${createHash('sha256').update(`${this.#sequence} ${name}`).digest('base64url').slice(0, 32)}`;
  }
}

/** Resource keys by the id of their item. */
export type ResourceKeys = ReadonlyMap<string, string>;

/**
 * Whether the item exists for an account with these keys. Items that were shared by link before September 2021 exist only for
 * requests that bring their resource key along, and for those they are shared with.
 * https://developers.google.com/workspace/drive/api/guides/resource-keys
 */
export function isReachable(tree: DriveTree, item: DriveItem, email: string, keys: ResourceKeys): boolean {
  if (!tree.isVisible(item, email)) return false;
  const needsKey = item.resourceKey !== null && !tree.isSharedWith(item, email);
  return !needsKey || keys.get(item.id) === item.resourceKey;
}
