/** A run: its manifests as one, its lock, and what is known of it as a whole. */
import { randomUUID } from 'node:crypto';
import { existsSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { type FileRecord, isWithdrawn, STAGES, type StageName } from '../../../stages/record.ts';
import { refuseForeignFile, refusePlantedLink } from '../../config/files/foreign-file.ts';
import { type Holder, holderOf } from '../../config/files/holder.ts';
import { heldBy } from '../../config/files/lock.ts';
import { failedPath, progressPath } from '../../config/home.ts';
import { held, type Lock, lockPath, takeLock } from './lock.ts';
import { ManifestFile, type OpenOptions } from './manifest-file.ts';
import { type Manifest, MergedManifest } from './merged-manifest.ts';
import { refuseForeignIds } from './observation-ids.ts';
import { RunFolder } from './run-folder.ts';
import type { Shard } from './shard.ts';
import {
  mergeShards,
  openIfThere,
  openShards,
  SHARDED_STAGES,
  shardFiles,
  shardHolder,
} from './shard-files.ts';
import { UnreadableMemory } from './unreadable-records.ts';

/** In this program's progress file, and in the Python tool's. */
const PROGRESS = /"(?:folder_id|files)"\s*:/;

const FAILED = /^\[(?:\]|\s*\{\s*"id":)/;

export class Run extends RunFolder {
  #lock: Lock | null = null;
  /** Files that this process has made. */
  readonly #made = new Set<string>();
  #isDiscarded = false;
  #unreadable: UnreadableMemory | null = null;
  /** What this process appends to. */
  readonly #written = new Map<StageName, Manifest>();
  #isMerged = false;

  /**
   * The manifest of the stage, with what shards have written; for a shard, the records of its own files only. To write, the
   * caller holds the lock; without a shard, what shards have written is moved into the run's own manifests first.
   */
  async open(stage: StageName, options: OpenOptions): Promise<Manifest> {
    const isNew = options.write && !this.has(stage);
    if (options.write && this.#lock && !this.shard && !this.#isMerged) {
      await mergeShards(this.folder, name => this.pathOf(name), options.warn);
      this.#isMerged = true;
    }
    const takes = this.shard ? (id: string) => this.takes(id) : undefined;
    const manifest = await this.#openMerged(stage, { ...options, takes });
    if (isNew) this.#made.add(this.pathOf(stage));
    if (options.write) this.#written.set(stage, manifest);
    return manifest;
  }

  async #openMerged(
    stage: StageName,
    options: OpenOptions,
    isRead = (shard: Shard) => !this.shard || this.mayShareFilesWith(shard),
  ): Promise<Manifest> {
    const main = this.pathOf(stage);
    const isSharded = (SHARDED_STAGES as readonly StageName[]).includes(stage);
    const ownPath = isSharded ? this.ownPath(stage) : main;
    const files = shardFiles(this.folder, stage).filter(
      ({ path, shard }) => path !== ownPath && isRead(shard),
    );
    if (ownPath === main && files.length === 0) return ManifestFile.open(main, options);
    // Before the main manifest, into which they may be moved meanwhile.
    const shards = await openShards(files, { ...options, warn: this.shard ? () => {} : options.warn });
    const read = { ...options, write: false };
    let own: ManifestFile | null = null;
    if (ownPath !== main) {
      own = options.write ? await ManifestFile.open(ownPath, options) : await openIfThere(ownPath, read);
    }
    return new MergedManifest(ownPath, {
      main: await openIfThere(main, read),
      shards: own ? [own, ...shards] : shards,
      own,
    });
  }

  /** Updates size and content of a file in the manifests before transfer. Needs the lock. */
  async revise({ id, size, md5, modifiedTime }: FileRecord, warn: (message: string) => void): Promise<void> {
    for (const stage of ['list', 'parse', 'resolve'] as const) {
      if (!this.has(stage)) continue;
      const open = this.#written.get(stage);
      const manifest = open?.isOpen ? open : await this.open(stage, { write: true, warn });
      const own = manifest.last(id);
      if (own) await manifest.append({ ...own, size, md5, modifiedTime });
      if (manifest !== open) await manifest.close();
    }
  }

  /**
   * Makes this process the run's only writer. Throws RunError that names the present writer, or a file of another program
   * in the place of one of the run's files.
   */
  lock(command: string): void {
    for (const folder of [dirname(this.folder), this.folder]) refusePlantedLink(folder);
    this.facts.read();
    refuseForeignFile(progressPath(this.home, this.folderId), PROGRESS);
    refuseForeignFile(failedPath(this.home, this.folderId), FAILED);
    refuseForeignIds(this.folder);
    this.#lock = takeLock(this.folder, command, this.shard);
    this.#refuseOthers();
    const isNew = !existsSync(this.facts.path);
    if (isNew) this.#made.add(this.facts.path);
    if (isNew || !this.id) {
      this.facts.remember({ ...(isNew && { listed_at: null }), run_id: randomUUID() });
    }
  }

  /** The whole run and its shards exclude each other; each takes its own lock before it looks at the others'. */
  #refuseOthers(): void {
    const path = lockPath(this.folder);
    const whole = this.shard && heldBy(path);
    const other = this.shard ? whole && { holder: whole, path } : shardHolder(this.folder);
    if (!other) return;
    this.#lock?.release();
    this.#lock = null;
    throw held(other.holder, other.path);
  }

  unlock(): void {
    this.#unreadable?.save();
    this.#unreadable = null;
    this.#lock?.release();
    this.#lock = null;
    if (!this.#isDiscarded) return;
    try {
      rmdirSync(this.folder);
    } catch {
      // The folder is not empty: it has other files, or another process has started the run.
    }
  }

  /** The other process that works on the run; null if there is none. */
  get holder(): Holder | null {
    if (this.#lock) return null;
    const shards = shardFiles(this.folder, 'lock').map(({ path }) => path);
    for (const path of [lockPath(this.folder), ...shards]) {
      const holder = holderOf(path);
      if (holder) return holder;
    }
    return null;
  }

  /** Changes whenever a manifest grows, or a process starts or ends its work on the run. */
  get version(): string {
    const sizes = STAGES.map(stage => this.statOf(stage).size);
    return [this.holder?.since ?? '', ...sizes].join(' ');
  }

  /**
   * Removes the files of a run that has no record, for example of an unknown folder: it would be taken for the last run.
   * True if it did.
   */
  discardIfEmpty(): boolean {
    const isEmpty = STAGES.every(stage => this.statOf(stage).size === 0);
    this.#isDiscarded = isEmpty && !this.isListed;
    // Anything else in the folder belongs to a person or another process.
    if (this.#isDiscarded) for (const path of this.#made) unlinkSync(path);
    if (this.#isDiscarded) this.#made.clear();
    return this.#isDiscarded;
  }

  /** Collects the records that the data service could not give, while this process holds the lock. */
  get unreadableMemory(): UnreadableMemory {
    this.#unreadable ??= new UnreadableMemory(this.unreadableRecords, unreadable_records => {
      if (this.#lock && !this.#isDiscarded) this.facts.remember({ unreadable_records });
    });
    return this.#unreadable;
  }

  /**
   * Every file of the run once, as far as it has come: in the order of the listing, each from the last manifest that
   * has it. For readers; takes no lock. `checked`: this process has read the manifests before (see {@link OpenOptions}).
   */
  async *latest(
    warnOfDamage: (message: string) => void,
    { checked = false } = {},
  ): AsyncGenerator<FileRecord> {
    // An incomplete last line is one that the other process is writing.
    const warn = this.holder ? () => {} : warnOfDamage;
    const manifests: Manifest[] = [];
    const opened: Manifest[] = [];
    try {
      for (const stage of STAGES) {
        if (!this.has(stage)) continue;
        let written = this.#written.get(stage);
        // A shard's own does not have what the others have written.
        if (this.shard && written?.isOpen) {
          await written.flush();
          written = undefined;
        }
        // A manifest that is open is not read a second time.
        if (!this.shard && !written?.isOpen) this.#written.delete(stage);
        const read = { write: false, warn, checked };
        const manifest = written?.isOpen ? written : await this.#openMerged(stage, read, () => true);
        if (manifest !== written) opened.push(manifest);
        manifests.push(manifest);
      }
      const [first, ...later] = manifests;
      if (!first) return;
      later.reverse();
      for (const record of first.records()) {
        if (!isWithdrawn(record)) yield furthest(later, record.id) ?? record;
      }
    } finally {
      for (const manifest of opened) await manifest.close();
    }
  }
}

function furthest(latestFirst: readonly Manifest[], id: string): FileRecord | undefined {
  for (const manifest of latestFirst) {
    const record = manifest.last(id);
    if (record) return record;
  }
  return undefined;
}
