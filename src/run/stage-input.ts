/** Where a stage command reads its records: standard input, a file, or the manifest of the stage before it. */
import { createReadStream, existsSync, fstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { RunError } from '../../stages/errors.ts';
import { type FileRecord, STAGES, type StageName } from '../../stages/record.ts';
import { type Selection, WHOLE_FOLDER } from '../../stages/selection.ts';
import { ConfigError } from '../config/error.ts';
import { folderIdFrom } from '../config/home.ts';
import type { Config } from '../config/settings.ts';
import { type Reject, Rejects, recordsInStream } from './manifest/lines.ts';
import { ManifestFile } from './manifest/manifest-file.ts';
import type { Manifest } from './manifest/merged-manifest.ts';
import { Run } from './manifest/run.ts';
import { isInShard, type Shard } from './manifest/shard.ts';
import type { Records } from './pipeline.ts';
import { type SelectionFlags, selectionFrom } from './run-selection.ts';
import { isLog, isPiped } from './standard-streams.ts';
import { folderToMigrate } from './which-run.ts';

/** Does not exist on Windows. */
const STDIN_PATH = '/dev/stdin';

export interface StageFlags extends SelectionFlags {
  'folder-id'?: string;
  in?: string;
  out?: string;
  'skip-bad-lines'?: boolean;
  'retry-orphans'?: boolean;
  'max-transfer'?: number;
  shard?: string;
  naming?: string;
  concurrency?: number;
  bwlimit?: string;
}

interface InputOptions {
  stage: StageName;
  flags: StageFlags;
  config: Config;
  home: string;
  /** Only the files of this shard are read. */
  shard: Shard | null;
  warn: (message: string) => void;
}

export class StageInput {
  readonly rejects: Rejects;
  /** The run that the command works on; null when nothing names one. */
  readonly run: Run | null;
  /** True if the command line names the run, and not only the configuration. */
  readonly isRunNamed: boolean;
  readonly #options: InputOptions;
  #isPipe = false;
  #manifest: Manifest | null = null;
  #selection: Selection = WHOLE_FOLDER;

  constructor(options: InputOptions) {
    const { stage, flags, config, home, shard } = options;
    this.#options = options;
    this.isRunNamed = Boolean(folderIdFrom(flags['folder-id'] ?? ''));
    const folderId = folderToMigrate(flags['folder-id'], config);
    this.run = folderId ? new Run(home, folderId, shard) : null;
    const folder = flags.out && flags.out !== '-' ? dirname(flags.out) : '.';
    const beside = join(folder, `${stage}.rejected.ndjson`);
    this.rejects = new Rejects(this.run && !flags.out ? this.run.rejectedPathOf(stage) : beside);
  }

  get reject(): Reject | null {
    return this.#options.flags['skip-bad-lines'] ? this.rejects.take : null;
  }

  /** True if standard input was read although the configuration names a run: a likely mistake if it was empty. */
  get isEmptyPipe(): boolean {
    return this.#isPipe && this.run !== null;
  }

  /** All records before the first one is worked on; null if they come from a stream. */
  allRecords(): Iterable<FileRecord> | null {
    return this.#manifest && this.#selected(this.#manifest.records());
  }

  /** Throws ConfigError (usage) if nothing says where to read. */
  async records(): Promise<Records> {
    const { stage, flags, warn } = this.#options;
    if (flags.in !== undefined && flags.in !== '-') return this.#fromPath(flags.in);
    if (flags.in === '-' || (!this.isRunNamed && isPiped(0))) return this.#fromStandardInput();
    if (!this.run) throw unspecified('read records from', '--in FILE, a pipe, or --folder-id');
    const before = STAGES[STAGES.indexOf(stage) - 1]!;
    if (!this.run.has(before)) throw noManifest(this.run.pathOf(before), before);
    this.#manifest = await this.run.open(before, { write: false, warn, reject: this.reject });
    this.#selection = selectionFrom(this.run.facts.selection);
    return this.allRecords()!;
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

  #fromPath(path: string): Promise<Records> | Records {
    const stat = statSync(path, { throwIfNoEntry: false });
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

  async #fromFile(path: string, foreign: string): Promise<Records> {
    const { warn } = this.#options;
    this.#manifest = await ManifestFile.open(path, { write: false, warn, reject: this.reject, foreign });
    return this.allRecords()!;
  }

  async *#fromStream(stream: Readable, name: string): AsyncGenerator<FileRecord> {
    for await (const record of recordsInStream(stream, { name, reject: this.reject }))
      if (this.#isInShard(record)) yield record;
  }

  *#selected(records: Iterable<FileRecord>): Generator<FileRecord> {
    for (const record of records) if (this.#isInShard(record) && this.#selection.takes(record)) yield record;
  }

  #isInShard({ id }: FileRecord): boolean {
    const { shard } = this.#options;
    return shard === null || isInShard(id, shard);
  }
}

/** The run whose manifest is written; null for standard output. Throws ConfigError (usage) if nothing says where to write. */
export function runToWrite(stage: StageName, { run, isRunNamed }: StageInput): Run | null {
  if (run && isRunNamed && stage !== 'list') return run;
  // Records do not belong in a log, if there is another place for them.
  if (isPiped(1) && !(run && isLog())) return null;
  if (!run && process.stdout.isTTY)
    throw unspecified('write its records to', '--out FILE, a pipe, or --folder-id');
  return run;
}

function noManifest(path: string, before: StageName): RunError {
  const pipe = isPiped(0) ? ' To read records from standard input, give "--in -".' : '';
  return new RunError(
    'manifest_missing',
    `There is no manifest ${path}.`,
    `Run "migrator ${before}" for this folder first.${pipe}`,
  );
}

function unspecified(what: string, ways: string): ConfigError {
  return new ConfigError('no_place', `Nothing says what to ${what}.`, `Give ${ways}.`, { exitCode: 2 });
}
