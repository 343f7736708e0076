/** The files of shards in a run's folder. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RunError } from '../../../stages/errors.ts';
import type { StageName } from '../../../stages/record.ts';
import { type Holder, holderOf } from '../../config/files/holder.ts';
import { appendPrivately } from '../../config/files/private-files.ts';
import { idsIn } from './linking.ts';
import { lockPath } from './lock.ts';
import { ManifestFile, type OpenOptions } from './manifest-file.ts';
import { type Manifest, MergedManifest } from './merged-manifest.ts';
import { nameOfShard, type Shard } from './shard.ts';

const SHARDED_STAGES: readonly StageName[] = ['transfer', 'link'];

interface ShardFile {
  shard: Shard;
  path: string;
  modifiedAt: number;
}

export interface ShardState extends Shard {
  /** The process that works on it; null if there is none. */
  holder: Holder | null;
  /** RFC 3339. */
  lastActivity: string;
}

const FILE = /^(lock|linking|transfer|link)\.(\d+)-of-(\d+)(?:\.ndjson)?$/;

/** Those of one kind, or of all; the one written last first. */
export function shardFiles(folder: string, kind?: StageName | 'linking' | 'lock'): ShardFile[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const files = names.flatMap(name => {
    const [, found, index, count] = FILE.exec(name) ?? [];
    if (!found || (kind && found !== kind)) return [];
    const path = join(folder, name);
    const modifiedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return [{ shard: { index: Number(index), count: Number(count) }, path, modifiedAt }];
  });
  return files.sort((a, b) => b.modifiedAt - a.modifiedAt);
}

/** Every shard that works or has worked on the run since it was last worked on as a whole. */
export function shardStates(folder: string): ShardState[] {
  const states = new Map<string, ShardState>();
  for (const { shard, modifiedAt } of shardFiles(folder)) {
    if (states.has(nameOfShard(shard))) continue;
    const holder = holderOf(lockPath(folder, shard));
    states.set(nameOfShard(shard), { ...shard, holder, lastActivity: new Date(modifiedAt).toISOString() });
  }
  return [...states.values()].sort((a, b) => a.count - b.count || a.index - b.index);
}

/**
 * Opens the manifest of a stage, read together with the files of the shards that `isRead` accepts. Lines are appended to this
 * shard's own file, or to the main one if there are no shards.
 */
export async function openStageManifest(
  { folder, shard: ownShard }: { folder: string; shard: Shard | null },
  stage: StageName,
  options: OpenOptions,
  isRead: (shard: Shard) => boolean,
): Promise<Manifest> {
  const main = join(folder, `${stage}.ndjson`);
  const isSharded = ownShard !== null && SHARDED_STAGES.includes(stage);
  const ownPath = isSharded ? join(folder, `${stage}.${nameOfShard(ownShard)}.ndjson`) : main;
  const files = shardFiles(folder, stage).filter(({ path, shard }) => path !== ownPath && isRead(shard));
  if (ownPath === main && files.length === 0) return ManifestFile.open(main, options);
  const read = { ...options, write: false };
  // Before the main manifest, into which they may be moved meanwhile.
  const shards = await openShards(files, { ...options, warn: ownShard ? () => {} : options.warn });
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
    const file = await openIfThere(path, { ...options, write: false });
    if (file) opened.push(file);
  }
  return opened;
}

/** Moves what shards have written into the run's own files. The caller holds the lock of the whole run. */
export async function mergeShards(folder: string, warn: (message: string) => void): Promise<void> {
  for (const { path } of shardFiles(folder, 'linking')) {
    const lines = idsIn(path).map(id => `${JSON.stringify(id)}\n`);
    appendPrivately(join(folder, 'linking.ndjson'), lines.join(''));
    rmSync(path);
  }
  for (const stage of SHARDED_STAGES) {
    const files = shardFiles(folder, stage);
    if (files.length === 0) continue;
    const path = join(folder, `${stage}.ndjson`);
    const shards = await openShards(files, { write: false, warn });
    const merged = new MergedManifest(path, null, shards, null);
    try {
      const main = await ManifestFile.open(path, { write: true, warn });
      try {
        for (const record of merged.records()) main.append(record);
      } finally {
        await main.close();
      }
    } finally {
      await merged.close();
    }
    for (const { path } of files) rmSync(path);
  }
}
