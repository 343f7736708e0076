/** What the listing says about folders and shortcuts that it cannot read. */
import { type DriveItem, type FolderToRead, recordOfItem, type Shortcut, UNREADABLE } from './drive-item.ts';
import { FileError, RunError } from './errors.ts';
import { type FileRecord, FOLDER, stopped } from './record.ts';

export function brokenShortcut(shortcut: DriveItem, within: Shortcut['within']): FileRecord {
  return stopped(recordOfItem(shortcut, within), 'orphan', {
    stage: 'list',
    code: 'shortcut_target_gone',
    message: `${shortcut.name}: what this shortcut points to is gone or is not shared with the signed-in account. Restore or share it, or remove the shortcut.`,
    retryable: false,
  });
}

/** The record of a folder, instead of records of its files. */
export function unlistedFolder(folder: FolderToRead, { code, message }: FileError): FileRecord {
  const { ref, name, above: path, parent, modifiedTime } = folder;
  return {
    ...ref,
    name,
    path,
    size: null,
    mimeType: FOLDER,
    md5: null,
    modifiedTime,
    ...(parent && { parent }),
    status: 'needs_review',
    error: { stage: 'list', code, message: `${name} (${ref.id}): ${message}`, retryable: true },
  };
}

export function closedFolder(): FileError {
  return new FileError(
    UNREADABLE,
    'the signed-in account may see this folder, but not the files in it. Ask its owner for access, then run again.',
  );
}

/** `found`: the folder if it is in the trash; null if Drive does not show it. */
export function folderUnknown(folderId: string, found: DriveItem | null): RunError {
  return new RunError(
    'folder_not_found',
    found
      ? `The Drive folder "${found.name}" (${folderId}) is in the trash.`
      : `Drive knows no folder ${folderId}.`,
    found
      ? 'Restore it in Drive, then run the command again.'
      : 'Check the id (the last part of the folder\'s address in the browser) and that the folder is shared with the signed-in Google account. If the address has a "resourcekey", give the whole address.',
  );
}

export function rootUnreadable({ name, ref }: FolderToRead, error: FileError): RunError {
  return new RunError(
    UNREADABLE,
    `${name} (${ref.id}): ${error.message}`,
    'Check that the folder is shared with the signed-in Google account, then run the command again.',
  );
}

export function listingFails(failures: number, last: FileError): RunError {
  return new RunError(
    'drive_refused',
    `${failures} folders in a row could not be listed. The last one: ${last.message}`,
    'Wait some minutes, then run the command again.',
  );
}

export function notAFolder(item: DriveItem): RunError {
  return new RunError(
    'not_a_folder',
    `${item.name} (${item.id}) is not a folder in Drive but ${item.mimeType}.`,
    'Give the id of the folder that contains the files.',
  );
}
