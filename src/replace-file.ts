import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Replaces a file in one step (temporary file, fsync, rename): a reader sees the old content or the new one, never a
 * part, and a crash or an error of the content leaves the old one. `mode` is that of the new file; what the umask takes
 * from it is given back where `isExact`. `isOnlyWriter`: nobody else may be replacing the file at the same time, so that
 * what a crash has left of a large one is written over by the next attempt. Throws what the file system and the content
 * throw.
 */
export async function replaceFile(
  path: string,
  content: string | AsyncIterable<string>,
  {
    mode,
    isExact = false,
    isOnlyWriter = false,
  }: { mode: number; isExact?: boolean; isOnlyWriter?: boolean },
): Promise<void> {
  // A link (people keep such files in a dotfiles folder) stays one: the file behind it is replaced.
  const target = await realpath(path).catch(() => path);
  const temporary = isOnlyWriter
    ? `${target}.tmp`
    : // Not longer than most names: the target's own may be as long as the file system allows.
      join(dirname(target), `.migrator-${randomBytes(6).toString('hex')}.tmp`);
  let file: FileHandle | null = null;
  try {
    file = await open(temporary, isOnlyWriter ? 'w' : 'wx', mode);
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
