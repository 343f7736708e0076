import { existsSync } from 'node:fs';
import { replaceFile } from '../config/files/replace-file.ts';
import { failedPath } from '../config/home.ts';
import type { Run } from './manifest/run.ts';
import { jsonOf } from './text/visible.ts';

/**
 * Replaces `failed_{folder_id}.json`, the files of a run that failed or were linked in part. Gives its path; null if there is
 * no such file. For a process that has read the run's manifests before.
 */
export async function writeFailedFiles(home: string, run: Run): Promise<string | null> {
  if (run.isTooLargeToRead) return null;
  const entries = [];
  for await (const { id, name, path, status, error } of run.latest(() => {}, { checked: true }))
    if (status === 'failed' || status === 'partial') entries.push({ id, name, path, status, error });
  const file = failedPath(home, run.folderId);
  if (entries.length > 0 || existsSync(file))
    await replaceFile(file, `${jsonOf(entries, 2)}\n`, { mode: 0o600 });
  return entries.length > 0 ? file : null;
}
