/** Where a stage command reads its records: standard input, a file, or the manifest of the stage before it. */
import { createReadStream, existsSync, fstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { RunError } from '../../stages/errors.ts';
import { type FileRecord, STAGES, type StageName } from '../../stages/record.ts';
import { ConfigError } from '../config/error.ts';
import { folderIdFrom } from '../config/home.ts';
import type { Config } from '../config/settings.ts';
import { recordsFrom } from './manifest/lines.ts';
import { ManifestFile } from './manifest/manifest-file.ts';
import type { Manifest } from './manifest/merged-manifest.ts';
import { Rejects } from './manifest/rejects.ts';
import { Run } from './manifest/run.ts';
import { isInShard, type Shard } from './manifest/shard.ts';
import type { Records } from './pipeline.ts';
import { selectionFrom } from './run-selection.ts';
import { isPiped } from './standard-streams.ts';
import { folderToMigrate } from './which-run.ts';

/** Does not exist on Windows. */
const STDIN_PATH = '/dev/stdin';

export interface StageFlags {
  'folder-id'?: string;
  in?: string;
  out?: string;
  'skip-bad-lines'?: boolean;
  'retry-orphans'?: boolean;
  'max-transfer'?: number;
  shard?: string;
}

export class StageInput {
  readonly rejects: Rejects;
  /** The run that the command works on; null when nothing names one. */
  readonly run: Run | null;
  /** True if the command line names the run, and not only the configuration. */
  readonly isRunNamed: boolean;
  readonly #stage: StageName;
  readonly #flags: StageFlags;
  readonly #warn: (message: string) => void;
  #isPipe = false;
  #isForeign = false;
  readonly #shard: Shard | null;
  #manifest: Manifest | null = null;

  constructor(options: {
    stage: StageName;
    flags: StageFlags;
    config: Config;
    home: string;
    /** Only the files of this shard are read. */
    shard?: Shard | null;
    warn: (message: string) => void;
  }) {
    const { stage, flags, config, home, shard = null, warn } = options;
    this.#shard = shard;
    this.#stage = stage;
    this.#flags = flags;
    this.#warn = warn;
    this.isRunNamed = Boolean(folderIdFrom(flags['folder-id'] ?? ''));
    const folderId = folderToMigrate(flags['folder-id'], config);
    this.run = folderId ? new Run(home, folderId, shard) : null;
    const beside = flags.out && flags.out !== '-' ? dirname(flags.out) : '.';
    const isRuns = this.run && !flags.out;
    this.rejects = new Rejects(
      isRuns ? this.run!.rejectedPathOf(stage) : join(beside, `${stage}.rejected.ndjson`),
    );
  }

  get reject(): Rejects['take'] | null {
    return this.#flags['skip-bad-lines'] ? this.rejects.take : null;
  }

  /** True if standard input was read although the configuration names a run: a likely mistake if it was empty. */
  get isEmptyPipe(): boolean {
    return this.#isPipe && this.run !== null;
  }

  /** All records before the first one is worked on; null if they come from a pipe. */
  ahead(): Iterable<FileRecord> | null {
    return this.#manifest && this.#selected(this.#manifest.records());
  }

  /** Throws ConfigError (usage) if nothing says where to read. */
  async records(): Promise<Records> {
    const { in: file } = this.#flags;
    if (file !== undefined && file !== '-') return this.#fromForeignFile(file);
    if (file === '-' || (!this.isRunNamed && isPiped(0))) return this.#fromStandardInput();
    if (!this.run) throw noPlace('read records from', '--in FILE, a pipe, or --folder-id');
    const before = STAGES[STAGES.indexOf(this.#stage) - 1]!;
    if (!this.run.has(before)) throw noManifest(this.run.pathOf(before), before);
    this.#manifest = await this.run.open(before, { write: false, warn: this.#warn, reject: this.reject });
    return this.#selected(this.#manifest.records());
  }

  close(): void {
    void this.#manifest?.close();
  }

  #fromStandardInput(): Promise<Records> | Records {
    this.#isPipe = true;
    // A file by `<` is read as a manifest: the last line of an id is valid, which a stream cannot know.
    if (fstatSync(0).isFile() && existsSync(STDIN_PATH)) return this.#fromFile(STDIN_PATH, 'standard input');
    return this.#fromStream(process.stdin, 'standard input');
  }

  #fromForeignFile(path: string): Promise<Records> | Records {
    const stat = existsSync(path) ? statSync(path) : null;
    if (!stat || stat.isDirectory()) {
      throw new RunError(
        'input_missing',
        `--in names a ${stat ? 'folder' : 'file that does not exist'}: ${path}.`,
        stat
          ? 'Name a manifest in it.'
          : `Check the path; it counts from the folder you are in, ${process.cwd()}.`,
      );
    }
    // A FIFO, as of "--in <(…)", can be read once only.
    return stat.isFile() ? this.#fromFile(path, path) : this.#fromStream(createReadStream(path), path);
  }

  async #fromFile(path: string, foreign: string): Promise<Iterable<FileRecord>> {
    this.#isForeign = true;
    const options = { write: false, warn: this.#warn, reject: this.reject, foreign };
    this.#manifest = await ManifestFile.open(path, options);
    return this.#selected(this.#manifest.records());
  }

  async *#fromStream(stream: Readable, name: string): AsyncGenerator<FileRecord> {
    for await (const record of recordsFrom(stream, { name, reject: this.reject }))
      if (this.#isInShard(record)) yield record;
  }

  /** The run's selection applies to its own manifests, not to other files. */
  *#selected(records: Iterable<FileRecord>): Generator<FileRecord> {
    const selection = selectionFrom(this.#isForeign ? null : (this.run?.facts.selection ?? null));
    for (const record of records)
      if (this.#isInShard(record) && (selection?.takes(record) ?? true)) yield record;
  }

  #isInShard({ id }: FileRecord): boolean {
    return this.#shard === null || isInShard(id, this.#shard);
  }
}

function noManifest(path: string, before: StageName): RunError {
  const pipe = isPiped(0) ? ' To read records from standard input, give "--in -".' : '';
  return new RunError(
    'manifest_missing',
    `There is no manifest ${path}.`,
    `Run "migrator ${before}" for this folder first.${pipe}`,
  );
}

export function noPlace(what: string, ways: string): ConfigError {
  return new ConfigError('no_place', `Nothing says what to ${what}.`, `Give ${ways}.`, { exitCode: 2 });
}
