import { closeSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateFolder } from '../../config/files/private-folder.ts';
import { APPEND } from '../../config/files/replace-file.ts';
import { jsonOf } from '../text/visible.ts';
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
      makePrivateFolder(dirname(this.path));
      this.#fd = openSync(this.path, APPEND, 0o600);
    }
    this.count += 1;
    writeSync(this.#fd, `${jsonOf({ line, reason: reason.message })}\n`);
  };

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}
