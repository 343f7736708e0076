/** A stage as a command: where its records come from, where they go, and what it says at the end. */

import { once } from 'node:events';
import { createReadStream, existsSync, fstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, Flags } from '@oclif/core';
import { RunError } from '../../stages/errors.ts';
import { type FileRecord, isWithdrawn, STAGES, type StageName } from '../../stages/record.ts';
import type { SelectionRules } from '../../stages/selection.ts';
import { ConfigError } from '../config/error.ts';
import { folderIdFrom } from '../config/home.ts';
import type { ConfigValues } from '../config/load.ts';
import type { Config } from '../config/settings.ts';
import { RunEvents } from '../run/events.ts';
import { checkpointOf } from '../run/manifest/checkpoint.ts';
import { recordsFrom } from '../run/manifest/input.ts';
import { LinkingFile } from '../run/manifest/linking.ts';
import { ManifestFile } from '../run/manifest/manifest-file.ts';
import { lineOf } from '../run/manifest/record-line.ts';
import { Rejects } from '../run/manifest/rejects.ts';
import { lastRunOf, noRun, Run } from '../run/manifest/run.ts';
import { claimsIn, standingIn } from '../run/manifest/standing.ts';
import {
  each,
  type Records,
  run,
  STAGE_MAKERS,
  type StageContext,
  type Steps,
  workingAhead,
} from '../run/pipeline.ts';
import { Counts } from '../run/progress/counts.ts';
import { chosenRules, rulesFrom, type SelectionFlags, selectionFrom } from '../run/run-selection.ts';
import { formatBytes, formatCount } from '../run/text/format.ts';
import { Services } from '../services/services.ts';
import { BaseCommand, EXIT } from './base-command.ts';
import { shutDownOnSignals } from './interruption.ts';
import { isLog, isPiped } from './standard-streams.ts';
import { unguarded } from './ui/guarded-streams.ts';
import { ProgressView, type ViewOptions } from './ui/progress-view.ts';

export const folderFlag = {
  'folder-id': Flags.string({
    description:
      'Drive folder: its id, or its address in the browser; its run is where manifests lie by default',
    helpValue: 'ID',
  }),
};

const runFlag = {
  'folder-id': Flags.string({
    description:
      "Drive folder: its id, or its address in the browser. Read and write the manifests of this folder's run, whatever standard input and output are",
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
  ...runFlag,
  in: Flags.string({ description: 'read records from this file ("-": standard input)', helpValue: 'FILE' }),
};

/** Of commands that move bytes; `transferConfig` hands them to the configuration. */
export const transferFlags = {
  concurrency: Flags.integer({ description: 'files read from Drive at a time', min: 1, max: 100 }),
  bwlimit: Flags.string({
    description:
      'limit the bandwidth of all files together, in bytes a second: a rate like 20M or 512k (powers of 1024) or a timetable like "08:00,2M 18:00,off"',
    helpValue: 'RATE',
  }),
};

export function transferConfig(flags: { concurrency?: number; bwlimit?: string }): ConfigValues {
  return { 'migration.concurrency': flags.concurrency, 'migration.bwlimit': flags.bwlimit };
}

interface StageFlags {
  'folder-id'?: string;
  in?: string;
  out?: string;
  'skip-bad-lines'?: boolean;
  'retry-orphans'?: boolean;
  'max-transfer'?: number;
}

export type { Records } from '../run/pipeline.ts';

type Place = { kind: 'stream' } | { kind: 'file'; path: string } | { kind: 'run'; run: Run };

export abstract class StageCommand<T extends typeof Command> extends BaseCommand<T> {
  protected abstract readonly stage: StageName;

  /** Where records go to standard output, nothing else may: the next stage would take it for a record. */
  protected override get jsonStream(): NodeJS.WriteStream {
    const { out, 'folder-id': folder } = (this.flags ?? {}) as StageFlags;
    const isPipe = isPiped(1) && (this.stage === 'list' || !folder);
    const hasRecords = out === undefined ? isPipe : out === '-';
    return hasRecords ? process.stderr : process.stdout;
  }

  /** Values of the configuration that this command has flags for. */
  protected configFlags(): ConfigValues {
    return {};
  }

  /** Services whose configuration must be complete before anything begins. */
  protected readonly needs: Parameters<Services['require']>[0] = [];

  /** What takes long enough to show its progress: files on their way, or their links. */
  protected readonly shows: 'transfer' | 'link' | null = null;

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
    const rules = this.#rules(target);
    if (target.kind === 'run') target.run.lock(`migrator ${this.id}`);
    const services = new Services({
      config,
      env: this.env,
      warn: this.warnLine,
      // Processes that share the work on a run store objects for it, wherever their records go.
      runId: input.run?.id,
      ...(target.kind === 'run' && { unreadableRecords: target.run.unreadableMemory }),
      onSignInEnded: error => this.shutdown.drain(error),
      signal: this.shutdown.killSignal,
    });
    if (target.kind === 'run' && this.stage === 'list') {
      target.run.rememberResourceKey(target.run.root(flags['folder-id'], config));
      target.run.rememberSelection(rules);
    }
    const release = shutDownOnSignals(this.shutdown, text => this.say(text));
    let own: ManifestFile | null = null;
    let transferred: ManifestFile | null = null;
    const linking =
      target.kind === 'run' && this.stage === 'link' ? new LinkingFile(target.run.linkingPath) : undefined;
    const events = new RunEvents().on('warning', this.warnLine);
    const counts = new Counts();
    let view: ProgressView | null = null;
    try {
      services.require(this.needs);
      const options = { write: true, warn: this.warnLine, reject: input.reject };
      if (target.kind === 'file') own = await ManifestFile.open(target.path, options);
      if (target.kind === 'run') own = await target.run.open(this.stage, options);
      if (target.kind === 'run' && this.stage === 'resolve' && target.run.has('transfer'))
        transferred = await target.run.open('transfer', { write: false, warn: this.warnLine });
      const root = input.run?.root(flags['folder-id'], config);
      const selection = selectionFrom(rules);
      const context: StageContext = {
        ...{ root, selection, config, services },
        ...{ events, shutdown: this.shutdown, claimed: claimsIn(own, transferred), linking },
        ...(target.kind === 'run' && { onReplaced: record => target.run.revise(record, this.warnLine) }),
        maxTransferBytes: flags['max-transfer'],
      };
      const source = await this.source(context, input);
      const ahead = input.ahead();
      // In a pipe the transfer before the link draws already, on the same terminal.
      if (this.shows === 'transfer' || (this.shows && ahead)) {
        view = await ProgressView.start(await this.#whatIsShown(config, services));
        this.say = (...lines) => view!.say(...lines);
        view.follow(events);
      }
      const steps: Steps = [];
      for (const maker of this.makers) steps.push(workingAhead(await STAGE_MAKERS[maker](context)));
      const memory =
        own &&
        checkpointOf(own, {
          stage: this.stage,
          retryOrphans: Boolean(flags['retry-orphans']),
          standing: id => standingIn(transferred, id),
        });
      if (ahead && view) {
        for (const record of ahead)
          events.emit('listed', record, Boolean(record.url || own?.last(record.id)?.url));
        events.emit('allListed');
      }
      const planned = (record: FileRecord) => {
        if (!ahead) events.emit('listed', record, false);
        events.emit('planned', record);
        return record;
      };
      const output = target.kind === 'stream' ? new LineWriter(unguarded(process.stdout)) : null;
      const taken = (record: FileRecord) => {
        if (!isWithdrawn(record)) counts.add(record);
        events.emit('finished', record);
        return output?.write(record);
      };
      const recalled = memory && each(memory.restore);
      const kept = memory && each(memory.keep);
      try {
        await run(source, [recalled, view && each(planned), ...steps, kept], taken, this.shutdown);
      } finally {
        output?.flush();
      }
      if (target.kind === 'run' && !this.shutdown.signal.aborted) this.finished(target.run);
    } finally {
      view?.stop();
      release();
      await own?.close();
      await transferred?.close();
      linking?.close();
      if (target.kind === 'run') target.run.unlock();
      input.close();
      await services.close();
    }
    if (this.shutdown.reason) throw this.shutdown.reason;
    this.#summary(counts, own, input);
  }

  async #whatIsShown(config: Config, services: Services): Promise<ViewOptions> {
    // Before anything is drawn: a prompt would be lost in it.
    await services.session().idToken();
    if (this.shows !== 'transfer') return { transfer: null };
    const drive = await services.drive();
    return {
      transfer: {
        concurrency: config.migration.concurrency,
        queriesPerSecond: () => drive.queriesPerSecond,
        mostQueriesPerSecond: config.google_drive.queries_per_second,
      },
    };
  }

  /** After the last record of a run's manifest; not when the stage ended early. */
  protected finished(_run: Run): void {}

  /** The part of the folder that is listed; null for the whole folder, and for the stages that list nothing. */
  #rules(target: Place): SelectionRules | null {
    const given = rulesFrom(this.flags as SelectionFlags);
    if (target.kind !== 'run' || this.stage !== 'list') return given;
    const { selection: remembered } = target.run;
    return chosenRules({ remembered, isBegun: target.run.has('list'), given, rescan: false, keeps: true });
  }

  #target(flags: StageFlags, input: Input): Place {
    if (flags.out === '-') return { kind: 'stream' };
    if (flags.out !== undefined) return { kind: 'file', path: flags.out };
    const { run } = input;
    if (run && input.isRunNamed && this.stage !== 'list') return { kind: 'run', run };
    // A log is no place for records while there is another one.
    if (isPiped(1) && !(run && isLog())) return { kind: 'stream' };
    if (run) return { kind: 'run', run };
    if (!process.stdout.isTTY) return { kind: 'stream' };
    throw noPlace('write its records to', '--out FILE, a pipe, or --folder-id');
  }

  #summary(counts: Counts, own: ManifestFile | null, input: Input): void {
    const { rejects } = input;
    if (rejects.count > 0) {
      this.warnLine(`${formatCount(rejects.count, 'line')} set aside in ${rejects.path}.`);
    }
    const byStatus = Object.entries(counts.summary());
    const list = byStatus.map(([status, count]) => `${count} ${status}`).join(', ');
    const where = own ? ` → ${own.path}` : '';
    if (this.json) {
      const summary = {
        stage: this.stage,
        files: counts.total,
        bytes: counts.bytes,
        summary: counts.summary(),
        manifest: own?.path ?? null,
      };
      this.printJson(summary, 0);
    } else {
      this.say(
        `${this.stage}: ${formatCount(counts.total, 'file')}, ${formatBytes(counts.bytes)}${list && `: ${list}`}${where}`,
      );
      if (counts.total === 0) this.say(input.isEmptyPipe ? EMPTY_PIPE : 'There are no files.');
    }
    this.logger?.info({ files: counts.total, summary: counts.summary() }, 'stage ended');
    if (counts.unfinished || rejects.count > 0) process.exitCode = EXIT.unfinished;
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
  /** True if the command line names the run, and not only the configuration. */
  readonly isRunNamed: boolean;
  #isPipe = false;
  #isForeign = false;
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
    const named = folderIdFrom(flags['folder-id'] ?? '');
    this.isRunNamed = Boolean(named);
    const folderId = named || config.google_drive.folder_id || null;
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
    if (file !== undefined && file !== '-') {
      return this.#fromForeignFile(file);
    }
    if (file === '-' || (!this.isRunNamed && isPiped(0))) {
      this.#isPipe = true;
      // A manifest by `<`: of several lines with one id the last one holds, which a stream cannot know.
      if (fstatSync(0).isFile() && existsSync(STDIN_PATH))
        return this.#fromFile(STDIN_PATH, 'standard input');
      return recordsFrom(process.stdin, { name: 'standard input', reject: this.reject });
    }
    if (!this.run) throw noPlace('read records from', '--in FILE, a pipe, or --folder-id');
    const before = STAGES[STAGES.indexOf(this.#stage) - 1]!;
    if (!this.run.has(before)) throw noManifest(this.run.pathOf(before), before);
    return this.#fromFile(this.run.pathOf(before));
  }

  /** True if standard input was read although the configuration names a run. For when nothing came. */
  get isEmptyPipe(): boolean {
    return this.#isPipe && this.run !== null;
  }

  /** The records ahead of their turn, where they lie in a file that has been opened; null where they come from a pipe. */
  ahead(): Iterable<FileRecord> | null {
    return this.#manifest && this.#selected(this.#manifest.records());
  }

  async #fromForeignFile(path: string): Promise<Records> {
    if (!existsSync(path)) throw noInput(path);
    const stat = statSync(path);
    if (stat.isDirectory()) throw noInputFile(path);
    // A FIFO, as of "--in <(…)", can be read once only.
    if (!stat.isFile()) return recordsFrom(createReadStream(path), { name: path, reject: this.reject });
    return this.#fromFile(path, path);
  }

  async #fromFile(path: string, foreign?: string): Promise<Iterable<FileRecord>> {
    this.#isForeign = foreign !== undefined;
    const options = { write: false, warn: this.#warn, reject: this.reject, foreign };
    this.#manifest = await ManifestFile.open(path, options);
    return this.#selected(this.#manifest.records());
  }

  /** Of a run's manifest only what its selection takes; a file from elsewhere is worked on as it is. */
  #selected(records: Iterable<FileRecord>): Iterable<FileRecord> {
    const rules = this.#isForeign ? null : this.run?.selection;
    const selection = selectionFrom(rules ?? null);
    return selection ? filtered(records, record => selection.takes(record)) : records;
  }

  close(): void {
    this.rejects.close();
    void this.#manifest?.close();
  }
}

function* filtered<T>(values: Iterable<T>, takes: (value: T) => boolean): Generator<T> {
  for (const value of values) if (takes(value)) yield value;
}

/** Absent on Windows. */
const STDIN_PATH = '/dev/stdin';

/** What is written at once; one write a line would cost more than all else that is done with a record. */
const CHUNK_CHARACTERS = 64 * 1024;

/** Writes records as lines: together those that come together, and none later than in the next turn of the event loop. */
class LineWriter {
  readonly #stream: NodeJS.WriteStream;
  #text = '';
  #turn: NodeJS.Immediate | null = null;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** A promise when the reader has to be waited for. */
  write(record: FileRecord): Promise<unknown> | undefined {
    this.#text += lineOf(record);
    this.#turn ??= setImmediate(() => this.flush());
    if (this.#text.length >= CHUNK_CHARACTERS) this.flush();
    // Also when it was what an earlier turn has written that nobody reads.
    return this.#stream.writableNeedDrain ? once(this.#stream, 'drain') : undefined;
  }

  flush(): void {
    clearImmediate(this.#turn ?? undefined);
    this.#turn = null;
    const text = this.#text;
    this.#text = '';
    if (text !== '') this.#stream.write(text);
  }
}

function noInput(path: string): RunError {
  return new RunError(
    'input_missing',
    `--in names a file that does not exist: ${path}.`,
    `Check the path; it counts from the folder you are in, ${process.cwd()}.`,
  );
}

function noInputFile(path: string): RunError {
  return new RunError('input_missing', `--in names a folder: ${path}.`, 'Name a manifest in it.');
}

const EMPTY_PIPE =
  'There are no files: standard input was empty. To work on the manifests of the run, give --folder-id.';

function noManifest(path: string, before: StageName): RunError {
  const pipe = isPiped(0) ? ' To read records from standard input, give "--in -".' : '';
  return new RunError(
    'manifest_missing',
    `There is no manifest ${path}.`,
    `Run "migrator ${before}" for this folder first.${pipe}`,
  );
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

/**
 * The run to look at: the flag's, else the one that was worked on last. Needs no configuration. Throws RunError if there
 * is none.
 */
export function runAtHand(flag: string | undefined, home: string): Run {
  if (existsSync(home) && !statSync(home).isDirectory()) {
    const remedy = 'Move it away, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of yours.';
    throw new RunError('home_unusable', `${home} is no folder.`, remedy);
  }
  const folderId = folderIdFrom(flag ?? '') || lastRunOf(home);
  if (!folderId) throw noRun('yet');
  const run = new Run(home, folderId);
  if (!run.exists) throw noRun(`of the folder ${folderId}`);
  return run;
}
