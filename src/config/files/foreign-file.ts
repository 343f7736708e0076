/** Files of other programs under the names of our own: the program does not wait for them, change them or remove them. */
import { closeSync, existsSync, lstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { RunError } from '../../../stages/errors.ts';
import { targetOf } from './private-files.ts';

/** Enough for the longest name in a progress file. */
const HEAD_BYTES = 256 * 1024;

export function foreignFile(path: string, what = 'was not written by this program'): RunError {
  return new RunError(
    'foreign_file',
    `${path} ${what}.`,
    'Nothing was changed. Move it to another place, then run the command again.',
  );
}

/** False if nothing is there. Throws RunError for a folder, a pipe or a device. */
export function isFileThere(path: string): boolean {
  if (!existsSync(path)) return false;
  if (!statSync(path).isFile()) throw foreignFile(path, 'is not a regular file');
  return true;
}

/** Null if there is none. Throws RunError as {@link isFileThere} does. */
export function textOfFile(path: string): string | null {
  return isFileThere(path) ? readFileSync(path, 'utf8') : null;
}

/** Throws RunError for a file that is not empty and does not match near its beginning. */
export function refuseForeignFile(path: string, own: RegExp): void {
  const head = isFileThere(path) ? headOf(path) : '';
  if (head !== '' && !own.test(head)) throw foreignFile(path);
}

/** The beginning of a file, which may be too large to be read whole. */
export function headOf(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.toString('utf8', 0, readSync(fd, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

/** Throws RunError for a link where other users of this computer could have put it. */
export function refusePlantedLink(path: string): void {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
  if (isLink && targetOf(path) === path)
    throw foreignFile(path, 'is a symbolic link in a folder that other users can write');
}
