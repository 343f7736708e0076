/** A stage as a command: where its records come from, where they go, and what it says at the end. */
import { existsSync, fstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { type Command, Flags } from '@oclif/core';
import { type FileRecord, STAGES, type StageName } from '../stages/record.ts';
import { BaseCommand, EXIT } from './command.ts';
import { ConfigError } from './config/error.ts';
import { folderIdFrom } from './config/home.ts';
import type { ConfigValues } from './config/load.ts';
import type { Config } from './config/settings.ts';
import { haltOnSignals } from './interruption.ts';
import { recordsFrom } from './manifest/input.ts';
import { ManifestFile } from './manifest/manifest-file.ts';
import { memoryOf } from './manifest/memory.ts';
import { lineOf } from './manifest/record-line.ts';
import { Rejects } from './manifest/rejects.ts';
import { lastRunOf, Run } from './manifest/run.ts';
import { Neighbours } from './neighbours.ts';
import { asStream, joined, run, STAGE_MAKERS, type StageContext, type Steps } from './pipeline.ts';
import { Tally } from './progress/tally.ts';
import { formatBytes, formatCount } from './ui/format.ts';
import { ProgressView } from './ui/progress-view.ts';

export const folderFlag = {
  'folder-id': Flags.string({
    description:
      'Drive folder: its id, or its address in the browser; its run is where manifests lie by default',
    helpValue: 'ID',
  }),
};

export const recordFlags = {
  ...folderFlag,
  out: Flags.string({ description: 'write records to this file ("-": standard output)', helpValue: 'FILE' }),
  'skip-bad-lines': Flags.boolean({
    description: 'set lines that are not records aside in {stage}.rejected.ndjson instead of stopping',
  }),
  'retry-orphans': Flags.boolean({ description: 'try files again that had no observation or were gone' }),
};

export const inputFlags = {
  ...recordFlags,
  in: Flags.string({ description: 'read records from this file ("-": standard input)', helpValue: 'FILE' }),
};

interface StageFlags {
  'folder-id'?: string;
  in?: string;
  out?: string;
  'skip-bad-lines'?: boolean;
  'retry-orphans'?: boolean;
}

export type Records = AsyncIterable<FileRecord> | Iterable<FileRecord>;

type Place = { kind: 'stream' } | { kind: 'file'; path: string } | { kind: 'run'; run: Run };

export abstract class StageCommand<T extends typeof Command> extends BaseCommand<T> {
  protected abstract readonly stage: StageName;

  /** Where records go to standard output, nothing else may: the next stage would take it for a record. */
  protected override get jsonStream(): NodeJS.WriteStream {
    const { out } = (this.flags ?? {}) as StageFlags;
    const hasRecords = out === undefined ? isPiped(1) : out === '-';
    return hasRecords ? process.stderr : process.stdout;
  }

  /** Values of the configuration that this command has flags for. */
  protected configFlags(): ConfigValues {
    return {};
  }

  /** Neighbours whose configuration must be complete before anything begins. */
  protected readonly needs: Parameters<Neighbours['require']>[0] = [];

  /** Whether bytes move, so that a bar is worth its place. */
  protected readonly showsTransfer: boolean = false;

  /** Stages that this command runs, in order; none for the one that has no input. */
  protected readonly makers: readonly (keyof typeof STAGE_MAKERS)[] = [];

  /** Where the records come from. */
  protected source(_context: StageContext, input: Input): Promise<Records> {
    return input.records();
  }

  async run(): Promise<void> {
    const flags = this.flags as StageFlags;
    const config = await this.configuration(this.configFlags());
    const input = new Input(this.stage, flags, config, this.home, this.warnLine);
    const target = this.#target(flags, input);
    const neighbours = new Neighbours({
      config,
      env: this.env,
      warn: this.warnLine,
      journalPath: target.kind === 'run' ? target.run.uploadsPath : null,
      onSignInEnded: error => this.halt.stop(error),
      signal: this.halt.signal,
    });
    if (target.kind === 'run') target.run.lock(`migrator ${this.id}`);
    const release = haltOnSignals(this.halt, text => this.say(text));
    let own: ManifestFile | null = null;
    const tally = new Tally();
    let view: ProgressView | null = null;
    try {
      neighbours.require(this.needs);
      const options = { write: true, warn: this.warnLine, reject: input.reject };
      if (target.kind === 'file') own = await ManifestFile.open(target.path, options);
      if (target.kind === 'run') own = await target.run.open(this.stage, options);
      const context: StageContext = { config, neighbours, halt: this.halt, claimed: claimedIn(own) };
      const source = await this.source(context, input);
      if (this.showsTransfer) {
        view = await ProgressView.start();
        this.say = text => view!.say(text);
        context.watcher = view;
      }
      const steps: Steps = [];
      for (const maker of this.makers) steps.push(asStream(await STAGE_MAKERS[maker](context)));
      const memory =
        own && memoryOf(own, { stage: this.stage, retryOrphans: Boolean(flags['retry-orphans']) });
      const planned = (record: FileRecord) => {
        view?.listed(record);
        view?.planned(record);
        return record;
      };
      const counted = (record: FileRecord) => {
        tally.add(record);
        view?.finished(record);
        return record;
      };
      await run(
        Readable.from(source),
        joined([memory?.recall, planned, ...steps, memory?.keep, counted]),
        target.kind === 'stream' ? linesTo(process.stdout) : sink(),
        this.halt,
      );
      if (target.kind === 'run' && !this.halt.stopped) this.finished(target.run);
    } finally {
      view?.stop();
      release();
      await own?.close();
      if (target.kind === 'run') target.run.unlock();
      input.close();
      await neighbours.close();
    }
    if (this.halt.reason) throw this.halt.reason;
    this.#summary(tally, own, input.rejects);
  }

  /** After the last record of a run's manifest; not when the stage ended early. */
  protected finished(_run: Run): void {}

  #target(flags: StageFlags, input: Input): Place {
    if (flags.out === '-') return { kind: 'stream' };
    if (flags.out !== undefined) return { kind: 'file', path: flags.out };
    if (isPiped(1)) return { kind: 'stream' };
    const run = input.run;
    if (run) return { kind: 'run', run };
    if (!process.stdout.isTTY) return { kind: 'stream' };
    throw noPlace('write its records to', '--out FILE, a pipe, or --folder-id');
  }

  #summary(tally: Tally, own: ManifestFile | null, rejects: Rejects): void {
    if (rejects.count > 0) {
      this.warnLine(`${formatCount(rejects.count, 'line')} set aside in ${rejects.path}.`);
    }
    const byStatus = Object.entries(tally.summary());
    const counts = byStatus.map(([status, count]) => `${count} ${status}`).join(', ');
    const where = own ? ` → ${own.path}` : '';
    if (this.json) {
      const summary = {
        stage: this.stage,
        files: tally.total,
        bytes: tally.bytes,
        summary: tally.summary(),
        manifest: own?.path ?? null,
      };
      this.jsonStream.write(`${JSON.stringify(summary)}\n`);
    } else {
      this.say(
        `${this.stage}: ${formatCount(tally.total, 'file')}, ${formatBytes(tally.bytes)}${counts && `: ${counts}`}${where}`,
      );
      if (tally.total === 0) this.say('There are no files.');
    }
    this.logger?.info({ files: tally.total, summary: tally.summary() }, 'stage ended');
    if (tally.unfinished || rejects.count > 0) process.exitCode = EXIT.unfinished;
  }
}

/** Where a stage command reads: standard input, a file, or the manifest of the stage before it. */
export class Input {
  readonly #stage: StageName;
  readonly #flags: StageFlags;
  readonly #warn: (message: string) => void;
  readonly rejects: Rejects;
  /** The run that the command works on; null when nothing names one. */
  readonly run: Run | null;
  #manifest: ManifestFile | null = null;

  constructor(
    stage: StageName,
    flags: StageFlags,
    config: Config,
    home: string,
    warn: (message: string) => void,
  ) {
    this.#stage = stage;
    this.#flags = flags;
    this.#warn = warn;
    const folderId = folderIdFrom(flags['folder-id'] ?? '') || config.google_drive.folder_id || null;
    this.run = folderId ? new Run(home, folderId) : null;
    const beside = flags.out && flags.out !== '-' ? dirname(flags.out) : '.';
    const rejectedPath =
      this.run && !flags.out ? this.run.rejectedPathOf(stage) : join(beside, `${stage}.rejected.ndjson`);
    this.rejects = new Rejects(rejectedPath);
  }

  get reject(): Rejects['take'] | null {
    return this.#flags['skip-bad-lines'] ? this.rejects.take : null;
  }

  /** The records, from wherever they are to be read. Throws ConfigError (usage) if there is no such place. */
  async records(): Promise<Records> {
    const { in: file } = this.#flags;
    if (file !== undefined && file !== '-') return this.#fromFile(file);
    if (file === '-' || isPiped(0)) {
      // A manifest by `<`: of several lines with one id the last one holds, which a stream cannot know.
      if (fstatSync(0).isFile() && existsSync(STDIN_PATH)) return this.#fromFile(STDIN_PATH);
      return recordsFrom(process.stdin, { name: 'standard input', reject: this.reject });
    }
    if (!this.run) throw noPlace('read records from', '--in FILE, a pipe, or --folder-id');
    const before = STAGES[STAGES.indexOf(this.#stage) - 1]!;
    return this.#fromFile(this.run.pathOf(before));
  }

  async #fromFile(path: string): Promise<Iterable<FileRecord>> {
    this.#manifest = await ManifestFile.open(path, { write: false, warn: this.#warn, reject: this.reject });
    return this.#manifest.records();
  }

  close(): void {
    this.rejects.close();
    void this.#manifest?.close();
  }
}

/** Absent on Windows. */
const STDIN_PATH = '/dev/stdin';

/** Pipes and files; a terminal and /dev/null are not something that somebody piped. */
function isPiped(fd: 0 | 1): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isFile() || stat.isSocket();
  } catch {
    return false;
  }
}

function* claimedIn(manifest: ManifestFile | null): Generator<FileRecord> {
  for (const record of manifest?.records() ?? []) if (record.key) yield record;
}

function linesTo(stream: NodeJS.WriteStream): Writable {
  return new Writable({
    objectMode: true,
    write: (record: FileRecord, _encoding, done) => {
      if (stream.write(lineOf(record))) done();
      else stream.once('drain', done);
    },
  });
}

function sink(): Writable {
  return new Writable({ objectMode: true, write: (_record, _encoding, done) => done() });
}

function noPlace(what: string, ways: string): ConfigError {
  return new ConfigError('no_place', `Nothing says what to ${what}.`, `Give ${ways}.`, { exitCode: 2 });
}

/** The folder to begin with: flag, else configuration. */
export function folderToMigrate(flag: string | undefined, config: Config): string | null {
  return folderIdFrom(flag ?? '') || config.google_drive.folder_id || null;
}

/** The folder to go on with or to look at: flag, else the run that was worked on last, else configuration. */
export function folderAtHand(flag: string | undefined, config: Config, home: string): string | null {
  return folderIdFrom(flag ?? '') || lastRunOf(home) || config.google_drive.folder_id || null;
}
