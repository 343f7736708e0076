/** Files that nobody else may read: configuration and tokens. Mode 0600, their folder 0700. */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

/** Matches the files in which this program and the Python tool of the same name keep sign-ins. */
export const SIGN_INS = /"(?:refresh_token|sign_ins)"\s*:/;

const OTHERS = 0o077;
const CLOSED = 0o600;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/**
 * Makes this file of sign-ins private. Returns a warning if it was open to others. A link, a device, and a file of another
 * user, with a second name or with other content are not changed.
 */
export async function closeToOthers(path: string): Promise<string[]> {
  if (process.platform === 'win32') return [];
  let file: FileHandle | null = null;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const found = await file.stat();
    const isOurs = found.isFile() && found.nlink === 1 && found.uid === process.getuid?.();
    if ((found.mode & OTHERS) === 0) return [];
    if (!isOurs || !SIGN_INS.test(await file.readFile('utf8'))) return await openToOthers(path);
    await file.chmod(CLOSED);
    return [`${path} was open to other users (mode ${modeText(found.mode)}); it is now ${modeText(CLOSED)}.`];
  } catch {
    // What cannot be opened (ELOOP for a link) or changed is at least reported.
    return openToOthers(path);
  } finally {
    await file?.close();
  }
}

/** A warning that names the mode, if others may do something with this file or folder; empty if there is none. */
export async function openToOthers(path: string): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const found = await stat(path).catch(() => null);
  if (!found || (found.mode & OTHERS) === 0) return [];
  const remedy = found.isFile()
    ? ` and contains a secret; "chmod 600" closes it`
    : found.isDirectory()
      ? '; "chmod 700" closes it, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder that only you can read'
      : ' and is not a file';
  return [`${path} is open to other users (mode ${modeText(found.mode)})${remedy}.`];
}

function modeText(mode: number): string {
  return (mode & 0o7777).toString(8);
}
