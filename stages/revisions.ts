/**
 * Files whose bytes differ from what Drive listed. Drive is asked again: a file that was replaced since is transferred as it is
 * now. If Drive repeats what it said, a person has to decide, and may accept the bytes as they are.
 */
import { Readable } from 'node:stream';
import type { DriveItem } from './drive-item.ts';
import type { Shutdown } from './flow/shutdown.ts';
import { type DriveRef, type FileRecord, needsReview } from './record.ts';
import type { Stage } from './stage.ts';

const MISMATCHES = new Set(['md5_mismatch', 'too_few_bytes', 'too_many_bytes']);

interface RevisionOptions {
  /** What Drive says about the file now; null if it no longer exists. */
  item: (ref: DriveRef) => Promise<DriveItem | null>;
  /** Called for a file that was replaced since the listing, with its new size and md5. */
  onReplaced?: (record: FileRecord) => Promise<void> | void;
  shutdown?: Shutdown;
}

export function withRevisions(transfer: Stage, options: RevisionOptions): Stage {
  return async function* (records) {
    const listed = new Map<string, Pick<FileRecord, 'size' | 'md5'>>();
    const replaced: FileRecord[] = [];
    for await (const record of transfer(asDownloaded(records, listed))) {
      const now = await lookedAt(restored(record, listed), options);
      if (now.status === 'pending') replaced.push(now);
      else yield now;
    }
    for await (const record of transfer(Readable.from(replaced))) yield record;
  };
}

/** Accepted files are transferred without size and md5, so that nothing is compared. */
async function* asDownloaded(
  records: AsyncIterable<FileRecord>,
  listed: Map<string, Pick<FileRecord, 'size' | 'md5'>>,
): AsyncGenerator<FileRecord> {
  for await (const record of records) {
    if (record.accepted !== 'as-downloaded' || record.url) {
      yield record;
      continue;
    }
    const { size, md5 } = record;
    listed.set(record.id, { size, md5 });
    yield { ...record, size: null, md5: null };
  }
}

function restored(record: FileRecord, listed: Map<string, Pick<FileRecord, 'size' | 'md5'>>): FileRecord {
  const before = listed.get(record.id);
  if (!before) return record;
  return { ...record, ...before, ...(record.url && { verified: 'downloaded' as const }) };
}

/** The record with what Drive says now; pending if the file was replaced. */
async function lookedAt(
  record: FileRecord,
  { item, onReplaced, shutdown }: RevisionOptions,
): Promise<FileRecord> {
  if (
    !MISMATCHES.has(record.error?.code ?? '') ||
    record.error?.stage !== 'transfer' ||
    shutdown?.drainSignal.aborted
  )
    return record;
  // If Drive gives no clear answer, the next run asks again.
  const now = await item(record).catch(() => null);
  if (!now) return record;
  const { size, md5, modifiedTime } = now;
  if (size === record.size && md5 === record.md5) return contradicted(record);
  const { error: _, ...rest } = record;
  const replaced: FileRecord = { ...rest, size, md5, modifiedTime, status: 'pending' };
  await onReplaced?.(replaced);
  return replaced;
}

function contradicted(record: FileRecord): FileRecord {
  const problem = `the bytes that Drive sends differ from the size or md5 that it lists, also after it was asked again (${record.error?.code}). Nothing was stored. Upload the file to Drive again, or accept the bytes as they come with "migrator review --accept as-downloaded".`;
  return needsReview(record, 'transfer', 'bytes_contradict', problem);
}
