/**
 * What a listed run asks Drive before it continues: whether unfinished files were renamed or replaced, and whether folders and
 * shortcuts that could not be read can be read now. Only folders with such files are listed; a finished run asks nothing.
 */

import { asNow } from '../../stages/drive-item.ts';
import { FileError } from '../../stages/errors.ts';
import { listAgain } from '../../stages/list.ts';
import { type DriveRef, type FileRecord, isUnlisted, isWithdrawn, reopened } from '../../stages/record.ts';
import { FOLDERS_PER_QUERY } from '../../stages/walk.ts';
import { furthestRecord, type Manifests } from './manifest/merged-manifest.ts';
import type { MigrationOptions } from './migration-options.ts';
import { listOptions } from './stages.ts';

/** Saves a record of the listing. */
type Update = (now: FileRecord, before: FileRecord | undefined) => void;

/** Updates the list manifest. Throws RunError, or FileError, if Drive refuses. */
export async function relist(options: MigrationOptions, update: Update): Promise<void> {
  const unlisted: FileRecord[] = [];
  const parents = new Map<string, DriveRef>();
  /** Unfinished files, by the id that their folder lists. */
  const idOf = new Map<string, string>();
  for (const record of options.manifests.list!.records()) {
    if (isWithdrawn(record) || !options.selection.takes(record)) continue;
    if (isUnlisted(record)) unlisted.push(record);
    else if (record.parent && mayHaveChanged(record, options.manifests)) {
      parents.set(record.parent.id, record.parent);
      idOf.set(record.id, record.id);
      if (record.shortcutId) idOf.set(String(record.shortcutId), record.id);
    }
  }
  if (parents.size > 0) await updateChangedFiles(options, update, [...parents.values()], idOf);
  if (unlisted.length > 0) await listUnlisted(options, update, unlisted);
}

/** Whether a new name or new bytes in Drive may help the file. What a person has written into a line has precedence. */
function mayHaveChanged(listed: FileRecord, manifests: Manifests): boolean {
  if (listed.removed || !isUnfinished(furthestRecord(manifests, listed.id)!)) return false;
  const records = Object.values(manifests).flatMap(manifest => manifest.last(listed.id) ?? []);
  return !records.some(isAnswered);
}

function isUnfinished({ status, url }: FileRecord): boolean {
  if (status === 'needs_review' || status === 'orphan') return true;
  return (status === 'pending' || status === 'failed' || status === 'downloaded') && !url;
}

function isAnswered(record: FileRecord): boolean {
  const hasIdsByHand = Boolean(record.sequentialIds?.length) && !record.pattern;
  return hasIdsByHand || reopened(record) !== record;
}

async function updateChangedFiles(
  { manifests, services, shutdown }: MigrationOptions,
  update: Update,
  folders: DriveRef[],
  idOf: ReadonlyMap<string, string>,
): Promise<void> {
  const drive = await services.drive();
  const look = async (group: DriveRef[]): Promise<void> => {
    if (shutdown.drainSignal.aborted) return;
    try {
      for await (const page of drive.children(group)) {
        for (const item of page) {
          const before = manifests.list!.last(idOf.get(item.id) ?? '');
          const now = before && asNow(before, item);
          if (!now || now === before) continue;
          update({ ...now, status: 'pending' }, before);
        }
      }
    } catch (error) {
      // Files of a folder that cannot be read any more keep their known names.
      if (!(error instanceof FileError) || error.retryable) throw error;
      if (group.length > 1) for (const folder of group) await look([folder]);
    }
  };
  for (let start = 0; start < folders.length; start += FOLDERS_PER_QUERY)
    await look(folders.slice(start, start + FOLDERS_PER_QUERY));
}

async function listUnlisted(
  options: MigrationOptions,
  update: Update,
  unlisted: FileRecord[],
): Promise<void> {
  const stillUnlisted = new Set<string>();
  const drive = await options.services.drive();
  const whileListing = { ...listOptions(options), shutdown: undefined };
  for await (const found of listAgain(drive, options.root, unlisted, whileListing)) {
    if (options.shutdown.drainSignal.aborted) return;
    if (isUnlisted(found)) stillUnlisted.add(found.id);
    const before = options.manifests.list!.last(found.id);
    // A file that was found elsewhere, or through a shortcut, keeps that place.
    if (before && !before.removed && !isUnlisted(before)) continue;
    update(found, before);
  }
  for (const record of unlisted) {
    if (!stillUnlisted.has(record.id)) update({ ...record, removed: true }, record);
  }
}
