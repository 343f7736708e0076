/** A run as its folder shows it: `runs/{folder_id}/` below the home folder, with the manifests of one Drive folder. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { STAGES, type StageName } from '../../../stages/record.ts';
import { runFolder } from '../../config/home.ts';
import type { IdRange } from './id-ranges.ts';
import { readObservationIds, writeObservationIds } from './observation-ids.ts';
import { RunFacts } from './run-facts.ts';
import { isInShard, nameOfShard, type Shard } from './shard.ts';
import { type ShardState, shardFiles, shardStates } from './shard-files.ts';
import type { UnreadableRecords } from './unreadable-records.ts';

/** About 800,000 files. */
const LARGEST_READ_BY_SHARDS = 256 * 1024 * 1024;

export class RunFolder {
  protected readonly home: string;
  readonly folderId: string;
  readonly folder: string;
  /** The part that this process works on; null for the whole run. */
  readonly shard: Shard | null;

  readonly facts: RunFacts;

  constructor(home: string, folderId: string, shard: Shard | null = null) {
    this.home = home;
    this.shard = shard;
    this.folderId = folderId;
    this.folder = runFolder(home, folderId);
    this.facts = new RunFacts(this);
  }

  get exists(): boolean {
    return STAGES.some(stage => this.has(stage));
  }

  pathOf(stage: StageName): string {
    return join(this.folder, `${stage}.ndjson`);
  }

  /** Of the shard, where this process works on one. */
  protected ownPath(name: string): string {
    return join(this.folder, `${name}${this.shard ? `.${nameOfShard(this.shard)}` : ''}.ndjson`);
  }

  #pathsOf(stage: StageName): string[] {
    const shards = shardFiles(this.folder, stage).map(({ path }) => path);
    return existsSync(this.pathOf(stage)) ? [this.pathOf(stage), ...shards] : shards;
  }

  /** The size of all files of the stage, and when one was last written. */
  protected statOf(stage: StageName): { size: number; mtimeMs: number } {
    const stats = this.#pathsOf(stage).flatMap(path => statSync(path, { throwIfNoEntry: false }) ?? []);
    const size = stats.reduce((sum, stat) => sum + stat.size, 0);
    return { size, mtimeMs: Math.max(0, ...stats.map(stat => stat.mtimeMs)) };
  }

  /**
   * A shard has memory for its own files. In a large run it does not read those of the others, and leaves `progress_{id}.json`
   * and `failed_{id}.json` to `resume`.
   */
  get isTooLargeToRead(): boolean {
    return this.shard !== null && this.statOf('list').size > LARGEST_READ_BY_SHARDS;
  }

  rejectedPathOf(stage: StageName): string {
    return this.ownPath(this.shard ? `rejected.${stage}` : `${stage}.rejected`);
  }

  /** Files whose media records are being created. */
  get linkingPath(): string {
    return this.ownPath('linking');
  }

  /** The same of other processes, where they may have been about to link files of this one's shard. */
  get foreignLinkingPaths(): string[] {
    if (!this.shard) return shardFiles(this.folder, 'linking').map(({ path }) => path);
    const shards = shardFiles(this.folder, 'linking').filter(({ shard }) => this.mayShareFilesWith(shard));
    return [join(this.folder, 'linking.ndjson'), ...shards.map(({ path }) => path)];
  }

  /** Two different shards of one count have no file in common. */
  protected mayShareFilesWith({ count }: Shard): boolean {
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

  stats(): { size: number; mtimeMs: number }[] {
    return STAGES.filter(stage => this.has(stage)).map(stage => this.statOf(stage));
  }

  /** The sequential ids of all observations when resolve last read the whole table; null if it never did. */
  get observationIds(): { readAt: string; ranges: IdRange[] } | null {
    return readObservationIds(this.folder);
  }

  saveObservationIds(sequentialIds: readonly number[]): void {
    writeObservationIds(this.folder, sequentialIds);
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
    this.facts.remember({ listed_at: new Date().toISOString() });
  }

  /** Records that the data service could not give in the run, for its report. */
  get unreadableRecords(): UnreadableRecords {
    return this.facts.read().unreadable_records ?? {};
  }
}
