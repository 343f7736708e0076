/** Commands that look at a whole run and may set records of it back: `verify --repair` and `undo`. */
import type { FileRecord } from '../../stages/record.ts';
import type { Manifests } from './manifest/merged-manifest.ts';
import { closeManifests, openManifests } from './manifest/open-manifests.ts';
import type { Run } from './manifest/run.ts';
import { runsOf } from './which-run.ts';

/** What another run knows of an object that this one has stored. */
export interface Use {
  /** How messages name the other run's folder. */
  folder: string;
  mediaIds: ReadonlySet<string>;
}

export async function recordsOfRun(run: Run, warn: (message: string) => void): Promise<FileRecord[]> {
  const records: FileRecord[] = [];
  for await (const record of run.latest(warn)) records.push(record);
  return records;
}

/** What other runs of the home know of the objects under the keys: by key, one of these runs. */
export async function usesInOtherRuns(
  home: string,
  run: Run,
  keys: ReadonlySet<string>,
): Promise<Map<string, Use>> {
  const uses = new Map<string, Use>();
  for (const other of runsOf(home)) {
    if (other.folderId === run.folderId) continue;
    // Damaged lines of another run do not matter here.
    for await (const { key, url, media = [] } of other.latest(() => {})) {
      if (!key || !url || !keys.has(key)) continue;
      const mediaIds = new Set([...media.map(({ id }) => id), ...(uses.get(key)?.mediaIds ?? [])]);
      uses.set(key, { folder: other.label, mediaIds });
    }
  }
  return uses;
}

export type Rewriter = Awaited<ReturnType<typeof rewriterOf>>;

/**
 * Opens the manifests of transfer and link for writing. Needs the run's lock. A record is on disk for transfer before it is
 * written for link: the other way round, a crash would leave a file that transfer takes for stored.
 */
export async function rewriterOf(run: Run, warn: (message: string) => void) {
  const manifests = await openManifests(run, { write: ['transfer', 'link'], warn });
  const { transfer, link } = manifests as Required<Manifests>;
  /** Resolves when the records are on disk. */
  const writeTransfers = async (records: readonly FileRecord[]) => {
    for (const record of records) transfer.append(record);
    await transfer.flush();
  };
  const writeLink = (record: FileRecord) => link.append(record);
  return { writeTransfers, writeLink, close: () => closeManifests(manifests) };
}

/** Writes these records, which are to be worked on again. Needs the run's lock. */
export async function rewrite(
  run: Run,
  records: readonly FileRecord[],
  warn: (message: string) => void,
): Promise<void> {
  const rewriter = await rewriterOf(run, warn);
  try {
    await rewriter.writeTransfers(records);
    for (const record of records) rewriter.writeLink(record);
  } finally {
    await rewriter.close();
  }
}
