/** A stage as a command: reads records, runs the stage, writes the records, and prints a summary. */
import type { Command } from '@oclif/core';
import type { FileRecord, StageName } from '../../stages/record.ts';
import { EXIT } from '../config/exit-codes.ts';
import { KEYS_FOR, requireKeys } from '../config/require-keys.ts';
import { LineWriter } from '../run/line-writer.ts';
import { writeObservationIds } from '../run/manifest/observation-ids.ts';
import { commandStream, runToEnd, type Step, sourceOf } from '../run/pipeline.ts';
import { chosenRules, selectionFrom } from '../run/run-selection.ts';
import { type StageFlags, StageInput } from '../run/stage-input.ts';
import { StageOutput } from '../run/stage-output.ts';
import { Stages } from '../run/stages.ts';
import { isPiped } from '../run/standard-streams.ts';
import { formatCount } from '../run/text/format.ts';
import type { Services } from '../services/services.ts';
import { transferConfig } from './flags.ts';
import { PipelineCommand } from './pipeline-command.ts';
import { shardFrom } from './shard-flag.ts';
import { unguarded } from './ui/guarded-streams.ts';
import { countsText, totalLine } from './ui/summary.ts';

const EMPTY_PIPE =
  'There are no files: standard input was empty. To work on the manifests of the run, give --folder-id.';

interface StageDefinition {
  /** Services whose configuration must be complete before anything starts. */
  needs: Parameters<Services['require']>[0];
  steps: (stages: Stages) => Step[] | Promise<Step[]>;
}

const DEFINITIONS: Readonly<Record<StageName, StageDefinition>> = {
  list: { needs: [], steps: () => [] },
  parse: { needs: [], steps: stages => [stages.parse()] },
  resolve: { needs: ['data'], steps: async stages => [stages.parse(), await stages.resolve()] },
  transfer: { needs: ['storage', 'data'], steps: async stages => [await stages.transfer()] },
  link: { needs: ['data'], steps: stages => stages.link() },
};

export abstract class StageCommand<T extends typeof Command> extends PipelineCommand<T> {
  protected abstract readonly stage: StageName;

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
    const config = await this.configuration({ naming: flags.naming, ...transferConfig(flags) });
    const input = new StageInput({ stage, flags, config, home, shard, warn });
    const output = new StageOutput(stage, flags, input);
    // The stages after list take the selection of the run.
    const rules = stage === 'list' ? chosenRules(output.run, flags) : null;
    output.run?.lock(this.commandLine(shard));
    // Shards store objects for the run, wherever their records go.
    const services = this.servicesFor(config, input.run, output.run !== null && !shard, shard);
    this.listenToSignals();
    try {
      services.require(DEFINITIONS[stage].needs);
      await output.open({ warn, reject: input.reject });
      if (stage === 'list') {
        requireKeys(config, input.run ? [] : KEYS_FOR.folder);
        output.run?.facts.remember({
          resource_key: output.run.facts.root(flags['folder-id'], config).resourceKey,
        });
        output.run?.facts.rememberSelection(rules);
      }
      const stages = new Stages({
        config,
        services,
        shutdown: this.shutdown,
        events: this.events,
        selection: selectionFrom(rules),
        root: input.run?.facts.root(flags['folder-id'], config),
        claimed: output.claimed(),
        linking: output.linking,
        onTableRead: ids => output.run && writeObservationIds(output.run.folder, ids),
        onReplaced: async record => output.run?.revise(record, warn),
        maxTransferBytes: flags['max-transfer'],
        isShard: shard !== null,
      });
      await this.#runStage(stages, input, output);
      if (stage === 'list' && !this.shutdown.drainSignal.aborted) output.run?.markListed();
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

  async #runStage(stages: Stages, input: StageInput, output: StageOutput): Promise<void> {
    const { stage, events, shutdown } = this;
    const { config, services } = stages.context;
    const source = await this.#source(stages, input, output);
    // In a pipe, the transfer before the link already shows progress on the same terminal.
    const shows = stage === 'transfer' || (stage === 'link' && input.allRecords() !== null);
    if (shows) await this.showProgress(config, services, stage === 'transfer');
    // Progress wants totals, where they can be known.
    const all = shows ? input.allRecords() : null;
    if (all) events.listAll(all, ({ id, url }) => Boolean(url || output.manifest?.last(id)?.url));
    const planned = (record: FileRecord) => {
      if (!all) events.emit('listed', record, false);
      return events.plan(record);
    };
    const lines = output.isStandardOutput
      ? new LineWriter(unguarded(process.stdout), shutdown.killSignal)
      : null;
    const finished = (record: FileRecord) => {
      events.finish(record);
      return lines?.write(record);
    };
    try {
      const steps = await DEFINITIONS[stage].steps(stages);
      const { 'retry-orphans': retryOrphans = false } = this.flags as StageFlags;
      const checkpoint = output.checkpoint(retryOrphans);
      await runToEnd(commandStream(source, { planned, steps, checkpoint }), finished, shutdown);
    } finally {
      lines?.flush();
    }
  }

  async #source(stages: Stages, input: StageInput, output: StageOutput): Promise<Step> {
    if (this.stage === 'list') {
      const onRoot = (folder_name: string) => output.run?.facts.remember({ folder_name });
      return sourceOf(await stages.list({ onRoot }));
    }
    const records = await input.records();
    // Files from another process in the pipe have been transferred, and only need to be linked.
    return sourceOf(records, input.allRecords() ? this.shutdown.drainSignal : undefined);
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
    const byStatus = files > 0 ? `: ${countsText(counts)}` : '';
    if (this.json) {
      this.printJson({ stage, files, bytes, summary, manifest: path }, 0);
    } else {
      this.say(`${stage}: ${totalLine(counts)}${byStatus}${path ? ` → ${path}` : ''}`);
      if (files === 0) this.say(input.isEmptyPipe ? EMPTY_PIPE : 'There are no files.');
    }
    this.logger?.info({ files, summary }, 'stage ended');
    if (counts.unfinished || rejects.count > 0) process.exitCode = EXIT.unfinished;
  }
}
