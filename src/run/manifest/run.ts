/** A run: the manifests of one Drive folder in `runs/{folder_id}/`, its lock, and what is known of it as a whole. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type FileRecord, isWithdrawn, STAGES, type StageName } from '../../../stages/record.ts';
import { refusePlantedLink } from '../../config/files/foreign-file.ts';
import type { Holder } from '../../config/files/holder.ts';
import type { Lock } from '../../config/files/lock.ts';
import { runFolder } from '../../config/home.ts';
import { refuseForeignProjection } from '../progress/foreign-projection.ts';
import { LinkingFile } from './linking.ts';
import { holderOfRun, takeLock } from './lock.ts';
import type { OpenOptions } from './manifest-file.ts';
import { furthestRecord, type Manifest, type Manifests } from './merged-manifest.ts';
import { readObservationIds, refuseForeignIds } from './observation-ids.ts';
import { closeManifests, openStageManifest } from './open-manifests.ts';
import { RunFacts } from './run-facts.ts';
import { isInShard, nameOfShard, type Shard, shardFiles } from './shard.ts';
import { UnreadableCollector, type UnreadableRecords } from './unreadable-records.ts';

export class Run {
  readonly #home: string;
  readonly folderId: string;
  readonly folder: string;
  /** The part that this process works on; null for the whole run. */
  readonly shard: Shard | null;
  readonly facts: RunFacts;
  #lock: Lock | null = null;
  /** Files that this process has made. */
  readonly #createdFiles = new Set<string>();
  #isDiscarded = false;
  #unreadable: UnreadableCollector | null = null;
  /** What this process appends to. */
  readonly #openForWriting: Manifests = {};

  constructor(home: string, folderId: string, shard: Shard | null = null) {
    this.#home = home;
    this.shard = shard;
    this.folderId = folderId;
    this.folder = runFolder(home, folderId);
    this.facts = new RunFacts(this);
  }

  get exists(): boolean {
    return STAGES.some(stage => this.has(stage));
  }

  has(stage: StageName): boolean {
    return this.#pathsOf(stage).length > 0;
  }

  /** True if the run has no record, and its folder has not been listed completely. */
  get isEmpty(): boolean {
    return STAGES.every(stage => this.sizeOf(stage) === 0) && !this.isListed;
  }

  /** True once the folder has been listed to its end; its list manifest then needs no Drive. */
  get isListed(): boolean {
    return this.facts.read().listed_at !== null && this.has('list');
  }

  markListed(): void {
    this.facts.remember({ listed_at: new Date().toISOString() });
  }

  /** The folder's name in Drive; null if it was never listed. */
  get folderName(): string | null {
    return this.facts.read().folder_name ?? null;
  }

  get startedAt(): string {
    return this.facts.read().started_at;
  }

  /** Records that the data service could not give in the run, for its report. */
  get unreadableRecords(): UnreadableRecords {
    return this.facts.read().unreadable_records ?? {};
  }

  /** The sequential ids of all observations when resolve last read the whole table; null if it never did. */
  get observationIds(): ReturnType<typeof readObservationIds> {
    return readObservationIds(this.folder);
  }

  /** How messages name the folder: `"Kenya 2024" (1AbC…)`. */
  get label(): string {
    const { folderName, folderId } = this;
    return folderName === null ? folderId : `"${folderName}" (${folderId})`;
  }

  get lastActivity(): Date | null {
    const names = existsSync(this.folder) ? readdirSync(this.folder) : [];
    const paths = names.filter(name => name.endsWith('.ndjson')).map(name => join(this.folder, name));
    const times = paths.flatMap(path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? []);
    return times.length > 0 ? new Date(Math.max(...times)) : null;
  }

  pathOf(stage: StageName): string {
    return join(this.folder, `${stage}.ndjson`);
  }

  rejectedPathOf(stage: StageName): string {
    return this.#ownPath(this.shard ? `rejected.${stage}` : `${stage}.rejected`);
  }

  takes(id: string): boolean {
    return this.shard === null || isInShard(id, this.shard);
  }

  /** The path of a file of this process: of its shard, if it works on one. */
  #ownPath(name: string): string {
    return join(this.folder, `${name}${this.shard ? `.${nameOfShard(this.shard)}` : ''}.ndjson`);
  }

  #pathsOf(stage: StageName): string[] {
    const shards = shardFiles(this.folder, stage).map(({ path }) => path);
    return existsSync(this.pathOf(stage)) ? [this.pathOf(stage), ...shards] : shards;
  }

  /** Bytes of all manifests of the stage. */
  sizeOf(stage: StageName): number {
    const sizes = this.#pathsOf(stage).map(path => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /**
   * The files whose media records are being created, by this process and by others that may have been about to link files of
   * its shard.
   */
  linkingFile(): LinkingFile {
    // Two different shards of one count have no file in common.
    const others = shardFiles(this.folder, 'linking').filter(
      ({ shard }) => shard.count !== this.shard?.count,
    );
    const main = this.shard ? [join(this.folder, 'linking.ndjson')] : [];
    return new LinkingFile(this.#ownPath('linking'), [...main, ...others.map(({ path }) => path)]);
  }

  /** The manifest of the stage, with what shards have written; for a shard, the records of its own files only. */
  async open(stage: StageName, options: OpenOptions): Promise<Manifest> {
    const isNew = options.write && !this.has(stage);
    const manifest = await openStageManifest(this, stage, options);
    if (isNew) this.#createdFiles.add(this.pathOf(stage));
    if (options.write) this.#openForWriting[stage] = manifest;
    return manifest;
  }

  /** Updates size and content of a file in the manifests before transfer. Needs the lock. */
  async revise({ id, size, md5, modifiedTime }: FileRecord, warn: (message: string) => void): Promise<void> {
    for (const stage of ['list', 'parse', 'resolve'] as const) {
      if (!this.has(stage)) continue;
      const open = this.#openForWriting[stage];
      const manifest = open?.isOpen ? open : await this.open(stage, { write: true, warn });
      const own = manifest.last(id);
      if (own) manifest.append({ ...own, size, md5, modifiedTime });
      if (manifest !== open) await manifest.close();
    }
  }

  /**
   * Every file of the run once, as far as it has come: in the order of the listing, each from the last manifest that
   * has it. For readers; takes no lock.
   */
  async *latest(warnOfDamage: (message: string) => void): AsyncGenerator<FileRecord> {
    // An incomplete last line is one that the other process is writing.
    const warn = this.holder ? () => {} : warnOfDamage;
    const stages = STAGES.filter(stage => this.has(stage));
    const manifests: Manifests = {};
    const opened: Manifests = {};
    try {
      for (const stage of stages) {
        const known = this.#openForWriting[stage];
        // A shard's own does not have what the others have written.
        if (known?.isOpen && this.shard) await known.flush();
        const isWhole = known?.isOpen && !this.shard;
        if (!isWhole)
          opened[stage] = await openStageManifest(this, stage, { write: false, warn, whole: true });
        manifests[stage] = isWhole ? known : opened[stage];
      }
      const { [stages[0]!]: first, ...later } = manifests;
      for (const record of first?.records() ?? []) {
        if (!isWithdrawn(record)) yield furthestRecord(later, record.id) ?? record;
      }
    } finally {
      await closeManifests(opened);
    }
  }

  /**
   * Makes this process the run's only writer. Throws RunError that names the present writer, or a file of another program
   * in the place of one of the run's files.
   */
  lock(command: string): void {
    for (const folder of [dirname(this.folder), this.folder]) refusePlantedLink(folder);
    this.facts.read();
    refuseForeignProjection(this.#home, this.folderId);
    refuseForeignIds(this.folder);
    this.#lock = takeLock(this.folder, command, this.shard);
    const isNew = !existsSync(this.facts.path);
    if (isNew) this.#createdFiles.add(this.facts.path);
    if (isNew || !this.facts.read().run_id) {
      this.facts.remember({ ...(isNew && { listed_at: null }), run_id: randomUUID() });
    }
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
    return this.#lock ? null : holderOfRun(this.folder);
  }

  /** Changes whenever a manifest grows, or a process starts or ends its work on the run. */
  get version(): string {
    return [this.holder?.since ?? '', ...STAGES.map(stage => this.sizeOf(stage))].join(' ');
  }

  /**
   * Removes the files of a run that has no record, for example of an unknown folder: it would be taken for the last run.
   * True if it did.
   */
  discardIfEmpty(): boolean {
    this.#isDiscarded = this.isEmpty;
    if (!this.#isDiscarded) return false;
    // Anything else in the folder belongs to a person or another process.
    for (const path of this.#createdFiles) unlinkSync(path);
    this.#createdFiles.clear();
    return true;
  }

  /** Collects the records that the data service could not give, while this process holds the lock. */
  get unreadableCollector(): UnreadableCollector {
    this.#unreadable ??= new UnreadableCollector(this.unreadableRecords, unreadable_records => {
      if (this.#lock && !this.#isDiscarded) this.facts.remember({ unreadable_records });
    });
    return this.#unreadable;
  }
}
