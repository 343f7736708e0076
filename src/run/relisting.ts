/**
 * What a listed run asks Drive before it continues: whether unfinished files were renamed or replaced, and whether folders and
 * shortcuts that could not be read can be read now. Only folders with such files are listed; a finished run asks nothing.
 */

import { asNow } from '../../stages/drive-item.ts';
import { FileError } from '../../stages/errors.ts';
import { listAgain } from '../../stages/list.ts';
import { type DriveRef, type FileRecord, isUnread, isWithdrawn, reopened } from '../../stages/record.ts';
import { FOLDERS_PER_QUERY } from '../../stages/walk.ts';
import type { Checkpoint } from './manifest/checkpoint.ts';
import type { Manifest } from './manifest/merged-manifest.ts';
import { listOptions, type StageContext } from './stages.ts';

export interface Relisting {
  manifest: Manifest;
  checkpoint: Checkpoint;
  /** What each stage has made of a file, the last stage first; stages that never saw it are left out. */
  laterRecords: (id: string) => Iterable<FileRecord>;
  /** Called for each new or changed record of the list manifest. */
  onChange: (record: FileRecord, before: FileRecord | undefined) => void;
}

/** Updates the list manifest. Throws RunError, or FileError, if Drive refuses. */
export async function relist(context: StageContext, relisting: Relisting): Promise<void> {
  const { manifest, laterRecords } = relisting;
  const takes = (record: FileRecord) => context.selection?.takes(record) ?? true;
  const unread: FileRecord[] = [];
  const parents = new Map<string, DriveRef>();
  const open = new Set<string>();
  const targetOf = new Map<string, string>();
  for (const record of manifest.records()) {
    if (isWithdrawn(record) || !takes(record)) continue;
    if (isUnread(record)) unread.push(record);
    else if (record.parent && isOpen(record, laterRecords(record.id))) {
      parents.set(record.parent.id, record.parent);
      open.add(record.id);
      if (record.shortcutId) targetOf.set(String(record.shortcutId), record.id);
    }
  }
  if (parents.size > 0) await lookAtNames(context, relisting, [...parents.values()], open, targetOf);
  if (unread.length > 0) await readNow(context, relisting, unread);
}

/** Whether a new name or new bytes in Drive may help the file. What a person has written into a line has precedence. */
function isOpen(listed: FileRecord, later: Iterable<FileRecord>): boolean {
  if (listed.removed) return false;
  let furthest: FileRecord | undefined;
  for (const record of later) {
    furthest ??= record;
    if (!isUnfinished(furthest) || isAnswered(record)) return false;
  }
  return isUnfinished(furthest ?? listed) && !isAnswered(listed);
}

function isUnfinished({ status, url }: FileRecord): boolean {
  if (status === 'needs_review' || status === 'orphan') return true;
  return (status === 'pending' || status === 'failed' || status === 'downloaded') && !url;
}

function isAnswered(record: FileRecord): boolean {
  const hasIdsByHand = Boolean(record.sequentialIds?.length) && !record.pattern;
  return hasIdsByHand || reopened(record) !== record;
}

async function lookAtNames(
  context: StageContext,
  { manifest, checkpoint, onChange }: Relisting,
  folders: DriveRef[],
  open: ReadonlySet<string>,
  targetOf: ReadonlyMap<string, string>,
): Promise<void> {
  const drive = await context.services.drive();
  const look = async (group: DriveRef[]): Promise<void> => {
    if (context.shutdown.drainSignal.aborted) return;
    try {
      for await (const page of drive.children(group)) {
        for (const item of page) {
          const id = targetOf.get(item.id) ?? item.id;
          const before = open.has(id) ? manifest.last(id) : undefined;
          if (!before) continue;
          const now = asNow(before, item);
          if (now === before) continue;
          onChange(await checkpoint.save(checkpoint.restore({ ...now, status: 'pending' })), before);
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

async function readNow(
  context: StageContext,
  { manifest, checkpoint, onChange }: Relisting,
  unread: FileRecord[],
): Promise<void> {
  const stillUnread = new Set<string>();
  const drive = await context.services.drive();
  const options = { ...listOptions(context), shutdown: undefined };
  for await (const found of listAgain(drive, context.root!, unread, options)) {
    if (context.shutdown.drainSignal.aborted) return;
    if (isUnread(found)) stillUnread.add(found.id);
    const before = manifest.last(found.id);
    // A file that was found elsewhere, or through a shortcut, keeps that place.
    if (before && !before.removed && !isUnread(before)) continue;
    const record = await checkpoint.save(checkpoint.restore(found));
    if (!before || record.removed !== before.removed) onChange(record, before);
  }
  for (const record of unread) {
    if (!stillUnread.has(record.id)) await checkpoint.save({ ...record, removed: true });
  }
}
