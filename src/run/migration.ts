/**
 * One run of the pipeline over a folder: all five stages (`migrate`, `resume`), the three that write nothing (`scan`), or the
 * last two for one shard of a run that has been listed and resolved.
 */
import { chain } from 'stream-chain';
import { canContinue, type FileRecord } from '../../stages/record.ts';
import { type Changes, Listing, shardRecords } from './listing.ts';
import { furthestRecord, type Manifests } from './manifest/merged-manifest.ts';
import type { MigrationOptions } from './migration-options.ts';
import { runToEnd, type Steps, sourceOf } from './pipeline.ts';
import { Stages } from './stages.ts';

/** A scan also reads how far earlier runs have come. */
export const MANIFESTS_FOR = {
  resolve: { write: ['list', 'parse', 'resolve'], read: ['transfer', 'link'] },
  link: { write: ['list', 'parse', 'resolve', 'transfer', 'link'] },
  shard: { write: ['transfer', 'link'], read: ['list', 'resolve'] },
} as const;

/**
 * Runs the stages over the folder. Returns what has changed in Drive; null if the folder was not listed again and no
 * unfinished file has changed. Needs the lock of the run, or of its shard. A shutdown ends it early without an error; errors
 * of the disk and bugs are thrown, and RunError if files of the shard have not been resolved.
 */
export async function migrate(options: MigrationOptions): Promise<Changes | null> {
  const { run, manifests, until, events, shutdown, rescan, withEarlierWork } = options;
  const isWhole = run.shard === null;
  const writesToAws = until === 'link';
  const linking = writesToAws ? run.linkingFile() : undefined;
  const stages = new Stages({ ...options, linking, isShard: !isWhole });
  const wasListed = run.isListed;
  if (isWhole) run.facts.rememberSelection(options.rules);
  const listing = new Listing(options);
  const stream = chain<Steps>([
    isWhole ? await listing.source(stages) : sourceOf(shardRecords(options), shutdown.drainSignal),
    isWhole && withEarlierWork,
    isWhole && stages.withCheckpoint('parse', stages.parse()),
    isWhole && stages.withCheckpoint('resolve', await stages.resolve()),
    events.tapPlanned,
    writesToAws && stages.withCheckpoint('transfer', await stages.transfer()),
    writesToAws && stages.withCheckpoint('link', ...(await stages.link())),
  ]);
  const finished = (record: FileRecord) =>
    events.finish(writesToAws ? record : afterEarlierRuns(manifests, record));
  await runToEnd(stream, finished, shutdown);
  for (const manifest of Object.values(manifests)) await manifest.flush();
  linking?.close();
  const hasChanged = Object.values(listing.changes).some(count => count > 0);
  return wasListed && (rescan || hasChanged) ? listing.changes : null;
}

/** The record as transfer and link have left it, if it is still valid. */
function afterEarlierRuns({ transfer, link }: Manifests, record: FileRecord): FileRecord {
  if (!canContinue(record)) return record;
  const later = furthestRecord({ transfer, link }, record.id);
  return later?.url && later.key === record.key && later.md5 === record.md5 ? later : record;
}
