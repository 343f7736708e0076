/** Where a migration's files come from: from Drive the first time, or when asked to; from the list manifest after that. */
import { FileError, RunError } from '../../stages/errors.ts';
import { type FileRecord, isUnread, nameOf, stopped } from '../../stages/record.ts';
import { type Stage, stageStream } from '../../stages/stage.ts';
import { ListingAhead } from './listing-ahead.ts';
import { type Checkpoint, checkpointOf } from './manifest/checkpoint.ts';
import { storedRecord } from './manifest/stored.ts';
import type { MigrationOptions } from './migration.ts';
import type { Manifests } from './open-manifests.ts';
import { sourceOf } from './pipeline.ts';
import { relist } from './relisting.ts';
import type { Stages, Step } from './stages.ts';
import { UnreadFolders } from './unread-folders.ts';

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
  readonly #unread = new UnreadFolders();

  constructor(options: MigrationOptions) {
    this.#options = options;
    this.#manifests = options.manifests;
    this.#checkpoint = checkpointOf(options.manifests.list!, { stage: 'list', retryOrphans: false });
  }

  async steps(stages: Stages): Promise<Step[]> {
    const { run, rescan, shutdown, events } = this.#options;
    if (run.isListed && !rescan) {
      await this.#lookForChanges();
      return [sourceOf(this.#fromManifest(), shutdown.drainSignal)];
    }
    const listed = await stages.list({
      onRoot: folder_name => run.facts.remember({ folder_name }),
      onLeftOut: id => this.#seen.add(id),
      onUnread: this.#unread.add,
    });
    const lookUp = (id: string) => this.#manifests.list!.last(id)!;
    return [
      sourceOf(listed),
      this.#restore,
      this.#save,
      stageStream(this.#rest),
      new ListingAhead({ events, lookUp, signal: shutdown.drainSignal }),
    ];
  }

  readonly #restore = (listed: FileRecord): FileRecord => {
    if (this.#options.rescan) this.#seen.add(listed.id);
    this.#count(listed, this.#manifests.list!.last(listed.id));
    return this.#checkpoint.restore(listed);
  };

  readonly #save = async (listed: FileRecord): Promise<FileRecord> => {
    const record = await this.#checkpoint.save(listed);
    this.#options.events.emit('listed', record, this.#isTransferred(record.id));
    return record;
  };

  /** Adds the files that a rescan has not seen, and marks the listing as complete. */
  readonly #rest: Stage = listed => this.#andTheRest(listed);

  async *#andTheRest(listed: AsyncIterable<FileRecord>): AsyncGenerator<FileRecord> {
    const { run, rescan, shutdown, events } = this.#options;
    const { list, resolve } = this.#manifests;
    const duplicates: FileRecord[] = [];
    for await (const record of listed) {
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

  async *#removed(): AsyncGenerator<FileRecord> {
    const { list, transfer } = this.#manifests;
    this.#unread.learnPaths(list!.records());
    for (const before of list!.records()) {
      // It was not looked for, so it may still exist.
      if (this.#seen.has(before.id) || this.#unread.mayHave(before) || !this.#takes(before)) continue;
      if (!before.removed && !isUnread(before)) this.changes.removed += 1;
      const record = await this.#checkpoint.save(removed(before, storedRecord(transfer, before.id)));
      this.#options.events.emit('listed', record, true);
      yield record;
    }
  }

  /** Drive may be unreachable although only links are missing: a warning is enough, and a stage that needs Drive will fail. */
  async #lookForChanges(): Promise<void> {
    const { list, parse, resolve, transfer, link } = this.#manifests;
    const later = [link, transfer, resolve, parse];
    function* laterRecords(id: string): Generator<FileRecord> {
      for (const manifest of later) {
        const record = manifest?.last(id);
        if (record) yield record;
      }
    }
    try {
      await relist(this.#options, {
        manifest: list!,
        checkpoint: this.#checkpoint,
        laterRecords,
        onChange: (now, before) => this.#count(now, before),
      });
    } catch (error) {
      const isRefused = error instanceof RunError || error instanceof FileError;
      if (!isRefused || this.#options.shutdown.killSignal.aborted) throw error;
      const message = `Drive was not asked for files that have been renamed since the listing: ${error.message}`;
      this.#options.events.warn(message);
    }
  }

  *#fromManifest(): Generator<FileRecord> {
    this.#options.events.listAll(this.#selected(), ({ id }) => this.#isTransferred(id));
    yield* this.#selected();
  }

  *#selected(): Generator<FileRecord> {
    for (const record of this.#manifests.list!.records()) if (this.#takes(record)) yield record;
  }

  #takes(record: FileRecord): boolean {
    return this.#options.selection?.takes(record) ?? true;
  }

  #isTransferred(id: string): boolean {
    return Boolean(this.#manifests.transfer?.last(id)?.url);
  }

  #count(now: FileRecord, before: FileRecord | undefined): void {
    if (isUnread(now)) return;
    if (!before || before.removed) this.changes.added += 1;
    else if (now.md5 !== before.md5) this.changes.replaced += 1;
    else if (now.name !== before.name) this.changes.renamed += 1;
  }
}

/** An object in S3 can be linked without Drive; a file without one can no longer be migrated. */
function removed(listed: FileRecord, stored: FileRecord | null): FileRecord {
  if (stored || isUnread(listed)) return { ...listed, removed: true };
  return stopped({ ...listed, removed: true }, 'orphan', {
    stage: 'list',
    code: 'removed_from_drive',
    message: `${nameOf(listed)}: the file is no longer in the folder in Drive.`,
    retryable: false,
  });
}
