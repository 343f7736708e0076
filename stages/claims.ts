/**
 * Who has an S3 key, and who has the same content: of two files that would take one key only the first gets it, and of
 * byte-identical files with the same sequential ids only one is migrated.
 */
import { type FileRecord, nameOf, stopped } from './record.ts';

interface Claim {
  id: string;
  name: string;
  path: string;
  key: string;
  content: string | null;
}

export class Claims {
  readonly #byKey = new Map<string, Claim>();
  readonly #byContent = new Map<string, Claim>();
  readonly #byFile = new Map<string, Claim>();

  /** Takes a record's key and content for it, whoever has them; for records that earlier runs let through. */
  hold(record: FileRecord): void {
    if (!record.key) return;
    const claim = { ...claimOf(record), key: record.key };
    this.giveUp(record);
    this.#byFile.set(record.id, claim);
    this.#byKey.set(claim.key, claim);
    if (claim.content) this.#byContent.set(claim.content, claim);
  }

  /** Frees what the file has had and, as the record is now, has no more. */
  giveUp(record: FileRecord): void {
    const claim = this.#byFile.get(record.id);
    if (!claim) return;
    if (claim.key !== record.key && this.#byKey.get(claim.key) === claim) this.#byKey.delete(claim.key);
    const content = record.key ? contentOf(record) : null;
    if (claim.content && claim.content !== content && this.#byContent.get(claim.content) === claim)
      this.#byContent.delete(claim.content);
    if (!record.key) this.#byFile.delete(record.id);
  }

  /** Takes key and content for the record and gives it back, or stops it if another file has them. */
  take(record: FileRecord & { key: string }): FileRecord {
    const content = contentOf(record);
    const twin = content === null ? undefined : this.#byContent.get(content);
    if (twin && twin.id !== record.id) return duplicateOf(record, twin);
    const holder = this.#byKey.get(record.key);
    if (holder && holder.id !== record.id) return collidesWith(record, holder);
    this.hold(record);
    return record;
  }
}

/**
 * Sorts the cleaner name first: of `6602.jpg` and `6602 (1).jpg` the shorter one is the original. Path and id make the
 * order complete.
 */
export function byCleanness(a: FileRecord, b: FileRecord): number {
  return (
    a.name.length - b.name.length ||
    compare(a.name, b.name) ||
    compare(a.path ?? '', b.path ?? '') ||
    compare(a.id, b.id)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function claimOf(record: FileRecord): Omit<Claim, 'key'> {
  const { id, name, path = '' } = record;
  return { id, name, path, content: contentOf(record) };
}

function contentOf(record: FileRecord): string | null {
  if (!record.md5 || !record.sequentialIds?.length) return null;
  return `${record.md5} ${record.prefix ?? ''}${record.sequentialIds.join(',')}`;
}

/** Its observations stay: a later run need not look them up to ask whether the survivor is still there. */
function duplicateOf(record: FileRecord, survivor: Claim): FileRecord {
  const { key: _key, ...rest } = record;
  return stopped(rest, 'duplicate', {
    stage: 'resolve',
    code: 'duplicate',
    message: `${nameOf(record)}: the same bytes and the same observations as ${placeOf(survivor)}, which is migrated in its stead.`,
    retryable: false,
    survivor: survivor.id,
  });
}

function collidesWith(record: FileRecord & { key: string }, first: Claim): FileRecord {
  // Without observations too: that a record has them while it waits for a person means that the person wrote them.
  const { observations: _observations, missing: _missing, key: _key, ...rest } = record;
  return stopped(rest, 'needs_review', {
    stage: 'resolve',
    code: 'key_collision',
    message: `${nameOf(record)}: ${placeOf(first)} has other bytes and the same place in S3 (${record.key}). Rename one of the two in Drive.`,
    retryable: false,
    first: first.id,
  });
}

function placeOf(claim: Claim): string {
  return claim.path ? `${claim.path}/${nameOf(claim)}` : nameOf(claim);
}
