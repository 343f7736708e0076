/** `run.json`: what is true of a run and of no single file in it. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { LowSync } from 'lowdb';
import type { Naming } from '../../../stages/file-name.ts';
import type { DriveRef, StageName } from '../../../stages/record.ts';
import type { SelectionRules } from '../../../stages/selection.ts';
import { foreignFile, textOfFile } from '../../config/files/foreign-file.ts';
import { replaceFileSync } from '../../config/files/private-files.ts';
import { folderRefFrom } from '../../config/home.ts';
import type { Config } from '../../config/settings.ts';
import type { UnreadableRecords } from './unreadable-records.ts';

interface Facts {
  folder_id: string;
  /** The folder's name in Drive when it was last listed. */
  folder_name?: string;
  /** Kept with the objects that the run stores, to tell them from those of other runs. */
  run_id?: string;
  /** RFC 3339. */
  started_at: string;
  /** When the listing was completed; null before. */
  listed_at: string | null;
  /** How names are read, if a command of this run said so by a flag. */
  naming?: Naming;
  /** The folder's resource key, if its address had one. */
  resource_key?: string;
  /** The part of the folder that the run is about; the whole folder when absent. */
  selection?: SelectionRules;
  unreadable_records?: UnreadableRecords;
}

/** What is needed of the run. */
interface FactsOwner {
  folder: string;
  folderId: string;
  has(stage: StageName): boolean;
}

export class RunFacts {
  readonly path: string;
  readonly #run: FactsOwner;

  constructor(run: FactsOwner) {
    this.path = join(run.folder, 'run.json');
    this.#run = run;
  }

  /**
   * For a run without the file, put together by hand, the list manifest counts as complete. Throws RunError for a file that
   * is something else.
   */
  read(): Facts {
    const now = new Date().toISOString();
    const listed_at = this.#run.has('list') ? now : null;
    const unknown: Facts = { folder_id: this.#run.folderId, started_at: now, listed_at };
    const file = this.#file(unknown);
    file.read();
    const known: Partial<Facts> = file.data;
    return { ...unknown, listed_at: null, ...known };
  }

  /** Writes these values, unless the file has them already. */
  remember(values: Partial<Facts>): void {
    const facts = this.read();
    const changed = { ...facts, ...values };
    if (JSON.stringify(changed) !== JSON.stringify(facts)) this.#file(changed).write();
  }

  /** The folder, with the resource key that the address, the run or the configuration has. */
  root(address: string | undefined, { google_drive }: Config): DriveRef {
    const given = folderRefFrom(address ?? '').resourceKey;
    const configured = google_drive.folder_id === this.#run.folderId ? google_drive.resource_key : '';
    const resourceKey = given || this.read().resource_key || configured;
    return resourceKey ? { id: this.#run.folderId, resourceKey } : { id: this.#run.folderId };
  }

  /** The part of the folder that the run is about; null for the whole folder. */
  get selection(): SelectionRules | null {
    const selection: Partial<SelectionRules> | undefined = this.read().selection;
    return selection ? { recursive: true, include: [], exclude: [], ...selection } : null;
  }

  /** Remembers the selection. If it differs from the one before, the folder has to be listed again. */
  rememberSelection(rules: SelectionRules | null): void {
    const { selection = null } = this.read();
    if (!isDeepStrictEqual(selection, rules))
      this.remember({ listed_at: null, selection: rules ?? undefined });
  }

  /** lowdb's own file adapter writes to a temporary file with a known name, which a planted link could redirect. */
  #file(data: Facts): LowSync<Facts> {
    const write = (facts: Facts) =>
      replaceFileSync(this.path, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
    return new LowSync<Facts>({ read: () => factsIn(this.path), write }, data);
  }
}

/** Null if there is no such file. Throws RunError for one that is something else: it must not be overwritten. */
function factsIn(path: string): Facts | null {
  const text = textOfFile(path);
  if (text === null) return null;
  try {
    const facts = JSON.parse(text) as Facts | null;
    if (typeof facts?.folder_id === 'string') return facts;
  } catch {}
  throw foreignFile(path);
}
