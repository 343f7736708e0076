import { dirname } from 'node:path';
import { isFileThere } from '../../config/files/foreign-file.ts';
import { appendPrivately, makePrivateFolder } from '../../config/files/private-files.ts';
import { jsonOf } from '../text/visible.ts';
import type { Reject } from './lines.ts';
import { unusable } from './manifest-error.ts';

/** Sets lines aside that are not records (`--skip-bad-lines`), as they were, with the reason behind each. */
export class Rejects {
  readonly path: string;
  count = 0;

  constructor(path: string) {
    this.path = path;
  }

  readonly take: Reject = (line, reason) => {
    try {
      isFileThere(this.path);
      if (this.count === 0) makePrivateFolder(dirname(this.path));
      appendPrivately(this.path, `${jsonOf({ line, reason: reason.message })}\n`);
    } catch (error) {
      throw unusable(this.path, error);
    }
    this.count += 1;
  };
}
