/**
 * Who has an S3 key, and who has the same content: of two files that would take one key only the first gets it, and of
 * byte-identical files with the same sequential ids only one is migrated.
 */
import { type FileRecord, nameOf, stopped } from './record.ts';

interface Claim {
  id: string;
  name: string;
  path: string | undefined;
  key: string;
  content: string | null;
}

/** Memory for a million files: texts are made by `join`, since a template string would keep its pieces too. */
export class Claims {
  readonly #byKey = new Map<string, Claim>();
  readonly #byContent = new Map<string, Claim>();
  readonly #byFile = new Map<string, Claim>();

  /** Gives the record its key and content, also if another file has them: for records that earlier runs let through. */
  hold(record: FileRecord): void {
    const { id, name, path, key } = record;
    if (!key) return;
    this.giveUp(record);
    const claim = { id, name, path, key, content: contentOf(record) };
    this.#byFile.set(id, claim);
    this.#byKey.set(key, claim);
    if (claim.content) this.#byContent.set(claim.content, claim);
  }

  /** Frees what the file has had and, as the record is now, has no more. */
  giveUp(record: FileRecord): void {
    const claim = this.#byFile.get(record.id);
    if (!claim) return;
    const { key, content } = claim;
    if (key !== record.key && this.#byKey.get(key) === claim) this.#byKey.delete(key);
    const hasContent = record.key && content === contentOf(record);
    if (content && !hasContent && this.#byContent.get(content) === claim) this.#byContent.delete(content);
    if (!record.key) this.#byFile.delete(record.id);
  }

  /** Takes key and content for the record and gives it back, or stops it if another file has them. */
  take(record: FileRecord & { key: string }): FileRecord {
    const twin = this.#byContent.get(contentOf(record) ?? '');
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

function contentOf(record: FileRecord): string | null {
  if (!record.md5 || !record.sequentialIds?.length) return null;
  return [record.md5, record.prefix ?? '', record.sequentialIds.join()].join(' ');
}

/** Where the object of a file goes that shows these observations. */
export function keyOf({ observations, name }: Pick<FileRecord, 'observations' | 'name'>): string {
  return ['media', observations![0]!.id, name].join('/');
}

/** Its observations stay: a later run need not look them up to ask whether the survivor is still there. */
export function duplicateOf(
  record: FileRecord,
  survivor: Pick<FileRecord, 'id' | 'name' | 'path'>,
): FileRecord {
  const { key: _key, ...rest } = record;
  return stopped(rest, 'duplicate', {
    stage: 'resolve',
    code: 'duplicate',
    message: `${nameOf(record)}: identical copy of ${placeOf(survivor)}; only one copy is migrated.`,
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

function placeOf(file: Pick<FileRecord, 'id' | 'name' | 'path'>): string {
  return file.path ? `${file.path}/${nameOf(file)}` : nameOf(file);
}
