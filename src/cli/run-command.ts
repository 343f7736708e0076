/** What `migrate`, `resume` and `scan` share: the run, its lock, progress, the projection and the summary. */
import { join } from 'node:path';
import type { Command } from '@oclif/core';
import type { FileRecord } from '../../stages/record.ts';
import type { SelectionRules } from '../../stages/selection.ts';
import { replaceFile } from '../config/files/replace-file.ts';
import type { ConfigValues } from '../config/load.ts';
import { KEYS_FOR, requireKeys } from '../config/require-keys.ts';
import type { Config } from '../config/settings.ts';
import { takeoverOf } from '../results/takeover.ts';
import { RunEvents } from '../run/events.ts';
import { Run } from '../run/manifest/run.ts';
import { TransferLimitReached } from '../run/max-transfer.ts';
import { type Changes, runMigration } from '../run/migration.ts';
import type { Counts } from '../run/progress/counts.ts';
import { FilesToMove } from '../run/progress/files-to-move.ts';
import { writeProjection } from '../run/progress/projection.ts';
import { chosenRules, flagsOf, rulesFrom, type SelectionFlags, selectionFrom } from '../run/run-selection.ts';
import { jsonOf } from '../run/text/visible.ts';
import type { Drive } from '../services/drive/drive.ts';
import { Services } from '../services/services.ts';
import { BaseCommand, EXIT } from './base-command.ts';
import { Interrupted, shutDownOnSignals } from './interruption.ts';
import { timestamp } from './log.ts';
import { folderToMigrate } from './stage-command.ts';
import { ProgressView } from './ui/progress-view.ts';

/** First waits of the projection's rewrites; each wait is as long as all before, so a long run writes it few times. */
const FIRST_PROJECTION_MS = 10_000;

export interface RunOutcome {
  run: Run;
  config: Config;
  counts: Counts;
  /** What a rescan found; null if there was none. */
  changes: Changes | null;
  seconds: number;
  /** What a migration would begin to move, in order; only after `until: 'resolve'`. */
  toMove: FilesToMove;
  /** Of the line from Drive; null if it was not to be measured, or could not be. */
  measuredMbit: number | null;
  progressPath: string;
  failedPath: string | null;
}

export abstract class RunCommand<T extends typeof Command> extends BaseCommand<T> {
  protected override get logName(): string | null {
    return 'migration';
  }

  /** Runs the pipeline over the folder that flag and configuration name. Throws the reason of a shutdown. */
  protected async migrateFolder(options: {
    folderId: string | undefined;
    configFlags: ConfigValues;
    until: 'resolve' | 'link';
    retryOrphans: boolean;
    rescan?: boolean;
    skipExisting?: boolean;
    /** Whether the computer may not fall asleep meanwhile. */
    maxTransferBytes?: number;
    /** The flags that limit the run to a part of the folder. */
    selection: SelectionFlags;
    /** Whether a rescan without such flags keeps to the part that the run is about. */
    keepsSelection?: boolean;
    keepsAwake?: boolean;
    /** Whether to try out the line from Drive with the files that are to be moved. */
    measures?: boolean;
  }): Promise<RunOutcome> {
    const config = await this.configuration(options.configFlags);
    const folderId = folderToMigrate(options.folderId, config);
    // All that is missing at once, before anybody is asked.
    requireKeys(config, [
      ...(folderId ? [] : KEYS_FOR.folder),
      ...KEYS_FOR.cognito,
      ...(options.until === 'link' ? KEYS_FOR.storage : []),
      ...KEYS_FOR.data,
    ]);
    const run = new Run(this.home, folderId!);
    const given = rulesFrom(options.selection);
    const rules = this.#chosenRules(run, given, options);
    const root = run.root(options.folderId, config);
    const startedAt = performance.now();
    run.lock(`migrator ${this.id}`);
    const services = new Services({
      config,
      env: this.env,
      warn: this.warnLine,
      runId: run.id,
      unreadableRecords: run.unreadableMemory,
      onSignInEnded: error => this.shutdown.drain(error),
      signal: this.shutdown.killSignal,
    });
    run.rememberResourceKey(root);
    if (options.configFlags.naming) run.rememberNaming(config.naming);
    const release = shutDownOnSignals(this.shutdown, text => this.say(text));
    const events = new RunEvents().on('warning', this.warnLine);
    const failed: FileRecord[] = [];
    const toMove = new FilesToMove();
    let view: ProgressView | null = null;
    let letSleep = () => {};
    // Before the projection, which is written to the same place.
    const takeover = takeoverOf(this.home, run.folderId);
    const projection = this.#keepProjecting(run);
    try {
      const drive = await services.drive();
      // Before the progress view is drawn: a prompt would be lost in it.
      await services.session().idToken();
      if (options.keepsAwake) letSleep = (await import('./keep-awake.ts')).keepAwake();
      view = await ProgressView.start({
        transfer:
          options.until === 'link'
            ? {
                concurrency: config.migration.concurrency,
                queriesPerSecond: () => drive.queriesPerSecond,
                mostQueriesPerSecond: config.google_drive.queries_per_second,
              }
            : null,
      });
      this.say = (...lines) => view!.say(...lines);
      view.follow(events);
      events.on('finished', record => {
        const { id, name, status, error } = record;
        this.logger?.debug({ id, name, status, error }, 'file');
        if (options.until === 'resolve' && status === 'pending' && !record.url) toMove.add(record);
        if (status === 'failed' || status === 'partial') failed.push(record);
      });
      const { counts, changes } = await runMigration({
        ...options,
        rescan: options.rescan ?? false,
        skipExisting: options.skipExisting ?? false,
        takeover,
        root,
        rules,
        selection: selectionFrom(rules),
        config,
        services,
        run,
        shutdown: this.shutdown,
        events,
        onDone: projection.last,
      });
      return {
        run,
        config,
        counts,
        changes,
        seconds: (performance.now() - startedAt) / 1000,
        toMove,
        measuredMbit: options.measures ? await measure(drive, toMove.largest) : null,
        progressPath: await projection.last(),
        failedPath: await this.#writeFailed(failed),
      };
    } finally {
      view?.stop();
      letSleep();
      if (run.discardIfVoid() && this.shutdown.reason instanceof Interrupted)
        this.shutdown.reason.beforeAnything();
      // An error of the run itself goes first; one of the projection alone has been thrown above.
      await projection.last().catch(() => {});
      release();
      run.unlock();
      await services.close();
    }
  }

  #chosenRules(
    run: Run,
    given: SelectionRules | null,
    { rescan = false, keepsSelection = false }: { rescan?: boolean; keepsSelection?: boolean },
  ): SelectionRules | null {
    const remembered = run.selection;
    const isBegun = run.has('list');
    const rules = chosenRules({ remembered, isBegun, given, rescan, keeps: keepsSelection });
    if (isBegun && remembered && !given) {
      const flags = flagsOf(remembered);
      if (rules) this.say(`As in earlier runs of this folder: ${flags}.`);
      else this.say(`The selection of earlier runs (${flags}) is dropped: the whole folder is listed.`);
    }
    return rules;
  }

  #keepProjecting(run: Run): { last(): Promise<string> } {
    let timer: NodeJS.Timeout;
    let writing: Promise<string> = Promise.resolve('');
    let ended: Promise<string> | null = null;
    const write = () => {
      const next = () => writeProjection(this.home, run);
      writing = writing.then(next, next);
      writing.catch(error => this.logger?.warn({ err: error }, 'projection'));
      return writing;
    };
    const schedule = (waitMs: number) => {
      timer = setTimeout(() => {
        void write().then(
          () => schedule(waitMs * 2),
          () => schedule(waitMs * 2),
        );
      }, waitMs);
      timer.unref();
    };
    schedule(FIRST_PROJECTION_MS);
    return {
      last: () => {
        clearTimeout(timer);
        ended ??= run.exists ? write() : Promise.resolve('');
        return ended;
      },
    };
  }

  async #writeFailed(failed: FileRecord[]): Promise<string | null> {
    if (failed.length === 0) return null;
    const path = join(this.home, `failed_${timestamp(new Date())}.json`);
    const entries = failed.map(({ id, name, path: folder, status, error }) => ({
      id,
      name,
      path: folder,
      status,
      error,
    }));
    await replaceFile(path, `${jsonOf(entries, 2)}\n`, { mode: 0o600 });
    return path;
  }

  /** Says how the run ended: for a person, or as JSON; sets the exit code. Throws the reason of a shutdown. */
  protected conclude(
    outcome: RunOutcome,
    lines: readonly string[],
    extra: Record<string, unknown> = {},
  ): void {
    const { run, counts, changes, seconds, progressPath, failedPath } = outcome;
    const summary = {
      folder_id: run.folderId,
      total_files: counts.total,
      bytes: counts.bytes,
      summary: counts.summary(),
      seconds: Math.round(seconds * 10) / 10,
      ...(changes && { changes }),
      ...extra,
      manifests: run.folder,
      progress: progressPath,
      failed: failedPath,
      log: this.logPath,
    };
    this.logger?.info(summary, 'summary');
    const limit = this.shutdown.reason instanceof TransferLimitReached ? this.shutdown.reason : null;
    if (this.json && (limit || !this.shutdown.signal.aborted)) this.printJson(summary);
    // Of a run that was given up as void there is nothing to look at.
    if (!this.json && run.exists) {
      if (changes) this.say(`In Drive since the last listing: ${changesLine(changes)}.`);
      for (const line of lines) this.say(line);
    }
    if (this.shutdown.reason && !limit) throw this.shutdown.reason;
    if (limit) this.say(`${limit.message} ${limit.remedy}`);
    if (limit) process.exitCode = limit.exitCode;
    if (counts.unfinished) process.exitCode = EXIT.unfinished;
  }
}

async function measure(drive: Drive, records: FileRecord[]): Promise<number | null> {
  const { measuredMbit } = await import('../run/progress/bandwidth.ts');
  return measuredMbit(drive, records);
}

function changesLine({ added, renamed, replaced, removed }: Changes): string {
  return `${added} added, ${renamed} renamed, ${replaced} replaced, ${removed} removed`;
}
