/** What `migrate`, `resume` and `scan` share: the run, its lock, progress, the progress file and the summary. */
import type { Command } from '@oclif/core';
import { RunError } from '../../stages/errors.ts';
import type { SelectionRules } from '../../stages/selection.ts';
import { EXIT } from '../config/error.ts';
import { type Config, KEYS_FOR, requireKeys } from '../config/settings.ts';
import { takeoverOf } from '../results/takeover.ts';
import { type Changes, requireListed } from '../run/listing.ts';
import { closeManifests, openManifests } from '../run/manifest/open-manifests.ts';
import { Run } from '../run/manifest/run.ts';
import type { Shard } from '../run/manifest/shard.ts';
import { MANIFESTS_FOR, migrate } from '../run/migration.ts';
import type { MigrationOptions } from '../run/migration-options.ts';
import type { Counts } from '../run/progress/counts.ts';
import { startProgressWriter, writeFailedFiles } from '../run/progress/projection.ts';
import { chosenRules, flagsOf, rulesFrom, selectionFrom } from '../run/run-selection.ts';
import type { StageFlags } from '../run/stage-input.ts';
import { formatCount, formatDuration } from '../run/text/format.ts';
import { folderToMigrate } from '../run/which-run.ts';
import type { Services } from '../services/services.ts';
import { transferConfig } from './flags.ts';
import { Interrupted, shutDownOnSignals } from './interruption.ts';
import { PipelineCommand } from './pipeline-command.ts';
import { pathLines, statusLines, totalLine } from './ui/summary.ts';

interface RunOptions {
  until: 'resolve' | 'link';
  flags: StageFlags & { rescan?: boolean; 'skip-existing'?: boolean; 'keep-awake'?: boolean };
  /** Only this part of a run that has been listed and resolved. */
  shard?: Shard | null;
  /** A rescan without selection flags keeps the selection of the run. */
  keepsSelection?: boolean;
  /** Called at the end, while the services are still open. */
  atEnd?: (services: Services) => Promise<unknown>;
}

interface RunOutcome {
  run: Run;
  config: Config;
  /** What has changed in Drive; null if the folder was not listed again. */
  changes: Changes | null;
  seconds: number;
  progressPath: string;
  failedPath: string | null;
}

export abstract class RunCommand<T extends typeof Command> extends PipelineCommand<T> {
  protected override readonly logName = 'migration';

  /** Runs the pipeline on the folder of the flag or the configuration. */
  protected async migrateFolder(options: RunOptions): Promise<RunOutcome> {
    const startedAt = performance.now();
    const { events, shutdown } = this;
    const { flags, until, shard = null } = options;
    const config = await this.configuration({ ...transferConfig(flags), naming: flags.naming });
    const run = this.#runFor(options, config);
    if (shard) requireListed(run);
    const rules = shard ? run.facts.selection : this.#chosenRules(run, options);
    this.lock(run);
    const root = run.facts.root(flags['folder-id'], config);
    // Shards do not write to shared files.
    const services = this.servicesFor(config, run, !shard, shard);
    if (!shard) {
      const naming = flags.naming && { naming: config.naming };
      run.facts.remember({ resource_key: root.resourceKey, ...naming });
    }
    this.defer(shutDownOnSignals(shutdown, text => this.say(text)));
    // Before the progress file, which has the same path.
    const withEarlierWork = takeoverOf(this.home, run.folderId);
    const writeFinalProgress = startProgressWriter(this.home, run, events);
    try {
      // Before progress is shown, which would overwrite a prompt.
      await services.drive();
      if (flags['keep-awake'] && until === 'link') this.defer((await import('./keep-awake.ts')).keepAwake());
      await this.showProgress(config, services, until === 'link');
      const selection = selectionFrom(rules);
      const context = {
        config,
        services,
        events,
        shutdown,
        run,
        until,
        root,
        rules,
        selection,
        withEarlierWork,
      };
      const migrated = await this.#migrate(context, flags, writeFinalProgress);
      await options.atEnd?.(services);
      return { run, config, seconds: (performance.now() - startedAt) / 1000, ...migrated };
    } finally {
      this.stopProgress();
      const { reason } = shutdown;
      if (run.discardIfEmpty() && reason instanceof Interrupted) reason.markNothingDone();
      // An error of the run has priority; an error of only the progress file was thrown above.
      await writeFinalProgress().catch(() => {});
    }
  }

  /** Runs the stages, and writes the files for people while the manifests are open: they need not be indexed again then. */
  async #migrate(
    context: Omit<MigrationOptions, 'manifests' | 'retryOrphans' | 'rescan'>,
    flags: RunOptions['flags'],
    writeFinalProgress: () => Promise<string>,
  ): Promise<Pick<RunOutcome, 'changes' | 'progressPath' | 'failedPath'>> {
    const { run, until } = context;
    const which = MANIFESTS_FOR[run.shard ? 'shard' : until];
    const manifests = await openManifests(run, { ...which, warn: this.warnLine });
    try {
      const changes = await migrate({
        ...context,
        manifests,
        retryOrphans: flags['retry-orphans'] ?? false,
        rescan: flags.rescan ?? false,
        skipExisting: flags['skip-existing'],
        maxTransferBytes: flags['max-transfer'],
      });
      const progressPath = await writeFinalProgress();
      return { changes, progressPath, failedPath: await writeFailedFiles(this.home, run) };
    } finally {
      await closeManifests(manifests);
    }
  }

  #runFor({ flags, until, shard }: RunOptions, config: Config): Run {
    const folderId = folderToMigrate(flags['folder-id'], config);
    // Reports all missing values at once, before any prompt.
    requireKeys(config, [
      ...(folderId ? [] : KEYS_FOR.folder),
      ...KEYS_FOR.cognito,
      ...(until === 'link' ? KEYS_FOR.storage : []),
      ...KEYS_FOR.data,
    ]);
    return new Run(this.home, folderId!, shard);
  }

  #chosenRules(run: Run, { flags, keepsSelection }: RunOptions): SelectionRules | null {
    const remembered = run.has('list') ? run.facts.selection : null;
    const rules = chosenRules(run, flags, { rescan: flags.rescan, keeps: keepsSelection });
    if (remembered && !rulesFrom(flags)) {
      const before = flagsOf(remembered);
      if (rules) this.say(`As in earlier runs of this folder: ${before}.`);
      else this.say(`The selection of earlier runs (${before}) is dropped: the whole folder is listed.`);
    }
    return rules;
  }

  /** `Migrated: 41 files, 15.2 MiB in 3 min`; of a resumed or interrupted run also what this session has done. */
  protected headline(title: string, { seconds }: RunOutcome): string {
    const { counts, progress, shutdown } = this;
    const { sessionFiles = null, files = counts.total } = progress ?? {};
    const time = formatDuration(seconds);
    const session = sessionFiles === null ? '' : `${formatCount(sessionFiles, 'file')} in this session, `;
    if (!shutdown.reason) return `${title}: ${totalLine(counts)}${session ? `; ${session}` : ' in '}${time}`;
    const how = shutdown.reason instanceof Interrupted ? 'Interrupted' : 'Stopped early';
    const finished = `${counts.total.toLocaleString('en-US')} of ${formatCount(files, 'file')} finished`;
    return `${how}. ${finished} (${session}${time})`;
  }

  /** Prints how the run ended, as text or JSON, and sets the exit code. Throws the reason of a shutdown. */
  protected conclude(
    outcome: RunOutcome,
    headline: string,
    { details = [], extra = {} }: { details?: string[]; extra?: Record<string, unknown> } = {},
  ): void {
    const { run, changes, progressPath: progress, failedPath: failed } = outcome;
    const { counts, logPath: log } = this;
    const { reason } = this.shutdown;
    if (counts.total === 0 && !reason) this.say(`The folder ${run.label} has no files.`);
    const limit = reason instanceof RunError && reason.code === 'max_transfer' ? reason : null;
    const summary = { ...summaryOf(outcome, counts), ...extra, log };
    this.logger?.info(summary, 'summary');
    if (this.json && (limit || !reason)) this.printJson(summary);
    // An empty run was removed; there is nothing to show.
    if (!this.json && run.exists) {
      if (changes) {
        const counted = Object.entries(changes).map(([change, files]) => `${files} ${change}`);
        this.say(`In Drive since the last listing: ${counted.join(', ')}.`);
      }
      const paths = pathLines({ manifests: run.folder, progress, failed, log });
      this.say('', headline, ...statusLines(counts), ...details, '', 'Where to look:', ...paths);
    }
    if (reason && !limit) throw reason;
    if (limit) this.say(`${limit.message} ${limit.remedy}`);
    if (limit || counts.unfinished) process.exitCode = EXIT.unfinished;
  }
}

function summaryOf(outcome: RunOutcome, counts: Counts): Record<string, unknown> {
  const { run, changes, seconds, progressPath, failedPath } = outcome;
  return {
    folder_id: run.folderId,
    folder_name: run.folderName,
    total_files: counts.total,
    bytes: counts.bytes,
    summary: counts.summary(),
    seconds: Math.round(seconds * 10) / 10,
    ...(changes && { changes }),
    manifests: run.folder,
    progress: progressPath,
    failed: failedPath,
  };
}
