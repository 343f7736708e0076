import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, writeFile } from 'node:fs/promises';

/**
 * Replaces a file in one step (temporary file, fsync, rename): a reader sees the old content or the new one, never a
 * part, and a crash or an error of the content leaves the old one. `mode` is that of the new file; what the umask takes
 * from it is given back where `isExact`. Throws what the file system and the content throw.
 */
export async function replaceFile(
  path: string,
  content: string | AsyncIterable<string>,
  { mode, isExact = false }: { mode: number; isExact?: boolean },
): Promise<void> {
  // A link (people keep such files in a dotfiles folder) stays one: the file behind it is replaced.
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  let file: FileHandle | null = null;
  try {
    file = await open(temporary, 'wx', mode);
    if (isExact) await file.chmod(mode);
    await writeFile(file, content);
    await file.sync();
    await file.close();
    file = null;
    await rename(temporary, target);
  } catch (error) {
    await file?.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
}
