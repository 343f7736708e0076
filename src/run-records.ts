/** Commands that look at a whole run and may set records of it back: `verify --repair` and `undo`. */
import type { FileRecord } from '../stages/record.ts';
import type { ManifestFile } from './manifest/manifest-file.ts';
import type { Run } from './manifest/run.ts';

/** Every record of the run, as far as it has come. */
export async function recordsOf(run: Run, warn: (message: string) => void): Promise<FileRecord[]> {
  const records: FileRecord[] = [];
  for await (const record of run.latest(warn)) records.push(record);
  return records;
}

export interface Rewriter {
  /** The record as it is to be from now on, for the stages that move and link. */
  write(record: FileRecord): Promise<void>;
  /** Resolves when every record is on disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the manifests that say what has been stored and linked. The caller holds the run's lock. */
export async function rewriterOf(run: Run, warn: (message: string) => void): Promise<Rewriter> {
  const manifests: ManifestFile[] = [];
  for (const stage of ['transfer', 'link'] as const) {
    if (run.has(stage)) manifests.push(await run.open(stage, { write: true, warn }));
  }
  return {
    write: async record => {
      for (const manifest of manifests) await manifest.append(record);
    },
    flush: async () => {
      for (const manifest of manifests) await manifest.flush();
    },
    close: async () => {
      for (const manifest of manifests) await manifest.close();
    },
  };
}
