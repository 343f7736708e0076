/**
 * Which file owns an S3 key, and which files have the same content. If two files need the same key, the first one gets it;
 * of byte-identical files with the same sequential ids only one is migrated.
 */
import { type FileRecord, nameOf, needsReview, stopped, withoutObservations } from './record.ts';

interface Claim {
  id: string;
  name: string;
  path: string | undefined;
  key: string;
  content: string | null;
}

/** Holds a million files, so strings are built with `join`: V8 would keep the pieces of a template string in memory too. */
export class Claims {
  readonly #byKey = new Map<string, Claim>();
  readonly #byContent = new Map<string, Claim>();
  readonly #byFile = new Map<string, Claim>();

  /** Registers key and content for a record of an earlier run, even if another file has them. */
  hold(record: FileRecord): void {
    const { id, name, path, key } = record;
    if (!key) return;
    this.releaseStale(record);
    const claim = { id, name, path, key, content: contentOf(record) };
    this.#byFile.set(id, claim);
    this.#byKey.set(key, claim);
    if (claim.content) this.#byContent.set(claim.content, claim);
  }

  /** Releases what was registered for the file and no longer matches its record. */
  releaseStale(record: FileRecord): void {
    const claim = this.#byFile.get(record.id);
    if (!claim) return;
    const { key, content } = claim;
    if (key !== record.key && this.#byKey.get(key) === claim) this.#byKey.delete(key);
    const hasContent = record.key && content === contentOf(record);
    if (content && !hasContent && this.#byContent.get(content) === claim) this.#byContent.delete(content);
    if (!record.key) this.#byFile.delete(record.id);
  }

  /** Registers key and content and returns the record; returns it stopped if another file has one of them. */
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
 * Sorts the cleaner name first: of `6602.jpg` and `6602 (1).jpg` the shorter one is the original. Path and id break ties.
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

/** The S3 key for a file of these observations. */
export function keyOf({ observations, name }: Pick<FileRecord, 'observations' | 'name'>): string {
  return ['media', observations![0]!.id, name].join('/');
}

/** Keeps the observations, so that a later run does not have to look them up again. */
export function duplicateOf(
  record: FileRecord,
  survivor: Pick<FileRecord, 'id' | 'name' | 'path'>,
): FileRecord {
  const { key: _key, ...rest } = record;
  return stopped(rest, 'duplicate', {
    stage: 'resolve',
    code: 'duplicate',
    message: `${nameOf(record)}: identical copy of ${pathAndName(survivor)}; only one copy is migrated.`,
    retryable: false,
    survivor: survivor.id,
  });
}

function collidesWith(record: FileRecord & { key: string }, first: Claim): FileRecord {
  // Observations are removed too: in a record that waits for a person, they mean that the person filled them in.
  const { key: _key, ...rest } = withoutObservations(record);
  const problem = `${pathAndName(first)} has other bytes and the same place in S3 (${record.key}). Rename one of the two in Drive.`;
  return needsReview(rest, 'resolve', 'key_collision', problem, { first: first.id });
}

function pathAndName(file: Pick<FileRecord, 'id' | 'name' | 'path'>): string {
  return file.path ? `${file.path}/${nameOf(file)}` : nameOf(file);
}
