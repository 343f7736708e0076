/** How the manifests of a run are opened and closed, with the files of its shards. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { RunError } from '../../../stages/errors.ts';
import { STAGES, type StageName } from '../../../stages/record.ts';
import { appendPrivately } from '../../config/files/private-files.ts';
import { idsIn } from './linking.ts';
import { ManifestFile, type OpenOptions } from './manifest-file.ts';
import { type Manifest, type Manifests, MergedManifest } from './merged-manifest.ts';
import { isInShard, nameOfShard, type Shard, type ShardFile, shardFiles } from './shard.ts';

const SHARDED_STAGES: readonly StageName[] = ['transfer', 'link'];

/** What is needed of the run. */
interface ManifestsOwner {
  folder: string;
  shard: Shard | null;
  has(stage: StageName): boolean;
  open(stage: StageName, options: OpenOptions): Promise<Manifest>;
}

interface ManifestsToOpen extends Omit<OpenOptions, 'write'> {
  write: readonly StageName[];
  read?: readonly StageName[];
}

/**
 * Those to read, if they exist; those to write, for which the caller holds the lock. Without a shard, what shards have written
 * is moved into the run's own manifests before they are written.
 */
export async function openManifests(
  run: ManifestsOwner,
  { write, read = [], ...options }: ManifestsToOpen,
): Promise<Manifests> {
  if (write.length > 0 && !run.shard) await moveShardsInto(run.folder, options.warn);
  const manifests: Manifests = {};
  for (const stage of write) manifests[stage] = await run.open(stage, { ...options, write: true });
  for (const stage of read) {
    if (run.has(stage)) manifests[stage] = await run.open(stage, { ...options, write: false });
  }
  return manifests;
}

/**
 * In the order of the stages, so that after a crash no manifest is ahead of those before it. Closes all of them; then throws
 * the first error.
 */
export async function closeManifests(manifests: Manifests): Promise<void> {
  const errors: unknown[] = [];
  for (const stage of STAGES) await manifests[stage]?.close().catch(error => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

/**
 * The manifest of a stage, read together with the files of shards. A shard appends to its own file, and reads only what may
 * be about its own files, unless it asks for the `whole` run.
 */
export async function openStageManifest(
  { folder, shard: ownShard }: { folder: string; shard: Shard | null },
  stage: StageName,
  { whole = false, ...given }: OpenOptions & { whole?: boolean },
): Promise<Manifest> {
  const takes = ownShard && !whole ? (id: string) => isInShard(id, ownShard) : undefined;
  const options = { ...given, takes };
  const main = join(folder, `${stage}.ndjson`);
  const isSharded = ownShard !== null && SHARDED_STAGES.includes(stage);
  const ownPath = isSharded ? join(folder, `${stage}.${nameOfShard(ownShard)}.ndjson`) : main;
  // Two different shards of one count have no file in common.
  const files = shardFiles(folder, stage).filter(
    ({ path, shard }) => path !== ownPath && (whole || shard.count !== ownShard?.count),
  );
  if (ownPath === main && files.length === 0) return ManifestFile.open(main, options);
  const read = { ...options, write: false };
  // Before the main manifest, into which they may be moved meanwhile.
  const shards = await openShards(files, { ...read, warn: ownShard ? () => {} : options.warn });
  let own: ManifestFile | null = null;
  if (isSharded)
    own = options.write ? await ManifestFile.open(ownPath, options) : await openIfThere(ownPath, read);
  if (own) shards.unshift(own);
  return new MergedManifest(ownPath, await openIfThere(main, read), shards, own);
}

/** A file that is gone by now has been moved into the main manifest, which is to be opened after it. */
async function openIfThere(path: string, options: OpenOptions): Promise<ManifestFile | null> {
  try {
    return await ManifestFile.open(path, options);
  } catch (error) {
    if (error instanceof RunError && error.code === 'manifest_missing') return null;
    throw error;
  }
}

async function openShards(files: ShardFile[], options: OpenOptions): Promise<ManifestFile[]> {
  const opened: ManifestFile[] = [];
  for (const { path } of files) {
    const file = await openIfThere(path, options);
    if (file) opened.push(file);
  }
  return opened;
}

/** Moves what shards have written into the run's own files. The caller holds the lock of the whole run. */
async function moveShardsInto(folder: string, warn: (message: string) => void): Promise<void> {
  for (const { path } of shardFiles(folder, 'linking')) {
    const lines = idsIn(path).map(id => `${JSON.stringify(id)}\n`);
    appendPrivately(join(folder, 'linking.ndjson'), lines.join(''));
    rmSync(path);
  }
  for (const stage of SHARDED_STAGES) {
    const files = shardFiles(folder, stage);
    if (files.length === 0) continue;
    const path = join(folder, `${stage}.ndjson`);
    const shards = new MergedManifest(path, null, await openShards(files, { write: false, warn }), null);
    try {
      const main = await ManifestFile.open(path, { write: true, warn });
      try {
        for (const record of shards.records()) main.append(record);
      } finally {
        await main.close();
      }
    } finally {
      await shards.close();
    }
    for (const { path } of files) rmSync(path);
  }
}
