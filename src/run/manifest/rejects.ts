import { closeSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isFileThere } from '../../config/files/foreign-file.ts';
import { makePrivateFolder } from '../../config/files/private-folder.ts';
import { APPEND } from '../../config/files/replace-file.ts';
import { jsonOf } from '../text/visible.ts';
import { unusable } from './manifest-error.ts';
import type { BadLine } from './record-line.ts';

/** Sets lines aside that are not records (`--skip-bad-lines`), as they were, with the reason behind each. */
export class Rejects {
  readonly path: string;
  count = 0;
  #fd: number | null = null;

  constructor(path: string) {
    this.path = path;
  }

  readonly take = (line: string, reason: BadLine): void => {
    if (this.#fd === null) {
      this.#fd = openToAppend(this.path);
    }
    this.count += 1;
    writeSync(this.#fd, `${jsonOf({ line, reason: reason.message })}\n`);
  };

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

function openToAppend(path: string): number {
  try {
    isFileThere(path);
    makePrivateFolder(dirname(path));
    return openSync(path, APPEND, 0o600);
  } catch (error) {
    throw unusable(path, error);
  }
}
