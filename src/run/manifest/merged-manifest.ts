/** The manifests that several shards have written for one stage, read as one. */
import { type FileRecord, STAGES, type StageName } from '../../../stages/record.ts';
import type { ManifestFile } from './manifest-file.ts';

/** One file, or several that are read as one. */
export type Manifest = Pick<ManifestFile, keyof ManifestFile>;

export type Manifests = Partial<Record<StageName, Manifest>>;

/** The file's record in the last manifest that has one. */
export function furthestRecord(manifests: Manifests, id: string): FileRecord | undefined {
  for (const stage of STAGES.toReversed()) {
    const record = manifests[stage]?.last(id);
    if (record) return record;
  }
  return undefined;
}

/** The record that has come furthest, of those that several shards have written about a file in one stage; of equal ones the first. */
function furthestOf(records: FileRecord[]): FileRecord | undefined {
  const steps = ({ status, url, media = [] }: FileRecord) =>
    status === 'completed' ? Number.MAX_SAFE_INTEGER : Number(Boolean(url)) + media.length;
  // The sort is stable.
  return records.sort((a, b) => steps(b) - steps(a))[0];
}

/**
 * Which line is valid for an id: one that this process has appended, else the one of the shards that has come furthest
 * (of equal ones that of the file written last), else the main manifest's. A shard's line is always newer than the main
 * manifest's, because all lines of shards are moved into the main manifest before it is written.
 */
export class MergedManifest implements Manifest {
  readonly path: string;
  readonly #main: ManifestFile | null;
  readonly #shards: readonly ManifestFile[];
  readonly #own: ManifestFile | null;
  readonly #appended = new Set<string>();

  /** `shards`: the one written last first; with `own`, which takes what is appended, if there is one. */
  constructor(
    path: string,
    main: ManifestFile | null,
    shards: readonly ManifestFile[],
    own: ManifestFile | null,
  ) {
    this.path = path;
    this.#main = main;
    this.#shards = shards;
    this.#own = own;
  }

  get #all(): readonly ManifestFile[] {
    return this.#main ? [this.#main, ...this.#shards] : this.#shards;
  }

  get isOpen(): boolean {
    return this.#all.every(({ isOpen }) => isOpen);
  }

  has(id: string): boolean {
    return this.#all.some(file => file.has(id));
  }

  last(id: string): FileRecord | undefined {
    if (this.#appended.has(id)) return this.#own?.last(id);
    return furthestOf(this.#shards.flatMap(file => file.last(id) ?? [])) ?? this.#main?.last(id);
  }

  *records(): Generator<FileRecord> {
    for (const [index, file] of this.#all.entries()) {
      const [before, after] = [this.#all.slice(0, index), this.#all.slice(index + 1)];
      for (const record of file.records()) {
        if (before.some(other => other.has(record.id))) continue;
        yield after.some(other => other.has(record.id)) ? this.last(record.id)! : record;
      }
    }
  }

  append(record: FileRecord): void {
    this.#appended.add(record.id);
    this.#own!.append(record);
  }

  async flush(): Promise<void> {
    await this.#own?.flush();
  }

  async close(): Promise<void> {
    for (const file of this.#all) await file.close();
  }
}
