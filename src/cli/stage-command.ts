/** A stage as a command: reads records, runs the stage, writes the records, and prints a summary. */
import type { Command } from '@oclif/core';
import { chain } from 'stream-chain';
import type { FileRecord, StageName } from '../../stages/record.ts';
import { EXIT } from '../config/error.ts';
import { KEYS_FOR, requireKeys } from '../config/settings.ts';
import type { LinkingFile } from '../run/manifest/linking.ts';
import { ManifestFile, type OpenOptions } from '../run/manifest/manifest-file.ts';
import type { Manifests } from '../run/manifest/merged-manifest.ts';
import { closeManifests, openManifests } from '../run/manifest/open-manifests.ts';
import type { Run } from '../run/manifest/run.ts';
import { runToEnd, type Step, type Steps, sourceOf } from '../run/pipeline.ts';
import { chosenRules, selectionFrom } from '../run/run-selection.ts';
import { runToWrite, type StageFlags, StageInput } from '../run/stage-input.ts';
import { Stages } from '../run/stages.ts';
import { isPiped, lineWriter } from '../run/standard-streams.ts';
import { formatCount } from '../run/text/format.ts';
import type { Services } from '../services/services.ts';
import { transferConfig } from './flags.ts';
import { shutDownOnSignals } from './interruption.ts';
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
  // Parses as well, for `list | resolve`: records that are parsed already stay as they are.
  resolve: { needs: ['data'], steps: async stages => [stages.parse(), await stages.resolve()] },
  transfer: { needs: ['storage', 'data'], steps: async stages => [await stages.transfer()] },
  link: { needs: ['data'], steps: stages => stages.link() },
};

export abstract class StageCommand<T extends typeof Command> extends PipelineCommand<T> {
  /** The stage, which has the name of its command. */
  protected readonly stage = this.id as StageName;

  /** If records go to standard output, nothing else may: the next stage would read it as a record. */
  protected override get jsonStream(): NodeJS.WriteStream {
    const { out, 'folder-id': folder } = (this.flags ?? {}) as StageFlags;
    const isPipe = isPiped(1) && (this.stage === 'list' || !folder);
    const hasRecords = out === undefined ? isPipe : out === '-';
    return hasRecords ? process.stderr : process.stdout;
  }

  async run(): Promise<void> {
    const { stage, home, shutdown, events, warnLine: warn } = this;
    const flags = this.flags as StageFlags;
    const shard = shardFrom(flags.shard, this.env, text => this.say(text));
    const config = await this.configuration({ naming: flags.naming, ...transferConfig(flags) });
    const input = new StageInput({ stage, flags, config, home, shard, warn });
    const run = flags.out === undefined ? runToWrite(stage, input) : null;
    // The stages after list take the selection of the run.
    const rules = stage === 'list' ? chosenRules(run, flags) : null;
    if (run) this.lock(run);
    // Shards store objects for the run, wherever their records go.
    const services = this.servicesFor(config, input.run, run !== null && !shard, shard);
    this.defer(() => input.close());
    this.defer(shutDownOnSignals(shutdown, text => this.say(text)));
    let manifests: Manifests = {};
    let linking: LinkingFile | undefined;
    try {
      services.require(DEFINITIONS[stage].needs);
      manifests = await this.#openOutput(run, { warn, reject: input.reject });
      if (stage === 'link') linking = run?.linkingFile();
      const root = input.run?.facts.root(flags['folder-id'], config);
      if (stage === 'list') {
        requireKeys(config, root ? [] : KEYS_FOR.folder);
        run?.facts.remember({ resource_key: root?.resourceKey });
        run?.facts.rememberSelection(rules);
      }
      const context = { config, services, shutdown, events, run, manifests, root, linking };
      const stages = new Stages({
        ...context,
        selection: selectionFrom(rules),
        retryOrphans: flags['retry-orphans'] ?? false,
        maxTransferBytes: flags['max-transfer'],
        isShard: shard !== null,
      });
      await this.#runStage(stages, input);
      if (stage === 'list' && !shutdown.drainSignal.aborted) run?.markListed();
    } finally {
      this.stopProgress();
      try {
        await closeManifests(manifests);
        linking?.close();
      } finally {
        run?.discardIfEmpty();
      }
    }
    if (shutdown.reason) throw shutdown.reason;
    // A run without files is not kept.
    this.#summary(input, run?.exists === false ? null : (manifests[stage]?.path ?? null));
  }

  /** The manifests of the run, or the file of `--out`; none for standard output. */
  async #openOutput(run: Run | null, options: Omit<OpenOptions, 'write'>): Promise<Manifests> {
    const { stage } = this;
    const { out = '-' } = this.flags as StageFlags;
    if (!run)
      return out === '-' ? {} : { [stage]: await ManifestFile.open(out, { ...options, write: true }) };
    return openManifests(run, { ...options, write: [stage], read: stage === 'resolve' ? ['transfer'] : [] });
  }

  async #runStage(stages: Stages, input: StageInput): Promise<void> {
    const { stage, events, shutdown } = this;
    const { config, services, manifests } = stages.context;
    const manifest = manifests[stage];
    const source = await this.#source(stages, input);
    // In a pipe, the transfer before the link already shows progress on the same terminal.
    const shows = stage === 'transfer' || (stage === 'link' && input.allRecords() !== null);
    if (shows) await this.showProgress(config, services, stage === 'transfer');
    // Progress wants totals, where they can be known.
    const all = shows ? input.allRecords() : null;
    if (all) events.listAll(all, ({ id, url }) => Boolean(url || manifest?.last(id)?.url));
    const planned = (record: FileRecord) => {
      if (!all) events.emit('listed', record, false);
      return events.tapPlanned(record);
    };
    const lines = manifest ? null : lineWriter(unguarded(process.stdout), shutdown.killSignal);
    const finished = (record: FileRecord) => {
      events.finish(record);
      return lines?.write(record);
    };
    try {
      const steps = await DEFINITIONS[stage].steps(stages);
      const stream = chain<Steps>([source, stages.withCheckpoint(stage, planned, ...steps)]);
      await runToEnd(stream, finished, shutdown);
    } finally {
      lines?.flush();
    }
  }

  async #source(stages: Stages, input: StageInput): Promise<Step> {
    if (this.stage === 'list') {
      const { run } = stages.context;
      return sourceOf(await stages.list({ onRoot: folder_name => run?.facts.remember({ folder_name }) }));
    }
    const records = await input.records();
    // Files from another process in the pipe have been transferred, and only need to be linked.
    return sourceOf(records, input.allRecords() ? this.shutdown.drainSignal : undefined);
  }

  #summary({ rejects, isEmptyPipe }: StageInput, path: string | null): void {
    const { stage, counts } = this;
    if (rejects.count > 0)
      this.warnLine(`${formatCount(rejects.count, 'line')} set aside in ${rejects.path}.`);
    const { total: files, bytes } = counts;
    const summary = counts.summary();
    const byStatus = files > 0 ? `: ${countsText(counts)}` : '';
    if (this.json) {
      this.printJson({ stage, files, bytes, summary, manifest: path }, 0);
    } else {
      this.say(`${stage}: ${totalLine(counts)}${byStatus}${path ? ` → ${path}` : ''}`);
      if (files === 0) this.say(isEmptyPipe ? EMPTY_PIPE : 'There are no files.');
    }
    this.logger?.info({ files, summary }, 'stage ended');
    if (counts.unfinished || rejects.count > 0) process.exitCode = EXIT.unfinished;
  }
}
