/** What commands that run stages share: events, counts, services, progress and Ctrl-C. */
import type { Command } from '@oclif/core';
import type { Config } from '../config/settings.ts';
import { RunEvents } from '../run/events.ts';
import type { Run } from '../run/manifest/run.ts';
import type { Shard } from '../run/manifest/shard.ts';
import { Counts } from '../run/progress/counts.ts';
import type { ProgressFacts } from '../run/progress/progress-facts.ts';
import type { Services } from '../services/services.ts';
import { BaseCommand } from './base-command.ts';
import { Repeats } from './repeats.ts';
import { RunLog } from './run-log.ts';
import type { ProgressView } from './ui/progress-view.ts';

/** During a run the terminal shows one warning of each kind in this time, so that repeated ones do not hide others; the log has all. */
const WARNING_EVERY_MS = 60_000;

export abstract class PipelineCommand<T extends typeof Command> extends BaseCommand<T> {
  protected readonly events = new RunEvents();
  protected readonly counts = new Counts();
  #view: ProgressView | null = null;
  #runLog: RunLog | null = null;
  readonly #warnings = new Repeats(WARNING_EVERY_MS);

  override async init(): Promise<void> {
    await super.init();
    if (this.logger) this.#runLog = new RunLog(this.logger, this.events);
    this.events.on('warning', this.warnLine).on('finished', record => this.counts.add(record));
  }

  /** `run`: whose objects are stored; `isWriter`: this process holds its lock. */
  protected servicesFor(
    config: Config,
    run: Run | null,
    isWriter: boolean,
    shard: Shard | null = null,
  ): Services {
    return this.services(config, {
      processes: shard?.count,
      runId: run?.facts.read().run_id,
      ...(run && isWriter && { unreadableRecords: run.unreadableCollector }),
      onSignInEnded: error => this.shutdown.drain(error),
      onRetry: (what, retry) => this.#runLog?.retry(what, retry),
      signal: this.shutdown.killSignal,
    });
  }

  /** Signs in first: the progress would overwrite a prompt. */
  protected async showProgress(config: Config, services: Services, isTransfer: boolean): Promise<void> {
    await (await services.session()).idToken();
    const drive = isTransfer ? await services.drive() : null;
    const { ProgressView } = await import('./ui/progress-view.ts');
    const view = new ProgressView({
      events: this.events,
      transfer: drive && {
        concurrency: config.migration.concurrency,
        queriesPerSecond: () => drive.rate.perSecond,
        mostQueriesPerSecond: drive.rate.ceiling,
        bytesPerSecondLimit: () => drive.bytesPerSecondLimit,
        isStopping: () => this.shutdown.drainSignal.aborted,
      },
    });
    this.#runLog?.start(() => view.facts());
    this.say = (...lines) => view.say(...lines);
    this.#view = view;
  }

  protected override showWarning(message: string, kind: string): void {
    const leftOut = this.#view ? this.#warnings.next(kind, message) : 0;
    if (leftOut !== null) super.showWarning(withCount(message, leftOut), kind);
  }

  /** Null before progress is shown. */
  protected get progress(): ProgressFacts | null {
    return this.#view?.facts() ?? null;
  }

  protected stopProgress(): void {
    this.#runLog?.stop();
    this.#view?.stop();
    for (const [kind, { text, leftOut }] of this.#warnings.rest())
      super.showWarning(withCount(text, leftOut), kind);
  }
}

function withCount(message: string, leftOut: number): string {
  return leftOut > 0
    ? `${message} (${leftOut} similar ${leftOut === 1 ? 'warning' : 'warnings'} since; see the log)`
    : message;
}
