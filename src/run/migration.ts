/** One run of the pipeline over a folder: all five stages (`migrate`, `resume`), or the three that write nothing (`scan`). */

import { FileError, RunError } from '../../stages/errors.ts';
import {
  type DriveRef,
  type FileRecord,
  isOnTheWay,
  isUnread,
  isWithdrawn,
  nameOf,
  STAGES,
  type StageName,
  stopped,
} from '../../stages/record.ts';
import type { SelectionRules } from '../../stages/selection.ts';
import type { Takeover } from '../results/takeover.ts';
import { type ListingAhead, listingAhead } from './listing-ahead.ts';
import { type Checkpoint, checkpointOf } from './manifest/checkpoint.ts';
import { LinkingFile } from './manifest/linking.ts';
import { type ManifestFile, manifestExists } from './manifest/manifest-file.ts';
import type { Run } from './manifest/run.ts';
import { claimsIn, standingIn } from './manifest/standing.ts';
import {
  begun,
  each,
  lister,
  type Records,
  remembering,
  run as runSteps,
  STAGE_MAKERS,
  type StageContext,
} from './pipeline.ts';
import { Counts } from './progress/counts.ts';
import { relist } from './relisting.ts';

export interface MigrationOptions extends StageContext {
  run: Run;
  root: DriveRef;
  /** The part of the folder that the run is about, as {@link StageContext.selection} has it; null for all of it. */
  rules: SelectionRules | null;
  /** The stages to run, from list on. */
  until: 'resolve' | 'link';
  retryOrphans: boolean;
  /** List the folder anew, also if that was done to its end before. */
  rescan: boolean;
  /** What another tool has done for this folder; null if none has. */
  takeover: Takeover | null;
  /** Waited for at the end of a run without an error, while its manifests need not be opened to be read. */
  onDone?: () => Promise<unknown>;
}

/** What Drive has now, compared with the last one. */
export interface Changes {
  added: number;
  renamed: number;
  replaced: number;
  removed: number;
}

export interface Migrated {
  counts: Counts;
  /** Null if the folder was not listed again, and no open file was found to have changed. */
  changes: Changes | null;
}

/**
 * Runs the stages over the folder and gives the count of what came out. The caller holds the run's lock. A shutdown ends
 * it early without an error here; errors of the disk and of programming are thrown.
 */
export async function runMigration(options: MigrationOptions): Promise<Migrated> {
  const { run, until, retryOrphans, events } = options;
  const { warn } = events;
  const manifests = await openManifests(run, until, warn);
  const counts = new Counts();
  const linking = until === 'link' ? new LinkingFile(run.linkingPath) : undefined;
  try {
    const context: StageContext = {
      ...options,
      claimed: claimsIn(manifests.resolve, manifests.transfer),
      linking,
      onReplaced: record => run.revise(record, warn),
    };
    const stage = async (name: keyof typeof STAGE_MAKERS) =>
      remembering(await STAGE_MAKERS[name](context), manifests[name]!, {
        stage: name,
        retryOrphans,
        standing: id => standingIn(manifests.transfer, id),
      });
    const planned = each(record => {
      events.emit('planned', record);
      return record;
    });

    const changes: Changes = { added: 0, renamed: 0, replaced: 0, removed: 0 };
    const wasListed = run.isListed;
    const isNew = options.rescan && wasListed;
    run.rememberSelection(options.rules);
    const listed = await listing(options, manifests, changes);
    const finished = (given: FileRecord) => {
      if (given.url) listed.fileCameThrough();
      if (isWithdrawn(given)) return;
      const record = until === 'resolve' ? asItStands(manifests, given) : given;
      counts.add(record);
      events.emit('finished', record);
    };
    const steps = [
      options.takeover && each(options.takeover.apply),
      ...(await stage('parse')),
      ...(await stage('resolve')),
      planned,
      ...(until === 'link' ? await stage('transfer') : []),
      ...(until === 'link' ? await stage('link') : []),
    ];
    await runSteps(listed.records, steps, finished, options.shutdown);
    await options.onDone?.();
    const hasChanged = Object.values(changes).some(count => count > 0);
    return { counts, changes: isNew || (wasListed && hasChanged) ? changes : null };
  } catch (error) {
    if (options.shutdown.killSignal.aborted) return { counts, changes: null };
    // The listing may have begun already, and Drive may never answer.
    options.shutdown.drain(error as Error);
    options.shutdown.kill();
    throw error;
  } finally {
    for (const manifest of Object.values(manifests)) await manifest.close();
    linking?.close();
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
  // How far files have come is known to a run that stops before the transfer, too.
  for (const stage of ['transfer', 'link'] as const) {
    if (!opened[stage] && manifestExists(run.pathOf(stage)))
      opened[stage] = await run.open(stage, { write: false, warn });
  }
  return opened as Manifests;
}

/** The record as the stages behind resolve have left it, if that holds still. */
function asItStands({ transfer, link }: Manifests, record: FileRecord): FileRecord {
  if (!isOnTheWay(record)) return record;
  const later = link?.last(record.id) ?? transfer?.last(record.id);
  return later?.url && later.key === record.key && later.md5 === record.md5 ? later : record;
}

/** The listing may be ahead of everything else: what a replaced file needs is not known yet. */
function isMovedIn({ transfer }: Manifests, id: string): boolean {
  return Boolean(transfer?.last(id)?.url);
}

type Listing = Omit<ListingAhead, 'records'> & { records: Records };

/** From Drive the first time, or when asked to; from the manifest once the folder has been listed to its end. */
async function listing(options: MigrationOptions, manifests: Manifests, changes: Changes): Promise<Listing> {
  const { run, shutdown, events } = options;
  const manifest = manifests.list;
  const memory = checkpointOf(manifest, { stage: 'list', retryOrphans: false });
  if (run.isListed && !options.rescan) {
    await lookAgain(options, manifests, memory, changes);
    return { records: fromManifest(manifests, options), fileCameThrough: () => {} };
  }
  const seen = new Set<string>();
  const unread = new UnreadFolders();
  const list = await lister(options, { onLeftOut: id => seen.add(id), onUnread: unread.add });
  const found = begun(list());
  const { restore, keep } = memory;
  const takes = (record: FileRecord) => options.selection?.takes(record) ?? true;
  const listed = (async function* () {
    const duplicates: FileRecord[] = [];
    for await (const listed of found) {
      if (options.rescan) seen.add(listed.id);
      count(changes, listed, manifest.last(listed.id));
      const record = await keep(restore(listed));
      events.emit('listed', record, isMovedIn(manifests, record.id));
      // Whether the file that was migrated in its stead is still there is known at the end.
      if (manifests.resolve.last(record.id)?.status === 'duplicate') duplicates.push(record);
      else yield record;
    }
    if (shutdown.signal.aborted) return;
    if (options.rescan) unread.learnPaths(manifest.records());
    for (const before of options.rescan ? manifest.records() : []) {
      // Nobody has looked for it, so nobody knows whether it is still there.
      if (seen.has(before.id) || unread.mayHave(before) || !takes(before)) continue;
      if (!before.removed && !isUnread(before)) changes.removed += 1;
      const record = await keep(removed(before, standingIn(manifests.transfer, before.id)));
      events.emit('listed', record, true);
      yield record;
    }
    yield* duplicates;
    await manifest.flush();
    run.markListed();
    events.emit('allListed');
  })();
  return listingAhead(
    listed,
    id => manifest.last(id)!,
    () => shutdown.signal.aborted,
  );
}

/** Drive may be out of reach although all that is left to do is to link: then the stages decide what that means. */
async function lookAgain(
  options: MigrationOptions,
  { list, parse, resolve, transfer, link }: Manifests,
  memory: Checkpoint,
  changes: Changes,
): Promise<void> {
  const later = [link, transfer, resolve, parse];
  function* laterRecords(id: string): Generator<FileRecord> {
    for (const manifest of later) {
      const record = manifest?.last(id);
      if (record) yield record;
    }
  }
  const onChange = (now: FileRecord, before: FileRecord | undefined) => count(changes, now, before);
  try {
    await relist(options, { manifest: list, memory, laterRecords, onChange });
  } catch (error) {
    if (!(error instanceof RunError || error instanceof FileError)) throw error;
    options.events.warn(
      `Drive was not asked for files that have been renamed since the listing: ${error.message}`,
    );
  }
}

/** Folders whose content is not in a listing, or not all of it. */
class UnreadFolders {
  readonly #ids = new Set<string>();
  readonly #paths = new Set<string>();

  readonly add = ({ id }: DriveRef, path: string): void => {
    this.#ids.add(id);
    this.#paths.add(path);
  };

  /** A folder may have been renamed since these records were made. */
  learnPaths(records: Iterable<FileRecord>): void {
    if (this.#ids.size === 0) return;
    for (const { parent, path = '' } of records)
      if (parent && this.#ids.has(parent.id)) this.#paths.add(path);
  }

  /** True if the file may be in one of them, or below it. */
  mayHave({ path = '' }: FileRecord): boolean {
    if (this.#paths.size === 0) return false;
    for (let above = path; ; above = above.slice(0, above.lastIndexOf('/'))) {
      if (this.#paths.has(above)) return true;
      if (!above.includes('/')) return this.#paths.has('');
    }
  }
}

function count(changes: Changes, now: FileRecord, before: FileRecord | undefined): void {
  if (isUnread(now)) return;
  if (!before || before.removed) changes.added += 1;
  else if (now.md5 !== before.md5) changes.replaced += 1;
  else if (now.name !== before.name) changes.renamed += 1;
}

/** What stands in S3 stays, and needs no Drive any more to be linked; what does not can no longer be migrated. */
function removed(listed: FileRecord, standing: FileRecord | null): FileRecord {
  if (standing || isUnread(listed)) return { ...listed, removed: true };
  return stopped({ ...listed, removed: true }, 'orphan', {
    stage: 'list',
    code: 'removed_from_drive',
    message: `${nameOf(listed)}: the file is no longer in the folder in Drive.`,
    retryable: false,
  });
}

function* fromManifest(manifests: Manifests, options: MigrationOptions): Generator<FileRecord> {
  const { events, selection } = options;
  // The files are known already: a first pass gives progress its totals.
  for (const record of manifests.list.records()) {
    if (!isWithdrawn(record) && (selection?.takes(record) ?? true))
      events.emit('listed', record, isMovedIn(manifests, record.id));
  }
  events.emit('allListed');
  for (const record of manifests.list.records()) {
    if (options.shutdown.signal.aborted) return;
    if (selection?.takes(record) ?? true) yield record;
  }
}
