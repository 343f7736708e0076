/** What the transfer manifest tells earlier stages: which files have an object in S3, and which cannot get one. */
import { hasNoObject } from '../../../stages/duplicates.ts';
import type { FileRecord } from '../../../stages/record.ts';
import type { Manifest } from './merged-manifest.ts';

/** The record of a file that has an object in S3, or one that is to be replaced; null for all others. */
export function storedRecord(transferred: Manifest | null | undefined, id: string): FileRecord | null {
  const record = transferred?.last(id);
  return record?.url || record?.replaces ? record : null;
}

/**
 * The records that have an S3 key. A file that cannot be transferred leaves its key to its copies; a copy that was
 * transferred instead has the key of its object.
 */
export function* claimsIn(
  resolved: Manifest | null,
  transferred: Manifest | null | undefined,
): Generator<FileRecord> {
  for (const record of resolved?.records() ?? []) {
    const later = transferred?.last(record.id);
    const key = later?.url ? later.key : later && hasNoObject(later) ? undefined : record.key;
    if (key) yield { ...record, key };
  }
}
