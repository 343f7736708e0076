import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it that are missing, for nobody but its owner. One that is there is left as it is. Throws
 * what the file system throws. (Node's own `recursive` never comes back from a place like /proc, where nothing can be made
 * and the system says that it is the folder above that is missing: Linux, Node 20 to 24.)
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
