/**
 * Continues a migration that the Python tool of the same name started. Its `progress_{folder_id}.json` has the name of ours
 * and the same fields, except the singular ones, and also `size` and `checksum` for each file. It is renamed to `.bak`
 * before ours is written, and every run reads it from there.
 */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { isSafeKey } from '../../stages/object-key.ts';
import { canContinue, type FileRecord } from '../../stages/record.ts';
import { headOf, isFileThere } from '../config/files/foreign-file.ts';
import { progressPath } from '../config/home.ts';

/** What a progress file says about one file. */
type Entry = Partial<
  Record<'status' | 'observation_ids' | 'media_ids' | 's3_url' | 'size' | 'checksum', unknown>
>;

/**
 * Adds to a record what the Python tool has already done for the file; null if the folder has no progress file of that
 * tool, renamed or not.
 */
export function takeoverOf(home: string, folderId: string): ((record: FileRecord) => FileRecord) | null {
  const path = progressPath(home, folderId);
  const { existing, free } = backupNames(path);
  const found = pythonToolFiles(path);
  if (found) renameSync(path, free);
  const files = existing.reduceRight((known, backup) => known ?? pythonToolFiles(backup), found);
  if (!files) return null;
  const stored = new Map(Object.entries(files).filter(([, entry]) => isStored(entry)));
  return record => takenOver(record, stored.get(record.id));
}

/** The names of renamed files that exist, and the next free one: a `.bak` may be somebody's own file. */
function backupNames(path: string): { existing: string[]; free: string } {
  const existing: string[] = [];
  for (let free = `${path}.bak`; ; free = `${path}.bak.${existing.length + 1}`) {
    if (!existsSync(free)) return { existing, free };
    existing.push(free);
  }
}

/** The files in the Python tool's progress file; null for any other file. */
function pythonToolFiles(path: string): Record<string, Entry> | null {
  // Quotes in a value are escaped: with plain ones it is a field, which only this tool writes.
  if (!isFileThere(path) || headOf(path).includes('"sequential_id":')) return null;
  try {
    const { files } = JSON.parse(readFileSync(path, 'utf8')) as { files: Record<string, Entry> };
    const entries = Object.values(files).filter(isEntry);
    return entries.length > 0 && !entries.some(entry => 'sequential_id' in entry) ? files : null;
  } catch {
    return null;
  }
}

function isEntry(entry: unknown): entry is Entry {
  return typeof entry === 'object' && entry !== null;
}

function isStored(entry: unknown): boolean {
  if (!isEntry(entry)) return false;
  const { status, s3_url } = entry;
  const key = keyOf(s3_url);
  return key !== null && isSafeKey(key) && ['completed', 'uploaded', 'partial'].includes(String(status));
}

function takenOver(record: FileRecord, entry: Entry | undefined): FileRecord {
  if (!entry || !canContinue(record) || record.url || isReplaced(record, entry)) return record;
  const url = entry.s3_url as string;
  const observationIds = textsOf(entry.observation_ids);
  const mediaIds = textsOf(entry.media_ids);
  // Which media belongs to which observation is certain only when there is one for each.
  const media =
    observationIds.length === mediaIds.length
      ? mediaIds.map((id, index) => ({ id, observationId: observationIds[index]! }))
      : [];
  const bytes = typeof entry.size === 'number' ? entry.size : (record.size ?? undefined);
  return { ...record, key: keyOf(url)!, url, bytes, media, takenOver: true, status: 'uploaded' };
}

/** True if the file has changed in Drive since it was stored. */
function isReplaced(record: FileRecord, { size, checksum }: Entry): boolean {
  const md5 =
    typeof checksum === 'string' && /^[0-9a-f]{32}$/i.test(checksum) ? checksum.toLowerCase() : null;
  if (md5 && record.md5 && md5 !== record.md5) return true;
  return typeof size === 'number' && typeof record.size === 'number' && size !== record.size;
}

/** The bucket may be in the host or before the key; null for anything but an address below `media/`. */
function keyOf(url: unknown): string | null {
  const [, path] = /^https?:\/\/[^/]+\/(?:[^/]+\/)??(media\/[^?#]+)/.exec(String(url)) ?? [];
  if (!path) return null;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}
