import type { DriveRef, FileRecord } from '../../stages/record.ts';

/** Folders that could not be listed, or not completely. */
export class UnreadFolders {
  readonly #ids = new Set<string>();
  readonly #paths = new Set<string>();

  readonly add = ({ id }: DriveRef, path: string): void => {
    this.#ids.add(id);
    this.#paths.add(path);
  };

  /** A folder may have been renamed since these records were made. */
  learnPaths(records: Iterable<FileRecord>): void {
    if (this.#ids.size === 0) return;
    for (const { parent, path = '' } of records)
      if (parent && this.#ids.has(parent.id)) this.#paths.add(path);
  }

  /** True if the file may be in one of these folders or below. */
  mayHave({ path = '' }: FileRecord): boolean {
    if (this.#paths.size === 0) return false;
    for (let above = path; ; above = above.slice(0, above.lastIndexOf('/'))) {
      if (this.#paths.has(above)) return true;
      if (!above.includes('/')) return this.#paths.has('');
    }
  }
}
