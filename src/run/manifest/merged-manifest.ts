/** The manifests that several shards have written for one stage, read as one. */
import type { FileRecord } from '../../../stages/record.ts';
import type { ManifestFile } from './manifest-file.ts';

/** One file, or several that are read as one. */
export type Manifest = Pick<ManifestFile, keyof ManifestFile>;

/** The record of the first manifest that has one. */
export function lastIn(manifests: readonly (Manifest | undefined)[], id: string): FileRecord | undefined {
  for (const manifest of manifests) {
    const record = manifest?.last(id);
    if (record) return record;
  }
  return undefined;
}

interface MergedFiles {
  /** The stage's manifest without a shard in its name. */
  main: ManifestFile | null;
  /** Those of shards, the one written last first; with `own`, if there is one. */
  shards: ManifestFile[];
  /** Takes what is appended. */
  own: ManifestFile | null;
}

/**
 * Which line is valid for an id: one that this process has appended, else the one of the shards that has come furthest
 * (of equal ones that of the file written last), else the main manifest's. A shard's line is always newer than the main
 * manifest's, because all lines of shards are moved into the main manifest before it is written.
 */
export class MergedManifest implements Manifest {
  readonly path: string;
  readonly #files: MergedFiles;
  readonly #appended = new Set<string>();

  constructor(path: string, files: MergedFiles) {
    this.path = path;
    this.#files = files;
  }

  get #all(): ManifestFile[] {
    const { main, shards } = this.#files;
    return main ? [main, ...shards] : shards;
  }

  get isOpen(): boolean {
    return this.#all.every(({ isOpen }) => isOpen);
  }

  has(id: string): boolean {
    return this.#all.some(file => file.has(id));
  }

  last(id: string): FileRecord | undefined {
    const { main, shards, own } = this.#files;
    if (this.#appended.has(id)) return own?.last(id);
    const records = shards.flatMap(file => file.last(id) ?? []);
    // The sort is stable: of equals the first stays first.
    return records.sort((a, b) => rank(b) - rank(a))[0] ?? main?.last(id);
  }

  *records(): Generator<FileRecord> {
    const before: ManifestFile[] = [];
    for (const file of this.#all) {
      const others = this.#all.filter(other => other !== file);
      for (const record of file.records()) {
        if (before.some(earlier => earlier.has(record.id))) continue;
        yield others.some(other => other.has(record.id)) ? this.last(record.id)! : record;
      }
      before.push(file);
    }
  }

  append(record: FileRecord): void {
    this.#appended.add(record.id);
    this.#files.own!.append(record);
  }

  async flush(): Promise<void> {
    await this.#files.own?.flush();
  }

  async close(): Promise<void> {
    for (const file of this.#all) await file.close();
  }
}

function rank({ status, url, media = [] }: FileRecord): number {
  if (status === 'completed') return Number.MAX_SAFE_INTEGER;
  return (url ? 1 : 0) + media.length;
}
