/** The stages, each with what it needs of the configuration and the services. */
import { withCopies } from '../../stages/duplicates.ts';
import { type FindMedia, mediaIndex, withExistingMedia } from '../../stages/existing-media.ts';
import type { Shutdown } from '../../stages/flow/shutdown.ts';
import type { MediaTable } from '../../stages/link.ts';
import { list } from '../../stages/list.ts';
import { parse } from '../../stages/parse.ts';
import {
  canContinue,
  type DriveRef,
  type FileRecord,
  reopened,
  type StageName,
} from '../../stages/record.ts';
import { resolve } from '../../stages/resolve.ts';
import { pause } from '../../stages/retry/backoff.ts';
import { withRevisions } from '../../stages/revisions.ts';
import type { Selection } from '../../stages/selection.ts';
import { type Stage, stageStream } from '../../stages/stage.ts';
import { transfer } from '../../stages/transfer.ts';
import type { ListOptions } from '../../stages/walk.ts';
import type { Config } from '../config/settings.ts';
import type { Services } from '../services/services.ts';
import type { RunEvents } from './events.ts';
import { checkpointOf, claimsIn, storedRecord } from './manifest/checkpoint.ts';
import type { LinkingFile } from './manifest/linking.ts';
import type { Manifests } from './manifest/merged-manifest.ts';
import { writeObservationIds } from './manifest/observation-ids.ts';
import type { Run } from './manifest/run.ts';
import { withTransferLimit } from './max-transfer.ts';
import type { Step } from './pipeline.ts';

export interface StageContext {
  config: Config;
  services: Services;
  shutdown: Shutdown;
  events: RunEvents;
  /** The run whose manifests are written; null if the records go elsewhere. */
  run: Run | null;
  /** The manifests that are open. A stage without its manifest runs without a checkpoint. */
  manifests: Manifests;
  root?: DriveRef;
  /** The part of it that is listed. */
  selection: Selection;
  retryOrphans: boolean;
  /** Where link records the files it has started on; absent if nothing is kept. */
  linking?: LinkingFile;
  /** The run ends when this much has been read from Drive; no limit when absent. */
  maxTransferBytes?: number;
  /** One of several processes: other files and earlier stages are left to a run without shards. */
  isShard?: boolean;
  /** Look for media records that other tools have made, and leave alone what they have linked. */
  skipExisting?: boolean;
}

/** The longest pause before Drive is asked again for a refused folder. */
const LONGEST_PAUSE_MS = 5_000;

/** Each method signs in where its stage needs it. */
export class Stages {
  readonly context: StageContext;
  /** One sweep of the Media table serves transfer and link. */
  readonly #findMedia: FindMedia;

  constructor(context: StageContext) {
    this.context = context;
    this.#findMedia = mediaIndex(async function* () {
      yield* (await context.services.mediaRecords()).sweep();
    });
  }

  /** The steps of the stage, with its checkpoint before and behind them. */
  withCheckpoint(stage: StageName, ...steps: Step[]): Step[] {
    const { manifests, retryOrphans } = this.context;
    const manifest = manifests[stage];
    if (!manifest) return steps;
    const stored = (id: string) => storedRecord(manifests.transfer, id);
    const { restore, save } = checkpointOf(manifest, { stage, retryOrphans, stored });
    return [restore, ...steps, save];
  }

  async list(
    callbacks: Pick<ListOptions, 'onRoot' | 'onUnlisted' | 'onLeftOut'> = {},
  ): Promise<AsyncGenerator<FileRecord>> {
    const { services, root } = this.context;
    return list(await services.drive(), root!, { ...listOptions(this.context), ...callbacks });
  }

  parse(): Step {
    const { naming, migration, prefix_disambiguation } = this.context.config;
    const rules = { naming, maxRange: migration.max_range, prefixes: prefix_disambiguation.enabled };
    return record => parse(record, rules);
  }

  async resolve(): Promise<Step> {
    const { config, services, shutdown, run, manifests } = this.context;
    const { enabled, discriminator_field, prefixes } = config.prefix_disambiguation;
    const prefixRules = enabled ? { discriminatorField: discriminator_field, prefixes } : null;
    const observations = await services.observations();
    const options = {
      prefixRules,
      claimed: claimsIn(manifests.resolve, manifests.transfer),
      shutdown,
      onTableRead: (ids: number[]) => run && writeObservationIds(run.folder, ids),
    };
    return stageStream(resolve(observations, options));
  }

  async transfer(): Promise<Step> {
    const { config, services, shutdown, events, run, skipExisting, maxTransferBytes, isShard } = this.context;
    const storage = await services.storage();
    const drive = await services.drive();
    const transferAll = transfer(withTransferLimit(drive, maxTransferBytes, shutdown), storage, {
      concurrency: config.migration.concurrency,
      backoff: services.backoffFor('S3', 'transfer'),
      shutdown,
      events,
    });
    const transferRevised = withRevisions(transferAll, {
      item: async ref => (isShard ? null : drive.item(ref)),
      onReplaced: async record => run?.revise(record, events.warn),
      shutdown,
    });
    const findLinked = withExistingMedia(this.#findMedia, {
      appliesTo: record => Boolean(skipExisting) && !record.url && !record.replaces,
      urlOf: key => storage.urlOf(key),
      shutdown,
    });
    // Before the first byte: a file that cannot be linked is not worth transferring.
    const checkSchema = this.#schemaChecked(record => !record.url);
    const stage = inSequence(checkSchema, findLinked, transferRevised);
    // The original of a duplicate may belong to another shard.
    return stageStream(isShard ? stage : withCopies(stage, shutdown));
  }

  async link(): Promise<Step[]> {
    const { config, services, shutdown, events, linking, skipExisting } = this.context;
    // Only this stage needs uuid, which is many files to load.
    const { link } = await import('../../stages/link.ts');
    const media: MediaTable = { create: async links => (await services.media()).create(links) };
    const linkAll = link(media, {
      isAvailableForPublicUse: config.migration.default_media_public,
      shutdown,
      events,
      onRequest: records => linking?.begin(records),
    });
    const findLinked = withExistingMedia(this.#findMedia, {
      appliesTo: record => Boolean(skipExisting) || record.takenOver === true,
      shutdown,
    });
    const checkSchema = this.#schemaChecked(() => true);
    const stage = stageStream(inSequence(checkSchema, findLinked, linkAll));
    return linking ? [record => linking.mark(record), stage, record => linking.end(record)] : [stage];
  }

  /** Throws RunError if the schema does not fit the configuration, when the first record needs it. */
  #schemaChecked(appliesTo: (record: FileRecord) => boolean): Stage {
    const { services } = this.context;
    return async function* (records) {
      for await (const record of records) {
        if (canContinue(reopened(record)) && appliesTo(record)) await services.fittedModels();
        yield record;
      }
    };
  }
}

/** One stage whose records go through these, the first one first. */
function inSequence(...stages: Stage[]): Stage {
  return records => stages.reduce((given, stage) => stage(given), records);
}

export function listOptions({ services, shutdown, selection }: StageContext): ListOptions {
  const { baseMs } = services.backoffFor('Google Drive');
  const pauseMs = Math.min(baseMs, LONGEST_PAUSE_MS);
  return { shutdown, selection, pause: () => pause(pauseMs, shutdown.killSignal) };
}
