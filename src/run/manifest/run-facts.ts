/** `run.json`: what is true of a run and of no single file in it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LowSync } from 'lowdb';
import type { Naming } from '../../../stages/file-name.ts';
import type { StageName } from '../../../stages/record.ts';
import type { SelectionRules } from '../../../stages/selection.ts';
import { replaceFileSync } from '../../config/files/replace-file.ts';
import type { UnreadableRecords } from './unreadable-records.ts';

export interface Facts {
  folder_id: string;
  /** Kept with the objects that the run stores, to tell them from those of other runs. */
  run_id?: string;
  /** RFC 3339. */
  started_at: string;
  /** When the listing was complete; null before. */
  listed_at: string | null;
  /** How names are read, if a command of this run said so by a flag. */
  naming?: Naming;
  /** Of the folder, if its address had one. */
  resource_key?: string;
  /** The part of the folder that the run is about; the whole folder when absent. */
  selection?: SelectionRules;
  /** Records that the data service could not give. */
  unreadable_records?: UnreadableRecords;
}

export class RunFacts {
  readonly path: string;
  readonly #run: { folderId: string; has(stage: StageName): boolean };

  constructor(run: { folder: string; folderId: string; has(stage: StageName): boolean }) {
    this.path = join(run.folder, 'run.json');
    this.#run = run;
  }

  /** For a run without the file, put together by hand, the list manifest counts as complete. */
  read(): Facts {
    const now = new Date().toISOString();
    const listed_at = this.#run.has('list') ? now : null;
    const file = this.#file({ folder_id: this.#run.folderId, started_at: now, listed_at });
    try {
      file.read();
    } catch {}
    return file.data;
  }

  write(facts: Facts): void {
    this.#file(facts).write();
  }

  /** lowdb's own file adapter writes to a temporary file with a known name, which a planted link could redirect. */
  #file(facts: Facts): LowSync<Facts> {
    const adapter = {
      read: () => JSON.parse(readFileSync(this.path, 'utf8')) as Facts,
      write: (data: Facts) =>
        replaceFileSync(this.path, `${JSON.stringify(data, null, 2)}\n`, { mode: 0o600 }),
    };
    return new LowSync<Facts>(adapter, facts);
  }
}
