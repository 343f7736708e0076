/** list: one record for each file in the Drive folder and its subfolders. */
import { below, type DriveFolders, type FolderToRead, refOf, type Shortcut } from './drive-item.ts';
import { endRun } from './flow/shutdown.ts';
import { type DriveRef, type FileRecord, FOLDER, isFolder } from './record.ts';
import { folderUnknown, notAFolder } from './unlisted.ts';
import { type ListOptions, Walk } from './walk.ts';

/**
 * The records of a folder: `pending`, or with an error for what cannot be read. Throws RunError if `root` is not a readable
 * folder; when Drive refuses later, the run is shut down with that RunError.
 * Duplicates within the listing (Drive repeats items when the folder changes while it is read) are dropped.
 */
export async function* list(
  drive: DriveFolders,
  root: DriveRef,
  options: ListOptions = {},
): AsyncGenerator<FileRecord> {
  const item = await drive.item(root);
  if (!item || item.trashed) throw folderUnknown(root.id, item);
  if (item.mimeType !== FOLDER) throw notAFolder(item);
  const { name, modifiedTime, isClosed } = item;
  const ref = refOf({ ...item, resourceKey: item.resourceKey ?? root.resourceKey });
  options.onRoot?.(name);
  yield* walk(drive, root, [{ ref, name, above: '', path: '', modifiedTime, isClosed }], options);
}

/** Lists folders and shortcuts below `root` that could not be read before, like {@link list}. */
export async function* listAgain(
  drive: DriveFolders,
  root: DriveRef,
  unlisted: FileRecord[],
  options: ListOptions = {},
): AsyncGenerator<FileRecord> {
  const shortcuts: Shortcut[] = [];
  for (const record of unlisted) {
    if (isFolder(record)) continue;
    const item = await drive.item(refOf(record));
    const { path = '', parent: ref = root } = record;
    // An item that is no longer visible may come back; one in the trash was removed on purpose.
    if (!item) yield record;
    else if (item.shortcut && !item.trashed) shortcuts.push({ item, within: { ref, path } });
  }
  const folders = unlisted.filter(isFolder).map(record => {
    const { name, path: above = '', parent, modifiedTime = '' } = record;
    const path = record.id === root.id ? '' : below(above, name);
    const ref = record.id === root.id ? root : refOf(record);
    return { ref, name, above, path, parent, modifiedTime };
  });
  yield* walk(drive, root, folders, options, shortcuts);
}

async function* walk(
  drive: DriveFolders,
  root: DriveRef,
  folders: FolderToRead[],
  options: ListOptions,
  shortcuts: Shortcut[] = [],
): AsyncGenerator<FileRecord> {
  const { shutdown } = options;
  try {
    for await (const record of new Walk(drive, root, options).from(folders, shortcuts)) {
      if (shutdown?.drainSignal.aborted) return;
      yield record;
    }
  } catch (error) {
    endRun(shutdown, error);
  }
}
