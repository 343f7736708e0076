/** The five stages, put together. Reads from top to bottom like the picture in README. */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { withCopies } from '../../stages/duplicates.ts';
import { MediaIndex, withExistingMedia } from '../../stages/existing-media.ts';
import type { MediaTable } from '../../stages/link.ts';
import { type ListOptions, list } from '../../stages/list.ts';
import { parse } from '../../stages/parse.ts';
import { type DriveRef, type FileRecord, isOnTheWay, reopened, type StageName } from '../../stages/record.ts';
import { resolve } from '../../stages/resolve.ts';
import { pause } from '../../stages/retry/backoff.ts';
import { withRevisions } from '../../stages/revisions.ts';
import type { Selection } from '../../stages/selection.ts';
import type { Shutdown } from '../../stages/shutdown.ts';
import type { Stage } from '../../stages/stage.ts';
import { transfer } from '../../stages/transfer.ts';
import type { Config } from '../config/settings.ts';
import type { Services } from '../services/services.ts';
import type { RunEvents } from './events.ts';
import { type CheckpointOptions, checkpointOf } from './manifest/checkpoint.ts';
import type { LinkingFile } from './manifest/linking.ts';
import type { ManifestFile } from './manifest/manifest-file.ts';
import { limited } from './max-transfer.ts';

export type Records = AsyncIterable<FileRecord> | Iterable<FileRecord>;

/** Steps in their order; null and undefined ones are left out. */
export type Steps = (Stage | null | undefined)[];

export interface StageContext {
  /** The folder to be listed, where one is. */
  root?: DriveRef;
  /** The part of it that is listed; the whole folder when absent. */
  selection?: Selection;
  config: Config;
  services: Services;
  shutdown: Shutdown;
  events: RunEvents;
  /** Records of earlier runs that have an S3 key. */
  claimed?: Iterable<FileRecord>;
  /** Told of files that were replaced in Drive after they were listed. */
  onReplaced?: (record: FileRecord) => Promise<void>;
  /** Where link writes down what it has begun; absent where nothing outlives the process. */
  linking?: LinkingFile;
  /** The run ends when so much has been read from Drive; no limit when absent. */
  maxTransferBytes?: number;
  /** Look for media records that other tools have made, and leave alone what they have linked. */
  skipExisting?: boolean;
}

/** The stages between listing and the end, with what each of them needs, ready to run. Signs in where a stage needs it. */
export const STAGE_MAKERS: Readonly<
  Record<Exclude<StageName, 'list'>, (context: StageContext) => Promise<Stage>>
> = {
  parse: async ({ config }) =>
    parse({
      naming: config.naming,
      maxRange: config.migration.max_range,
      prefixes: config.prefix_disambiguation.enabled,
    }),

  resolve: async ({ config, services, shutdown, claimed }) => {
    const { enabled, discriminator_field, prefixes } = config.prefix_disambiguation;
    return resolve(await services.observations(), {
      prefixRules: enabled ? { discriminatorField: discriminator_field, prefixes } : null,
      claimed,
      shutdown,
    });
  },

  transfer: async ({
    config,
    services,
    shutdown,
    events,
    skipExisting = false,
    maxTransferBytes,
    onReplaced,
  }) => {
    const storage = await services.storage();
    const unlinked = withExistingMedia(mediaIndexOf(services), {
      concerns: record => skipExisting && !record.url && !record.replaces,
      urlOf: key => storage.urlOf(key),
      shutdown,
    });
    const drive = await services.drive();
    const moved = transfer(limited(drive, maxTransferBytes, shutdown), storage, {
      concurrency: config.migration.concurrency,
      backoff: services.backoffFor('S3'),
      shutdown,
      events,
    });
    const revised = withRevisions(moved, { item: ref => drive.item(ref), onReplaced, shutdown });
    // Before the first byte: what could not be linked afterwards is not worth moving.
    const checked = schemaChecked(services, record => !record.url);
    return withCopies(records => revised(unlinked(checked(records))), shutdown);
  },

  link: async ({ config, services, shutdown, events, linking, skipExisting = false }) => {
    const unlinked = withExistingMedia(mediaIndexOf(services), {
      concerns: record => skipExisting || record.takenOver === true,
      shutdown,
    });
    const isAvailableForPublicUse = config.migration.default_media_public;
    // Only this stage needs uuid, which is many files to load.
    const { link } = await import('../../stages/link.ts');
    const onRequest = (records: readonly FileRecord[]) => linking?.begin(records);
    const media: MediaTable = { create: async links => (await services.media()).create(links) };
    const linked = link(media, { isAvailableForPublicUse, shutdown, events, onRequest });
    const checked = schemaChecked(services, () => true);
    if (!linking) return records => linked(unlinked(checked(records)));
    const marked = each(record => linking.mark(record));
    const ended = each(record => linking.end(record));
    return records => ended(linked(unlinked(checked(marked(records)))));
  },
};

/** Throws RunError if the schema does not fit the configuration; asked for when the first record needs it. */
function schemaChecked(services: Services, concerns: (record: FileRecord) => boolean): Stage {
  let fits: Promise<unknown> | null = null;
  return each(async record => {
    if (!isOnTheWay(reopened(record)) || !concerns(record)) return record;
    fits ??= services.fittedModels();
    await fits;
    return record;
  });
}

const indexes = new WeakMap<Services, MediaIndex>();

/** One sweep of the Media table serves all stages of a run. */
function mediaIndexOf(services: Services): MediaIndex {
  const index = indexes.get(services) ?? new MediaIndex({ sweep: () => sweepOf(services) });
  indexes.set(services, index);
  return index;
}

async function* sweepOf(services: Services) {
  yield* (await services.mediaRecords()).sweep();
}

/** What lists the folder; signs in to Google. */
export async function lister(
  context: StageContext,
  told: Pick<ListOptions, 'onUnread' | 'onLeftOut'> = {},
): Promise<() => AsyncGenerator<FileRecord>> {
  const listed = list(await context.services.drive(), { ...listOptionsOf(context), ...told });
  return () => listed(context.root!);
}

/** Drive is asked again for what it refused after so long, at most. */
const LONGEST_PAUSE_MS = 5_000;

export function listOptionsOf({ services, shutdown, selection }: StageContext): ListOptions {
  const { baseMs } = services.backoffFor('Google Drive');
  return { shutdown, selection, pause: () => pause(Math.min(baseMs, LONGEST_PAUSE_MS), shutdown.killSignal) };
}

/** A stage with its memory: what its manifest has is recalled before it, what is new is kept behind it. */
export function remembering(stage: Stage, manifest: ManifestFile, options: CheckpointOptions): Steps {
  const { restore, keep } = checkpointOf(manifest, options);
  return [each(restore), workingAhead(stage), each(keep)];
}

/** What is done to one record after the other, as a step. */
export function each(work: (record: FileRecord) => FileRecord | Promise<FileRecord>): Stage {
  return async function* (records) {
    for await (const record of records) yield work(record);
  };
}

/** As many as a stage may be ahead of the next one, so that two that wait for services do so at the same time. */
const RECORDS_AHEAD = 32;

export function workingAhead(stage: Stage): Stage {
  return records => Readable.from(stage(records), { highWaterMark: RECORDS_AHEAD });
}

/** What does not wait for who takes it to begin: its first answers come while the stages behind it are made ready. */
export function begun(records: AsyncGenerator<FileRecord>): AsyncGenerator<FileRecord> {
  const first = records.next();
  // Told to whoever takes the records. Nobody may, if a stage cannot be made ready.
  first.catch(() => {});
  return (async function* () {
    const { done, value } = await first;
    if (done) return;
    yield value;
    yield* records;
  })();
}

/** Records that come from memory or disk; after so many, whatever else is due gets its turn: signals, timers, writes. */
const RECORDS_A_TURN = 250;

async function* yieldingToEventLoop(records: Records): AsyncGenerator<FileRecord> {
  let count = 0;
  for await (const record of records) {
    yield record;
    count += 1;
    if (count % RECORDS_A_TURN === 0) await nextTurn();
  }
}

/**
 * Runs records through the steps, and to `take`, which pulls them: each step is as fast as what comes after it. Ends with
 * the last record, or when the shutdown is killed: an answer that never comes is not waited for.
 */
export async function run(
  source: Records,
  steps: Steps,
  take: (record: FileRecord) => unknown,
  { killSignal }: Shutdown,
): Promise<void> {
  const isStep = (step: Steps[number]): step is Stage => Boolean(step);
  const records = steps
    .filter(isStep)
    .reduce<AsyncIterable<FileRecord>>((before, step) => step(before), yieldingToEventLoop(source));
  const flow = async () => {
    for await (const record of records) {
      if (killSignal.aborted) return;
      const waiting = take(record);
      if (waiting instanceof Promise) await waiting;
    }
  };
  const givenUp = new Promise<void>(resolve => {
    if (killSignal.aborted) resolve();
    killSignal.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    await Promise.race([flow(), givenUp]);
  } catch (error) {
    if (!killSignal.aborted) throw error;
  }
}
