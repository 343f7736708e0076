import { lstatSync } from 'node:fs';
import { RunError } from '../../../stages/errors.ts';

/** The RunError for an error of the file system. */
export function manifestError(path: string, error: unknown): RunError {
  if (error instanceof RunError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    const remedy = 'Run the stage before this one first.';
    return new RunError('manifest_missing', `There is no manifest ${path}.`, remedy, { cause: error });
  }
  // Linux refuses a link of another user in a folder like /tmp as forbidden.
  if (code === 'ELOOP' || (code === 'EACCES' && isLink(path))) {
    return new RunError(
      'manifest_is_link',
      `${path} is a symbolic link, and manifests are not written through links.`,
      'Name the file behind it, or remove the link; for standard output, use "--out -".',
      { cause: error },
    );
  }
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new RunError(
    full ? 'disk_full' : 'manifest_unusable',
    full ? `The disk is full: ${path} cannot be written.` : `${path} cannot be used: ${message}.`,
    full
      ? 'Free some space, then run "migrator resume"; what was written so far is kept.'
      : 'Check who owns the folder, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of yours.',
    { cause: error },
  );
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
