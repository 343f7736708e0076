/** One run of the pipeline over a folder: all five stages (`migrate`, `resume`), or the three that write nothing (`scan`). */
import { canContinue, type DriveRef, type FileRecord } from '../../stages/record.ts';
import type { SelectionRules } from '../../stages/selection.ts';
import { type Changes, Listing } from './listing.ts';
import { checkpointOf } from './manifest/checkpoint.ts';
import type { LinkingFile } from './manifest/linking.ts';
import { writeObservationIds } from './manifest/observation-ids.ts';
import type { Run } from './manifest/run.ts';
import { claimsIn, storedRecord } from './manifest/stored.ts';
import type { Manifests } from './open-manifests.ts';
import { migrateStages, runToEnd } from './pipeline.ts';
import { type StageContext, Stages } from './stages.ts';

export interface MigrationOptions extends StageContext {
  run: Run;
  /** As {@link openManifests} gives them for {@link MANIFESTS_FOR}. */
  manifests: Manifests;
  root: DriveRef;
  /** The part of the folder that the run is about, as {@link StageContext.selection} has it; null for all of it. */
  rules: SelectionRules | null;
  /** The stages to run, from list on. */
  until: 'resolve' | 'link';
  retryOrphans: boolean;
  /** List the folder again, even if the listing is complete. */
  rescan: boolean;
  /** Adds to a record what another tool has done for the file. */
  takenOver: ((record: FileRecord) => FileRecord) | null;
}

/**
 * Runs the stages over the folder. Returns what has changed in Drive; null if the folder was not listed again and no
 * unfinished file has changed. Needs the run's lock. A shutdown ends it early without an error; errors of the disk and bugs
 * are thrown.
 */
export async function runMigration(options: MigrationOptions): Promise<Changes | null> {
  const { run, manifests, until, events, shutdown } = options;
  const linking = until === 'link' ? run.linkingFile() : undefined;
  try {
    const wasListed = run.isListed;
    run.facts.rememberSelection(options.rules);
    const listing = new Listing(options);
    const stream = await migrationStream(options, listing, linking);
    const finished = (record: FileRecord) =>
      events.finish(until === 'resolve' ? furthest(manifests, record) : record);
    await runToEnd(stream, finished, shutdown);
    const hasChanged = Object.values(listing.changes).some(count => count > 0);
    return wasListed && (options.rescan || hasChanged) ? listing.changes : null;
  } finally {
    linking?.close();
  }
}

/** A scan also reads how far earlier runs have come. */
export const MANIFESTS_FOR = {
  resolve: { write: ['list', 'parse', 'resolve'], read: ['transfer', 'link'] },
  link: { write: ['list', 'parse', 'resolve', 'transfer', 'link'] },
  shard: { write: ['transfer', 'link'], read: ['list', 'resolve'] },
} as const;

async function migrationStream(
  options: MigrationOptions,
  listing: Listing,
  linking: LinkingFile | undefined,
) {
  const { run, manifests, events, retryOrphans, takenOver, until } = options;
  const stages = new Stages({
    ...options,
    claimed: claimsIn(manifests.resolve!, manifests.transfer),
    linking,
    onTableRead: ids => writeObservationIds(run.folder, ids),
    onReplaced: record => run.revise(record, events.warn),
  });
  return migrateStages({
    stages,
    checkpoint: stage =>
      checkpointOf(manifests[stage]!, {
        stage,
        retryOrphans,
        stored: id => storedRecord(manifests.transfer, id),
      }),
    listing: await listing.steps(stages),
    takenOver,
    planned: events.plan,
    until,
  });
}

/** The record as transfer and link have left it, if it is still valid. */
function furthest({ transfer, link }: Manifests, record: FileRecord): FileRecord {
  if (!canContinue(record)) return record;
  const later = link?.last(record.id) ?? transfer?.last(record.id);
  return later?.url && later.key === record.key && later.md5 === record.md5 ? later : record;
}
