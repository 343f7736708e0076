/** The five stages, put together. Reads from top to bottom like the picture in README. */
import { Duplex, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { chainUnchecked as chain } from 'stream-chain';
import { MediaIndex, withExistingMedia } from '../stages/existing-media.ts';
import { link } from '../stages/link.ts';
import { list } from '../stages/list.ts';
import { parse } from '../stages/parse.ts';
import type { FileRecord, StageName } from '../stages/record.ts';
import { resolve } from '../stages/resolve.ts';
import type { Halt, Stage } from '../stages/stage.ts';
import { type TransferWatcher, transfer } from '../stages/transfer.ts';
import type { Config } from './config/settings.ts';
import type { ManifestFile } from './manifest/manifest-file.ts';
import { type MemoryOptions, memoryOf } from './manifest/memory.ts';
import type { Neighbours } from './neighbours.ts';

/** A step of a chain: a function of one record, or a stream of them. */
type Step = ((record: FileRecord) => FileRecord | Promise<FileRecord>) | Duplex;

/** Steps in their order; null and undefined ones are left out. */
export type Steps = (Step | null | undefined)[];

export interface StageContext {
  config: Config;
  neighbours: Neighbours;
  halt: Halt;
  watcher?: TransferWatcher;
  /** Records of earlier runs that have an S3 key. */
  claimed?: Iterable<FileRecord>;
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

  resolve: async ({ config, neighbours, halt, claimed }) => {
    const { enabled, discriminator_field, prefixes } = config.prefix_disambiguation;
    return resolve(await neighbours.observations(), {
      prefixRules: enabled ? { discriminatorField: discriminator_field, prefixes } : null,
      claimed,
      halt,
    });
  },

  transfer: async ({ config, neighbours, halt, watcher, skipExisting = false }) => {
    const storage = await neighbours.storage();
    await storage.removeLeftovers();
    const unlinked = withExistingMedia(mediaIndexOf(neighbours), {
      concerns: record => skipExisting && !record.url && !record.replaces,
      urlOf: key => storage.urlOf(key),
      halt,
    });
    const moved = transfer(await neighbours.drive(), storage, {
      concurrency: config.migration.concurrency,
      backoff: neighbours.backoff,
      halt,
      watcher,
    });
    return records => moved(unlinked(records));
  },

  link: async ({ config, neighbours, halt, skipExisting = false }) => {
    const unlinked = withExistingMedia(mediaIndexOf(neighbours), {
      concerns: record => skipExisting || record.takenOver === true,
      halt,
    });
    const isAvailableForPublicUse = config.migration.default_media_public;
    const linked = link(await neighbours.media(), { isAvailableForPublicUse, halt });
    return records => linked(unlinked(records));
  },
};

const indexes = new WeakMap<Neighbours, MediaIndex>();

/** One sweep of the Media table serves all stages of a run. */
function mediaIndexOf(neighbours: Neighbours): MediaIndex {
  const index = indexes.get(neighbours) ?? new MediaIndex({ sweep: () => sweepOf(neighbours) });
  indexes.set(neighbours, index);
  return index;
}

async function* sweepOf(neighbours: Neighbours) {
  yield* (await neighbours.mediaRecords()).sweep();
}

/** What lists a folder; signs in to Google. */
export async function lister({
  neighbours,
  halt,
}: StageContext): Promise<(folderId: string) => AsyncIterable<FileRecord>> {
  return list(await neighbours.drive(), { halt });
}

/** A stage with its memory: what its manifest has is recalled before it, what is new is kept behind it. */
export function remembering(stage: Stage, manifest: ManifestFile, options: MemoryOptions): Steps {
  const { recall, keep } = memoryOf(manifest, options);
  return [recall, asStream(stage), keep];
}

export function asStream(stage: Stage): Duplex {
  return Duplex.from(stage as (source: AsyncIterable<unknown>) => AsyncIterable<unknown>);
}

/** Joins steps to one stream, with the backpressure of the slowest. */
export function joined(steps: Steps): Duplex {
  return chain(steps as Parameters<typeof chain>[0]) as unknown as Duplex;
}

/** Runs a chain to its end, or until the halt gives up what is in flight: an answer that never comes is not waited for. */
export async function run(source: Readable, steps: Duplex, target: Writable, halt: Halt): Promise<void> {
  try {
    await pipeline(source, steps, target, { signal: halt.signal });
  } catch (error) {
    if (!halt.signal.aborted) throw error;
  }
}
