/** A shard: the part of a run that one of several processes transfers and links. Its files are in the run's folder. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StageName } from '../../../stages/record.ts';
import { type Holder, holderOf } from '../../config/files/holder.ts';

export interface Shard {
  index: number;
  count: number;
}

/** The shard as a part of file names: `2-of-4`. */
export function nameOfShard({ index, count }: Shard): string {
  return `${index}-of-${count}`;
}

/** Whether the file belongs to the shard. Every version has to agree: processes of several may work on one run. */
export function isInShard(id: string, { index, count }: Shard): boolean {
  return createHash('sha256').update(id).digest().readUInt32BE(0) % count === index - 1;
}

export interface ShardFile {
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

/** The shards' files in a run's folder, of one kind or of all; the one written last first. */
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

/** The lock file of a run, or of one of its shards. */
export function lockPath(folder: string, shard: Shard | null = null): string {
  return join(folder, shard ? `lock.${nameOfShard(shard)}` : 'lock');
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
