/**
 * Writes files without following links of other users, who may have planted one where a file is about to be written; and
 * keeps folders and sign-ins closed to others.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { chmod, type FileHandle, open, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** Flags that open a file to append to it, and fail with ELOOP where it is a link (Windows has no such flag). */
export const APPEND = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW;
export const READ_AND_APPEND = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW;

/** Appends to a file that is its owner's alone, and syncs it to disk. Throws what the file system throws. */
export function appendPrivately(path: string, text: string): void {
  const fd = openSync(path, APPEND, 0o600);
  try {
    writeSync(fd, text);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Replaces a file in one step (temporary file, fsync, rename): a reader sees the old content or the new one, never a
 * part, and a crash or an error of the content leaves the old one. A new file has this mode, without what the umask says;
 * with `keepsMode` a file that is there keeps its own. Throws what the file system and the content throw.
 */
export async function replaceFile(
  path: string,
  content: string | AsyncIterable<string>,
  { mode, keepsMode = false }: { mode: number; keepsMode?: boolean },
): Promise<void> {
  const target = targetOf(path);
  const before = replaceable(target);
  const temporary = temporaryFor(target);
  const kept = keepsMode && before?.isFile() ? before.mode & 0o777 : null;
  try {
    await writeFile(temporary, content, { mode: kept ?? mode, ...EXCLUSIVE_AND_SYNCED });
    // The umask may have taken something from the mode.
    if (kept !== null) await chmod(temporary, kept);
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(target));
}

/** Fails if anything is there, even a link. No `encoding` beside it: with one, Node 20 does not flush. */
const EXCLUSIVE_AND_SYNCED = { flag: 'wx', flush: true } as const;

/** Makes the rename durable, where folders can be opened. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** Like {@link replaceFile}, synchronously, for short text. */
export function replaceFileSync(path: string, text: string, { mode }: { mode: number }): void {
  const target = targetOf(path);
  replaceable(target);
  const temporary = temporaryFor(target);
  try {
    writeFileSync(temporary, text, { mode, ...EXCLUSIVE_AND_SYNCED });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * The file behind a path. The user's own links are followed (people keep such files in a dotfiles folder), but not in a
 * folder where other users could have made the link.
 */
export function targetOf(path: string): string {
  try {
    return isOursAlone(statSync(dirname(path))) && isTrusted(lstatSync(path)) ? realpathSync(path) : path;
  } catch {
    return path;
  }
}

function isOursAlone(folder: Stats): boolean {
  return (folder.mode & WRITABLE_BY_OTHERS) === 0 && isTrusted(folder);
}

/** Made by this user or by the administrator. */
function isTrusted({ uid }: Stats): boolean {
  const own = process.getuid?.();
  return own === undefined || uid === own || uid === 0;
}

/** Null if nothing is there. Throws for a device or a folder, which must not be replaced. */
function replaceable(path: string): Stats | null {
  const found = lstatSync(path, { throwIfNoEntry: false }) ?? null;
  if (!found || found.isFile() || found.isSymbolicLink()) return found;
  throw Object.assign(new Error('it is not a regular file'), { code: 'EEXIST', syscall: 'rename' });
}

/** A short name: the target's may be as long as the file system allows. */
function temporaryFor(target: string): string {
  return join(dirname(target), `.migrator-${randomBytes(6).toString('hex')}.tmp`);
}

/**
 * Makes a folder and its missing parents, mode 0700. An existing folder is not changed. Throws file system errors. (Node's
 * own `recursive` never returns from a place like /proc, where mkdir reports a missing parent: Linux, Node 20 to 24.)
 */
export function makePrivateFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(above)) throw error;
    makePrivateFolder(above);
    makePrivateFolder(path);
  }
}

/** Matches the files in which this program and the Python tool of the same name keep sign-ins. */
export const SIGN_INS = /"(?:refresh_token|sign_ins)"\s*:/;

const OTHERS = 0o077;
const CLOSED = 0o600;

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
