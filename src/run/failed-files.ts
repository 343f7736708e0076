import { join } from 'node:path';
import type { FileRecord } from '../../stages/record.ts';
import { replaceFile } from '../config/files/replace-file.ts';
import type { RunEvents } from './events.ts';
import { jsonOf } from './text/visible.ts';

/** The files of a run that failed or were linked in part, for `failed_{time}.json`. */
export class FailedFiles {
  readonly #records: FileRecord[] = [];

  constructor(events: RunEvents) {
    events.on('finished', record => {
      if (record.status === 'failed' || record.status === 'partial') this.#records.push(record);
    });
  }

  /** Gives the path; null if no file failed. */
  async write(home: string, timestamp: string): Promise<string | null> {
    if (this.#records.length === 0) return null;
    const path = join(home, `failed_${timestamp}.json`);
    const entries = this.#records.map(({ id, name, path: folder, status, error }) => ({
      ...{ id, name, path: folder, status, error },
    }));
    await replaceFile(path, `${jsonOf(entries, 2)}\n`, { mode: 0o600 });
    return path;
  }
}
