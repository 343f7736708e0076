/** A run: the manifests of one Drive folder, in `runs/{folder_id}/` below the home folder. */
import { randomUUID } from 'node:crypto';
import { existsSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type FileRecord, isWithdrawn, STAGES, type StageName } from '../../../stages/record.ts';
import { refuseForeignFile, refusePlantedLink } from '../../config/files/foreign-file.ts';
import { type Holder, heldBy, holderOf } from '../../config/files/lock.ts';
import { failedPath, progressPath, runFolder } from '../../config/home.ts';
import type { IdRange } from './id-ranges.ts';
import { held, type Lock, lockPath, takeLock } from './lock.ts';
import { ManifestFile, manifestExists, type OpenOptions } from './manifest-file.ts';
import { type Manifest, MergedManifest } from './merged-manifest.ts';
import { readObservationIds, refuseForeignIds, writeObservationIds } from './observation-ids.ts';
import { RunFacts } from './run-facts.ts';
import { isInShard, nameOfShard, type Shard } from './shard.ts';
import {
  mergeShards,
  openIfThere,
  openShards,
  SHARDED_STAGES,
  type ShardState,
  shardFiles,
  shardHolder,
  shardStates,
} from './shard-files.ts';
import { UnreadableMemory, type UnreadableRecords } from './unreadable-records.ts';

/** In this program's progress file, and in the Python tool's. */
const PROGRESS = /"(?:folder_id|files)"\s*:/;

/** In the list of failed files. */
const FAILED = /^\[(?:\]|\s*\{\s*"id":)/;

export class Run {
  readonly folderId: string;
  readonly folder: string;
  /** The part that this process works on; null for the whole run. */
  readonly shard: Shard | null;
  /** What is true of the whole run. */
  readonly facts: RunFacts;
  readonly #progressPath: string;
  readonly #failedPath: string;
  #lock: Lock | null = null;
  /** Files that this process has made. */
  readonly #made = new Set<string>();
  #isVoid = false;
  #unreadable: UnreadableMemory | null = null;
  /** What this process appends to. */
  readonly #written = new Map<StageName, Manifest>();
  #isMerged = false;

  constructor(home: string, folderId: string, shard: Shard | null = null) {
    this.shard = shard;
    this.folderId = folderId;
    this.folder = runFolder(home, folderId);
    this.facts = new RunFacts(this);
    this.#progressPath = progressPath(home, folderId);
    this.#failedPath = failedPath(home, folderId);
  }

  get exists(): boolean {
    return STAGES.some(stage => this.has(stage));
  }

  pathOf(stage: StageName): string {
    return join(this.folder, `${stage}.ndjson`);
  }

  /** Of the shard, where this process works on one. */
  #ownPath(name: string): string {
    return join(this.folder, `${name}${this.shard ? `.${nameOfShard(this.shard)}` : ''}.ndjson`);
  }

  /** Every file with records of the stage. */
  #pathsOf(stage: StageName): string[] {
    const shards = shardFiles(this.folder, stage).map(({ path }) => path);
    return manifestExists(this.pathOf(stage)) ? [this.pathOf(stage), ...shards] : shards;
  }

  /** The size of all files of the stage, and when one was last written. */
  #statOf(stage: StageName): { size: number; mtimeMs: number } {
    const stats = this.#pathsOf(stage).flatMap(path => statSync(path, { throwIfNoEntry: false }) ?? []);
    const size = stats.reduce((sum, stat) => sum + stat.size, 0);
    return { size, mtimeMs: Math.max(0, ...stats.map(stat => stat.mtimeMs)) };
  }

  /** Where lines go that are not records. */
  rejectedPathOf(stage: StageName): string {
    return this.#ownPath(this.shard ? `rejected.${stage}` : `${stage}.rejected`);
  }

  /** Files whose media records are being created. */
  get linkingPath(): string {
    return this.#ownPath('linking');
  }

  /** The same of other processes, where they may have been about to link files of this one's shard. */
  get foreignLinkingPaths(): string[] {
    if (!this.shard) return shardFiles(this.folder, 'linking').map(({ path }) => path);
    const shards = shardFiles(this.folder, 'linking').filter(({ shard }) => this.#mayShareFilesWith(shard));
    return [join(this.folder, 'linking.ndjson'), ...shards.map(({ path }) => path)];
  }

  /** Two different shards of one count have no file in common. */
  #mayShareFilesWith({ count }: Shard): boolean {
    return count !== this.shard?.count;
  }

  takes(id: string): boolean {
    return this.shard === null || isInShard(id, this.shard);
  }

  /** Every shard that works or has worked on the run since it was last worked on as a whole. */
  get shards(): ShardState[] {
    return shardStates(this.folder);
  }

  has(stage: StageName): boolean {
    return this.#pathsOf(stage).length > 0;
  }

  /**
   * The manifest of the stage, with what shards have written. To write, the caller holds the lock; without a shard, what
   * shards have written is moved into the run's own manifests first.
   */
  async open(stage: StageName, options: OpenOptions): Promise<Manifest> {
    const isNew = options.write && !this.has(stage);
    if (options.write && this.#lock && !this.shard && !this.#isMerged) {
      await mergeShards(this.folder, name => this.pathOf(name), options.warn);
      this.#isMerged = true;
    }
    const manifest = await this.#openMerged(stage, options);
    if (isNew) this.#made.add(this.pathOf(stage));
    if (options.write) this.#written.set(stage, manifest);
    return manifest;
  }

  async #openMerged(
    stage: StageName,
    options: OpenOptions,
    isRead = (shard: Shard) => !this.shard || this.#mayShareFilesWith(shard),
  ): Promise<Manifest> {
    const main = this.pathOf(stage);
    const isSharded = (SHARDED_STAGES as readonly StageName[]).includes(stage);
    const ownPath = isSharded ? this.#ownPath(stage) : main;
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

  /** Writes into the manifests before transfer what Drive says of a file now. The caller holds the lock. */
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
   * Makes this process the run's only writer. Throws RunError that names the one there is, or a foreign file in the place
   * of one of the run's own.
   */
  lock(command: string): void {
    for (const folder of [dirname(this.folder), this.folder]) refusePlantedLink(folder);
    this.facts.read();
    refuseForeignFile(this.#progressPath, PROGRESS);
    refuseForeignFile(this.#failedPath, FAILED);
    refuseForeignIds(this.folder);
    this.#lock = takeLock(this.folder, command, this.shard);
    this.#refuseOthers();
    const isNew = !existsSync(this.facts.path);
    if (isNew) this.#made.add(this.facts.path);
    if (isNew || !this.id) {
      this.facts.write({ ...this.facts.read(), ...(isNew && { listed_at: null }), run_id: randomUUID() });
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
    if (!this.#isVoid) return;
    try {
      rmdirSync(this.folder);
    } catch {
      // It is not empty: other people's files, or a process that works on the run by now.
    }
  }

  /** True while another process works on the run. */
  get isHeldElsewhere(): boolean {
    return this.holder !== null;
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

  /** The sequential ids of all observations when resolve last read the whole table; null if it never did. */
  get observationIds(): { readAt: string; ranges: IdRange[] } | null {
    return readObservationIds(this.folder);
  }

  saveObservationIds(sequentialIds: readonly number[]): void {
    writeObservationIds(this.folder, sequentialIds);
  }

  /** Changes whenever a manifest grows, or a process starts or ends its work on the run. */
  get version(): string {
    const sizes = STAGES.map(stage => this.#statOf(stage).size);
    return [this.holder?.since ?? '', ...sizes].join(' ');
  }

  /**
   * Forgets a run that never saw a file, as of a folder that Drive does not know: it would be taken for the last one.
   * True if it was so.
   */
  discardIfVoid(): boolean {
    const isEmpty = STAGES.every(stage => this.#statOf(stage).size === 0);
    this.#isVoid = isEmpty && !this.isListed;
    // What is there besides, a person or another process has put there.
    if (this.#isVoid) for (const path of this.#made) unlinkSync(path);
    if (this.#isVoid) this.#made.clear();
    return this.#isVoid;
  }

  stats(): { size: number; mtimeMs: number }[] {
    return STAGES.filter(stage => this.has(stage)).map(stage => this.#statOf(stage));
  }

  /** Null before the run has been worked on. */
  get id(): string | null {
    return this.facts.read().run_id ?? null;
  }

  /** The folder's name in Drive; null if it was never listed. */
  get folderName(): string | null {
    return this.facts.read().folder_name ?? null;
  }

  /** How messages name the folder: `"Kenya 2024" (1AbC…)`. */
  get label(): string {
    const { folderName, folderId } = this;
    return folderName === null ? folderId : `"${folderName}" (${folderId})`;
  }

  get startedAt(): string {
    return this.facts.read().started_at;
  }

  /** True once the folder has been listed to its end; its list manifest then needs no Drive. */
  get isListed(): boolean {
    return this.facts.read().listed_at !== null && this.has('list');
  }

  markListed(): void {
    this.facts.write({ ...this.facts.read(), listed_at: new Date().toISOString() });
  }

  /** Records that the data service could not give in the run, for its report. */
  get unreadableRecords(): UnreadableRecords {
    return this.facts.read().unreadable_records ?? {};
  }

  /** What keeps them while this process holds the lock. */
  get unreadableMemory(): UnreadableMemory {
    this.#unreadable ??= new UnreadableMemory(this.unreadableRecords, unreadable_records => {
      if (this.#lock && !this.#isVoid) this.facts.write({ ...this.facts.read(), unreadable_records });
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
    // A last line that is incomplete while another process works on the run is one that it is writing.
    const warn = this.isHeldElsewhere ? () => {} : warnOfDamage;
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
        // Open already: it need not be read a second time, nor be in memory twice.
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
