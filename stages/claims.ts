/**
 * Who has an S3 key, and who has the same content: of two files that would take one key only the first gets it, and of
 * byte-identical files with the same sequential ids only one is migrated.
 */
import { HashIndex, hashOf } from './compact/hash-index.ts';
import { TextStore } from './compact/text-store.ts';
import { type FileRecord, nameOf, stopped } from './record.ts';

interface Claim {
  id: string;
  name: string;
  path: string;
  key: string;
  content: string | null;
}

/** Claims are kept as text, out of the heap: a folder may have a million files, and each has one. */
export class Claims {
  readonly #claims = new TextStore();
  readonly #byKey = new HashIndex();
  readonly #byContent = new HashIndex();
  readonly #byFile = new HashIndex();

  /** Takes a record's key and content for it, whoever has them; for records that earlier runs let through. */
  hold(record: FileRecord): void {
    if (!record.key) return;
    const { id, key } = record;
    const content = contentOf(record);
    const text = textOf(record, content);
    this.giveUp(record);
    const own = this.#of(id);
    const number = own >= 0 && this.#claims.get(own) === text ? own : this.#claims.add(text);
    this.#put(this.#byFile, number, id, claim => claim.id);
    this.#put(this.#byKey, number, key, claim => claim.key);
    if (content) this.#put(this.#byContent, number, content, claim => claim.content);
  }

  /** Frees what the file has had and, as the record is now, has no more. */
  giveUp(record: FileRecord): void {
    const number = this.#of(record.id);
    if (number < 0 || this.#claims.get(number) === textOf(record, contentOf(record))) return;
    const claim = this.#claim(number);
    if (claim.key !== record.key) this.#byKey.remove(number);
    if (!record.key || claim.content !== contentOf(record)) this.#byContent.remove(number);
    if (!record.key) this.#byFile.remove(number);
  }

  /** Takes key and content for the record and gives it back, or stops it if another file has them. */
  take(record: FileRecord & { key: string }): FileRecord {
    const content = contentOf(record);
    // As nearly all of a run that goes on: what it has already is all it wants.
    if (this.#holds(record, content)) return record;
    const twin = content === null ? -1 : this.#find(this.#byContent, content, claim => claim.content);
    if (twin >= 0 && this.#claim(twin).id !== record.id) return duplicateOf(record, this.#claim(twin));
    const holder = this.#find(this.#byKey, record.key, claim => claim.key);
    if (holder >= 0 && this.#claim(holder).id !== record.id) return collidesWith(record, this.#claim(holder));
    this.hold(record);
    return record;
  }

  #holds(record: FileRecord, content: string | null): boolean {
    const own = this.#of(record.id);
    return (
      own >= 0 &&
      this.#byKey.has(own) &&
      (content === null || this.#byContent.has(own)) &&
      this.#claims.get(own) === textOf(record, content)
    );
  }

  /** Number of a file's claim; -1 if it has none. */
  #of(id: string): number {
    const head = headOf(id);
    return this.#byFile.find(hashOf(id), number => this.#claims.get(number).startsWith(head));
  }

  /** Number of the claim for which `by` gives the text; -1 if there is none. */
  #find(index: HashIndex, text: string, by: (claim: Claim) => string | null): number {
    return index.find(hashOf(text), number => by(this.#claim(number)) === text);
  }

  /** Puts the claim in the place of the one that has stood for this text. */
  #put(index: HashIndex, number: number, text: string, by: (claim: Claim) => string | null): void {
    const before = this.#find(index, text, by);
    if (before === number) return;
    index.remove(before);
    index.add(hashOf(text), number);
  }

  #claim(number: number): Claim {
    const [id, name, path, key, content] = JSON.parse(this.#claims.get(number));
    return { id, name, path, key, content };
  }
}

/** How a claim is kept; the file's id comes first, so that it is known without reading the rest. */
function textOf({ id, name, path = '', key }: FileRecord, content: string | null): string {
  return JSON.stringify([id, name, path, key, content]);
}

function headOf(id: string): string {
  return `[${JSON.stringify(id)},`;
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
  return `${record.md5} ${record.prefix ?? ''}${record.sequentialIds.join(',')}`;
}

/** Where the object of a file goes that shows these observations. */
export function keyOf({ observations, name }: Pick<FileRecord, 'observations' | 'name'>): string {
  return `media/${observations![0]!.id}/${name}`;
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

function placeOf(claim: Pick<FileRecord, 'id' | 'name' | 'path'>): string {
  return claim.path ? `${claim.path}/${nameOf(claim)}` : nameOf(claim);
}
