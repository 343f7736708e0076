/** A stage as a command: reads records, runs the stage, writes the records, and prints a summary. */
import type { Command } from '@oclif/core';
import type { StageName } from '../../stages/record.ts';
import type { SelectionRules } from '../../stages/selection.ts';
import { EXIT } from '../config/exit-codes.ts';
import type { ConfigValues } from '../config/load.ts';
import type { Config } from '../config/settings.ts';
import { writeObservationIds } from '../run/manifest/observation-ids.ts';
import type { Run } from '../run/manifest/run.ts';
import { sourceOf } from '../run/pipeline.ts';
import { selectionFrom } from '../run/run-selection.ts';
import { type StageFlags, StageInput } from '../run/stage-input.ts';
import { StageOutput } from '../run/stage-output.ts';
import { runStage } from '../run/stage-run.ts';
import { Stages, type Step } from '../run/stages.ts';
import { isPiped } from '../run/standard-streams.ts';
import { formatBytes, formatCount } from '../run/text/format.ts';
import type { Services } from '../services/services.ts';
import { PipelineCommand } from './pipeline-command.ts';
import { shardFrom } from './shard-flag.ts';
import { unguarded } from './ui/guarded-streams.ts';

const EMPTY_PIPE =
  'There are no files: standard input was empty. To work on the manifests of the run, give --folder-id.';

export abstract class StageCommand<T extends typeof Command> extends PipelineCommand<T> {
  protected abstract readonly stage: StageName;

  /** Services whose configuration must be complete before anything starts. */
  protected readonly needs: Parameters<Services['require']>[0] = [];

  /** Which progress is shown: of files being transferred, or linked. */
  protected readonly shows: 'transfer' | 'link' | null = null;

  protected async source(_stages: Stages, input: StageInput, _output: StageOutput): Promise<Step> {
    const records = await input.records();
    // Files from another process in the pipe have been transferred, and only need to be linked.
    return sourceOf(records, input.ahead() ? this.shutdown.drainSignal : undefined);
  }

  protected async steps(_stages: Stages): Promise<Step[]> {
    return [];
  }

  /** The part of the folder that is listed; null for the whole folder, and for the stages that list nothing. */
  protected selectionRules(_run: Run | null): SelectionRules | null {
    return null;
  }

  protected configFlags(): ConfigValues {
    return {};
  }

  /** Called after the last record of a run's manifest, unless the stage ended early. */
  protected finished(_run: Run): void {}

  /** If records go to standard output, nothing else may: the next stage would read it as a record. */
  protected override get jsonStream(): NodeJS.WriteStream {
    const { out, 'folder-id': folder } = (this.flags ?? {}) as StageFlags;
    const isPipe = isPiped(1) && (this.stage === 'list' || !folder);
    const hasRecords = out === undefined ? isPipe : out === '-';
    return hasRecords ? process.stderr : process.stdout;
  }

  async run(): Promise<void> {
    const { stage, home, warnLine: warn } = this;
    const flags = this.flags as StageFlags;
    const shard = shardFrom(flags.shard, this.env, text => this.say(text));
    const config = await this.configuration(this.configFlags());
    const input = new StageInput({ stage, flags, config, home, shard, warn });
    const output = new StageOutput(stage, flags, input);
    const rules = this.selectionRules(output.run);
    output.run?.lock(this.commandLine(shard));
    // Shards store objects for the run, wherever their records go.
    const services = this.servicesFor(config, input.run, output.run !== null && !shard, shard);
    this.listenToSignals();
    try {
      services.require(this.needs);
      await output.open({ warn, reject: input.reject });
      await this.#run(config, services, input, output, rules);
      if (output.run && !this.shutdown.drainSignal.aborted) this.finished(output.run);
    } finally {
      this.stopProgress();
      this.ignoreSignals();
      await output.close();
      input.close();
      await services.close();
    }
    if (this.shutdown.reason) throw this.shutdown.reason;
    this.#summary(output, input);
  }

  async #run(
    config: Config,
    services: Services,
    input: StageInput,
    output: StageOutput,
    rules: SelectionRules | null,
  ): Promise<void> {
    const { events, shutdown } = this;
    const flags = this.flags as StageFlags;
    const stages = new Stages({
      config,
      services,
      shutdown,
      events,
      selection: selectionFrom(rules),
      root: input.run?.facts.root(flags['folder-id'], config),
      claimed: output.claimed(),
      linking: output.linking,
      onTableRead: ids => output.run && writeObservationIds(output.run.folder, ids),
      onReplaced: async record => output.run?.revise(record, this.warnLine),
      maxTransferBytes: flags['max-transfer'],
      isShard: flags.shard !== undefined,
    });
    const source = await this.source(stages, input, output);
    // In a pipe, the transfer before the link already shows progress on the same terminal.
    const shows = this.shows === 'transfer' || (this.shows === 'link' && input.ahead() !== null);
    if (shows) await this.showProgress(config, services, this.shows === 'transfer');
    await runStage({
      source,
      input,
      output,
      events,
      shutdown,
      steps: await this.steps(stages),
      standardOutput: unguarded(process.stdout),
      retryOrphans: flags['retry-orphans'] ?? false,
      listsAhead: shows,
    });
  }

  #summary({ manifest, run }: StageOutput, input: StageInput): void {
    const { stage, counts } = this;
    const { rejects } = input;
    if (rejects.count > 0)
      this.warnLine(`${formatCount(rejects.count, 'line')} set aside in ${rejects.path}.`);
    // A run without files is not kept.
    const path = (run?.exists === false ? null : manifest?.path) ?? null;
    const { total: files, bytes } = counts;
    const summary = counts.summary();
    if (this.json) {
      this.printJson({ stage, files, bytes, summary, manifest: path }, 0);
    } else {
      const byStatus = Object.entries(summary).map(([status, count]) => `${count} ${status}`);
      const list = byStatus.length > 0 ? `: ${byStatus.join(', ')}` : '';
      this.say(
        `${stage}: ${formatCount(files, 'file')}, ${formatBytes(bytes)}${list}${path ? ` → ${path}` : ''}`,
      );
      if (files === 0) this.say(input.isEmptyPipe ? EMPTY_PIPE : 'There are no files.');
    }
    this.logger?.info({ files, summary }, 'stage ended');
    if (counts.unfinished || rejects.count > 0) process.exitCode = EXIT.unfinished;
  }
}
