/** One run of the pipeline over a folder: all five stages (`migrate`, `resume`), or the three that write nothing (`scan`). */
import { Readable, Writable } from 'node:stream';
import { type FileRecord, nameOf, STAGES, type StageName, stopped } from '../stages/record.ts';
import type { ManifestFile } from './manifest/manifest-file.ts';
import { memoryOf } from './manifest/memory.ts';
import type { Run } from './manifest/run.ts';
import { joined, lister, remembering, run as runChain, STAGE_MAKERS, type StageContext } from './pipeline.ts';
import { Tally } from './progress/tally.ts';
import type { Takeover } from './takeover.ts';

export interface MigrationOptions extends StageContext {
  run: Run;
  /** The stages to run, from list on. */
  until: 'resolve' | 'link';
  retryOrphans: boolean;
  /** List the folder anew, also if that was done to its end before. */
  rescan: boolean;
  /** What another tool has done for this folder; null if none has. */
  takeover: Takeover | null;
  warn: (message: string) => void;
  /** Told about each record when it has been listed, resolved, and has come out of the last stage. */
  onListed?: (record: FileRecord) => void;
  onPlanned?: (record: FileRecord) => void;
  onFinished?: (record: FileRecord) => void;
  /** Told when every file has been listed. */
  onAllListed?: () => void;
}

/** What a new listing has found, compared with the last one. */
export interface Changes {
  added: number;
  renamed: number;
  replaced: number;
  removed: number;
}

export interface Migrated {
  tally: Tally;
  /** Null if the folder was not listed anew. */
  changes: Changes | null;
}

/**
 * Runs the stages over the folder and gives the count of what came out. The caller holds the run's lock. A halt ends
 * it early without an error here; errors of the disk and of programming are thrown.
 */
export async function runMigration(options: MigrationOptions): Promise<Migrated> {
  const { run, until, retryOrphans, warn } = options;
  const manifests = await openManifests(run, until, warn);
  const tally = new Tally();
  try {
    const context: StageContext = { ...options, claimed: claimed(manifests.resolve) };
    const stage = async (name: keyof typeof STAGE_MAKERS) =>
      remembering(await STAGE_MAKERS[name](context), manifests[name]!, {
        stage: name,
        retryOrphans,
        standing: id => standingIn(manifests.transfer, id),
      });
    const told = (tell?: (record: FileRecord) => void) => (record: FileRecord) => {
      tell?.(record);
      return record;
    };

    const changes: Changes = { added: 0, renamed: 0, replaced: 0, removed: 0 };
    const isNew = options.rescan && run.isListed;
    const list = Readable.from(await listing(options, manifests, changes));
    const stages = joined([
      options.takeover?.apply,
      ...(await stage('parse')),
      ...(await stage('resolve')),
      told(options.onPlanned),
      ...(until === 'link' ? await stage('transfer') : []),
      ...(until === 'link' ? await stage('link') : []),
      told(options.onFinished),
    ]);
    const counter = new Writable({
      objectMode: true,
      write: (record: FileRecord, _encoding, done) => {
        tally.add(record);
        done();
      },
    });
    await runChain(list, stages, counter, options.halt);
    return { tally, changes: isNew ? changes : null };
  } finally {
    for (const manifest of Object.values(manifests)) await manifest.close();
  }
}

type Manifests = { list: ManifestFile; resolve: ManifestFile } & Partial<Record<StageName, ManifestFile>>;

async function openManifests(
  run: Run,
  until: StageName,
  warn: (message: string) => void,
): Promise<Manifests> {
  const opened: Partial<Record<StageName, ManifestFile>> = {};
  for (const stage of STAGES.slice(0, STAGES.indexOf(until) + 1)) {
    opened[stage] = await run.open(stage, { write: true, warn });
  }
  return opened as Manifests;
}

function standingIn(transferred: ManifestFile | undefined, id: string): FileRecord | null {
  const record = transferred?.last(id);
  return record?.url || record?.replaces ? record : null;
}

/** From Drive the first time, or when asked to; from the manifest once the folder has been listed to its end. */
async function listing(
  options: MigrationOptions,
  manifests: Manifests,
  changes: Changes,
): Promise<AsyncIterable<FileRecord>> {
  const { run, halt, onListed, onAllListed } = options;
  const manifest = manifests.list;
  if (run.isListed && !options.rescan) return fromManifest(manifest, options);
  const list = await lister(options);
  const { recall, keep } = memoryOf(manifest, { stage: 'list', retryOrphans: false });
  return (async function* () {
    const unseen = new Set<string>();
    if (options.rescan) for (const { id } of manifest.records()) unseen.add(id);
    const duplicates: FileRecord[] = [];
    for await (const listed of list(run.folderId)) {
      unseen.delete(listed.id);
      count(changes, listed, manifest.last(listed.id));
      const record = await keep(recall(listed));
      onListed?.(record);
      // Whether the file that was migrated in its stead is still there is known at the end.
      if (manifests.resolve.last(record.id)?.status === 'duplicate') duplicates.push(record);
      else yield record;
    }
    if (halt.stopped) return;
    for (const id of unseen) {
      const before = manifest.last(id)!;
      if (!before.removed) changes.removed += 1;
      const record = await keep(removed(before, standingIn(manifests.transfer, id)));
      onListed?.(record);
      yield record;
    }
    yield* duplicates;
    await manifest.flush();
    run.markListed();
    onAllListed?.();
  })();
}

function count(changes: Changes, now: FileRecord, before: FileRecord | undefined): void {
  if (!before || before.removed) changes.added += 1;
  else if (now.md5 !== before.md5) changes.replaced += 1;
  else if (now.name !== before.name) changes.renamed += 1;
}

/** What stands in S3 stays, and needs no Drive any more to be linked; what does not can no longer be migrated. */
function removed(listed: FileRecord, standing: FileRecord | null): FileRecord {
  if (standing) return { ...listed, removed: true };
  return stopped({ ...listed, removed: true }, 'orphan', {
    stage: 'list',
    code: 'removed_from_drive',
    message: `${nameOf(listed)}: the file is no longer in the folder in Drive.`,
    retryable: false,
  });
}

async function* fromManifest(manifest: ManifestFile, options: MigrationOptions): AsyncGenerator<FileRecord> {
  // The files are known already: a first pass gives progress its totals.
  if (options.onListed) for (const record of manifest.records()) options.onListed(record);
  options.onAllListed?.();
  for (const record of manifest.records()) {
    if (options.halt.stopped) return;
    yield record;
  }
}

function* claimed(manifest: ManifestFile): Generator<FileRecord> {
  for (const record of manifest.records()) if (record.key) yield record;
}
