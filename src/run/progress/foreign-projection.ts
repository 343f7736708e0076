import { refuseForeignFile } from '../../config/files/foreign-file.ts';
import { failedPath, progressPath } from '../../config/home.ts';

/** Text that is in this program's progress file and in the Python tool's. */
const PROGRESS = /"(?:folder_id|files)"\s*:/;

const FAILED = /^\[(?:\]|\s*\{\s*"id":)/;

/** Throws RunError for files of these names that are something else. */
export function refuseForeignProjection(home: string, folderId: string): void {
  refuseForeignFile(progressPath(home, folderId), PROGRESS);
  refuseForeignFile(failedPath(home, folderId), FAILED);
}
