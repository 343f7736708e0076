/** Where a migration's files come from: from Drive the first time, or when asked to; from the list manifest after that. */
import { FileError, RunError } from '../../stages/errors.ts';
import { type FileRecord, isUnlisted, isWithdrawn, nameOf, stopped } from '../../stages/record.ts';
import { foldersOf } from '../../stages/selection.ts';
import { listingAhead } from './listing-ahead.ts';
import { type Checkpoint, checkpointOf, storedRecord } from './manifest/checkpoint.ts';
import type { Manifests } from './manifest/merged-manifest.ts';
import type { Run } from './manifest/run.ts';
import type { MigrationOptions } from './migration-options.ts';
import { type Step, sourceOf } from './pipeline.ts';
import { relist } from './relisting.ts';
import type { Stages } from './stages.ts';

export interface Changes {
  added: number;
  renamed: number;
  replaced: number;
  removed: number;
}

export class Listing {
  readonly changes: Changes = { added: 0, renamed: 0, replaced: 0, removed: 0 };
  readonly #options: MigrationOptions;
  readonly #manifests: Manifests;
  readonly #checkpoint: Checkpoint;
  /** Files that a rescan has seen, selected or not. */
  readonly #seen = new Set<string>();
  /** Folders that could not be listed, or not completely. */
  readonly #unlistedFolders: { id: string; path: string }[] = [];

  constructor(options: MigrationOptions) {
    this.#options = options;
    this.#manifests = options.manifests;
    this.#checkpoint = checkpointOf(options.manifests.list!, { stage: 'list', retryOrphans: false });
  }

  async source(stages: Stages): Promise<Step> {
    const { run, rescan, shutdown, events } = this.#options;
    if (run.isListed && !rescan) {
      await this.#lookForChanges();
      const records = () => this.#selected();
      events.listAll(records(), ({ id }) => this.#isTransferred(id));
      return sourceOf(records(), shutdown.drainSignal);
    }
    const listed = await stages.list({
      onRoot: folder_name => run.facts.remember({ folder_name }),
      onLeftOut: id => this.#seen.add(id),
      onUnlisted: ({ id }, path) => this.#unlistedFolders.push({ id, path }),
    });
    const lookUp = (id: string) => this.#manifests.list!.last(id)!;
    return sourceOf(listingAhead(this.#savedListing(listed), events, lookUp, shutdown.drainSignal));
  }

  /** Saves the listed files, adds those that a rescan has not seen, and marks the listing as complete. */
  async *#savedListing(listed: AsyncIterable<FileRecord>): AsyncGenerator<FileRecord> {
    const { run, rescan, shutdown, events } = this.#options;
    const { list, resolve } = this.#manifests;
    const duplicates: FileRecord[] = [];
    for await (const item of listed) {
      const record = this.#save(item);
      // Whether the original still exists is known at the end.
      if (resolve!.last(record.id)?.status === 'duplicate') duplicates.push(record);
      else yield record;
    }
    if (shutdown.drainSignal.aborted) return;
    if (rescan) yield* this.#removed();
    yield* duplicates;
    await list!.flush();
    run.markListed();
    events.emit('allListed');
  }

  #save(listed: FileRecord): FileRecord {
    if (this.#options.rescan) this.#seen.add(listed.id);
    this.#count(listed, this.#manifests.list!.last(listed.id));
    const record = this.#checkpoint.save(this.#checkpoint.restore(listed));
    this.#options.events.emit('listed', record, this.#isTransferred(record.id));
    return record;
  }

  *#removed(): Generator<FileRecord> {
    const { list, transfer } = this.#manifests;
    const unlistedIds = new Set(this.#unlistedFolders.map(({ id }) => id));
    const unlistedPaths = new Set(this.#unlistedFolders.map(({ path }) => path));
    // A folder may have been renamed since these records were made.
    for (const { parent, path = '' } of unlistedPaths.size > 0 ? list!.records() : [])
      if (parent && unlistedIds.has(parent.id)) unlistedPaths.add(path);
    for (const before of this.#selected()) {
      // A file that was not looked for may still exist.
      if (this.#seen.has(before.id) || isBelow(unlistedPaths, before)) continue;
      if (!before.removed && !isUnlisted(before)) this.changes.removed += 1;
      const record = this.#checkpoint.save(removed(before, storedRecord(transfer, before.id)));
      this.#options.events.emit('listed', record, true);
      yield record;
    }
  }

  /** Drive may be unreachable although only links are missing: a warning is enough, and a stage that needs Drive will fail. */
  async #lookForChanges(): Promise<void> {
    try {
      await relist(this.#options, (now, before) => {
        this.#checkpoint.save(this.#checkpoint.restore(now));
        this.#count(now, before);
      });
    } catch (error) {
      const isRefused = error instanceof RunError || error instanceof FileError;
      if (!isRefused || this.#options.shutdown.killSignal.aborted) throw error;
      const message = `Drive was not asked for files that have been renamed since the listing: ${error.message}`;
      this.#options.events.warn(message);
    }
  }

  *#selected(): Generator<FileRecord> {
    const { selection } = this.#options;
    for (const record of this.#manifests.list!.records()) if (selection.takes(record)) yield record;
  }

  #isTransferred(id: string): boolean {
    return Boolean(this.#manifests.transfer?.last(id)?.url);
  }

  #count(now: FileRecord, before: FileRecord | undefined): void {
    if (isUnlisted(now)) return;
    if (!before || before.removed) this.changes.added += 1;
    else if (now.md5 !== before.md5) this.changes.replaced += 1;
    else if (now.name !== before.name) this.changes.renamed += 1;
  }
}

/** True if the file is in one of these folders, or below. */
function isBelow(folders: ReadonlySet<string>, { path = '' }: FileRecord): boolean {
  return folders.has('') || foldersOf(path).some(folder => folders.has(folder));
}

/** An object in S3 can be linked without Drive; a file without one can no longer be migrated. */
function removed(listed: FileRecord, stored: FileRecord | null): FileRecord {
  if (stored || isUnlisted(listed)) return { ...listed, removed: true };
  return stopped({ ...listed, removed: true }, 'orphan', {
    stage: 'list',
    code: 'removed_from_drive',
    message: `${nameOf(listed)}: the file is no longer in the folder in Drive.`,
    retryable: false,
  });
}

/** The resolved records of a shard's files. Throws RunError if some have not been resolved. */
export function shardRecords({ run, manifests, selection, events }: MigrationOptions): Iterable<FileRecord> {
  const { list, resolve, transfer } = manifests;
  for (const record of list!.records()) {
    if (isWithdrawn(record) || !run.takes(record.id) || !selection.takes(record)) continue;
    if (!resolve!.has(record.id)) throw notResolved(run);
  }
  const records = function* () {
    for (const record of resolve!.records())
      if (run.takes(record.id) && selection.takes(record)) yield record;
  };
  events.listAll(records(), ({ id }) => Boolean(transfer!.last(id)?.url));
  return records();
}

/** Throws RunError, before anything is written, if the run is not ready for shards. */
export function requireListed(run: Run): void {
  if (!run.isListed || !run.has('resolve')) throw notResolved(run);
}

function notResolved({ folderId, label }: Run): RunError {
  return new RunError(
    'run_not_resolved',
    `The folder ${label} has not been listed and resolved completely, which --shard requires.`,
    `Run "migrator scan --folder-id ${folderId}" first, once, then the shards.`,
  );
}
