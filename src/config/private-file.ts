/** Files that nobody else may read: configuration and tokens. Mode 0600, their folder 0700. */
import { chmod, open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makePrivateFolder } from '../private-folder.ts';
import { replaceFile } from '../replace-file.ts';

const OTHERS = 0o077;

/**
 * Replaces a file in one step (temporary file, fsync, rename): a reader sees the old content or the new one, never a
 * part, and a crash leaves the old one. Mode 0600. Throws what the file system throws.
 */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  await replaceFile(path, text, { mode: 0o600 });
  await syncFolder(dirname(await realpath(path)));
}

/** Makes the folder if needed, and sees that nobody else can look into it. Gives a warning if somebody could. */
export async function privateFolder(folder: string): Promise<string[]> {
  makePrivateFolder(folder);
  return mendModes([folder]);
}

/**
 * Takes away what others may do with these files and folders; missing ones are passed over. Gives a warning for each
 * that was open, and for each that is and stays so, because it belongs to somebody else.
 */
export async function mendModes(paths: readonly string[]): Promise<string[]> {
  const warnings: string[] = [];
  for (const path of new Set(paths)) {
    const loose = await looseMode(path);
    if (!loose) continue;
    const mended = loose.isFolder ? 0o700 : 0o600;
    const was = `${path} was open to other users (mode ${loose.mode.toString(8)})`;
    try {
      await chmod(path, mended);
      warnings.push(`${was}; it is now ${mended.toString(8)}.`);
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      warnings.push(
        `${path} is open to other users (mode ${loose.mode.toString(8)}), and that cannot be changed (${why}).`,
      );
    }
  }
  return warnings;
}

/** A warning if others may read this file, which is left as it is. */
export async function strangersIn(path: string): Promise<string[]> {
  const loose = await looseMode(path);
  if (!loose) return [];
  return [
    `${path} is open to other users (mode ${loose.mode.toString(8)}) and holds a secret; "chmod 600" closes it.`,
  ];
}

/** The mode of a file or folder that others may do something with; null if there is none such. */
export async function looseMode(path: string): Promise<{ mode: number; isFolder: boolean } | null> {
  if (process.platform === 'win32') return null;
  const found = await stat(path).catch(() => null);
  const mode = (found?.mode ?? 0) & 0o777;
  return found && (mode & OTHERS) !== 0 ? { mode, isFolder: found.isDirectory() } : null;
}

/** Makes the rename itself durable, where the platform can open folders. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
