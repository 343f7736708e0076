/** One run of the pipeline over a folder: all five stages (`migrate`, `resume`), or the three that write nothing (`scan`). */
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type FileRecord, STAGES, type StageName } from '../stages/record.ts';
import type { ManifestFile } from './manifest/manifest-file.ts';
import { memoryOf } from './manifest/memory.ts';
import type { Run } from './manifest/run.ts';
import { joined, lister, remembering, STAGE_MAKERS, type StageContext } from './pipeline.ts';
import { Tally } from './progress/tally.ts';

export interface MigrationOptions extends StageContext {
  run: Run;
  /** The stages to run, from list on. */
  until: 'resolve' | 'link';
  retryOrphans: boolean;
  warn: (message: string) => void;
  /** Told about each record when it has been listed, resolved, and has come out of the last stage. */
  onListed?: (record: FileRecord) => void;
  onPlanned?: (record: FileRecord) => void;
  onFinished?: (record: FileRecord) => void;
  /** Told when every file has been listed. */
  onAllListed?: () => void;
}

/**
 * Runs the stages over the folder and gives the count of what came out. The caller holds the run's lock. A halt ends
 * it early without an error here; errors of the disk and of programming are thrown.
 */
export async function runMigration(options: MigrationOptions): Promise<Tally> {
  const { run, until, retryOrphans, warn } = options;
  const manifests = await openManifests(run, until, warn);
  const tally = new Tally();
  try {
    const context: StageContext = { ...options, claimed: claimed(manifests.resolve) };
    const stage = async (name: keyof typeof STAGE_MAKERS) =>
      remembering(await STAGE_MAKERS[name](context), name, manifests[name]!, retryOrphans);
    const told = (tell?: (record: FileRecord) => void) => (record: FileRecord) => {
      tell?.(record);
      return record;
    };

    const list = Readable.from(await listing(options, manifests.list));
    const stages = joined([
      ...(await stage('parse')),
      ...(await stage('resolve')),
      told(options.onPlanned),
      ...(until === 'link' ? await stage('transfer') : []),
      ...(until === 'link' ? await stage('link') : []),
      told(options.onFinished),
    ]);
    const count = new Writable({
      objectMode: true,
      write: (record: FileRecord, _encoding, done) => {
        tally.add(record);
        done();
      },
    });
    await pipeline(list, stages, count);
    return tally;
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

/** From Drive the first time; from the manifest once the folder has been listed to its end. */
async function listing(
  options: MigrationOptions,
  manifest: ManifestFile,
): Promise<AsyncIterable<FileRecord>> {
  const { run, halt, onListed, onAllListed } = options;
  if (run.isListed) return fromManifest(manifest, options);
  const list = await lister(options);
  const { recall, keep } = memoryOf(manifest, { stage: 'list', retryOrphans: false });
  return (async function* () {
    for await (const listed of list(run.folderId)) {
      const record = await keep(recall(listed));
      onListed?.(record);
      yield record;
    }
    if (halt.stopped) return;
    await manifest.flush();
    run.markListed();
    onAllListed?.();
  })();
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
