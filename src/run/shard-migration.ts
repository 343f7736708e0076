/** One shard of a run that has been listed and resolved: its files are transferred and linked, and nothing else. */
import { RunError } from '../../stages/errors.ts';
import { type FileRecord, isWithdrawn } from '../../stages/record.ts';
import { checkpointOf } from './manifest/checkpoint.ts';
import type { Run } from './manifest/run.ts';
import type { MigrationOptions } from './migration.ts';
import { moveStages, runToEnd, sourceOf } from './pipeline.ts';
import { Stages } from './stages.ts';

/** The caller holds the shard's lock. Throws RunError if files of the shard have not been resolved. */
export async function runShard(options: MigrationOptions): Promise<null> {
  const { run, manifests, events, shutdown, retryOrphans } = options;
  requireResolved(options);
  const linking = run.linkingFile();
  try {
    events.listAll(members(options), ({ id }) => Boolean(manifests.transfer!.last(id)?.url));
    const stream = await moveStages(sourceOf(members(options), shutdown.drainSignal), {
      stages: new Stages({ ...options, linking, isShard: true }),
      checkpoint: stage => checkpointOf(manifests[stage]!, { stage, retryOrphans }),
      planned: events.plan,
    });
    await runToEnd(stream, events.finish, shutdown);
    return null;
  } finally {
    linking.close();
  }
}

/** Throws RunError, before anything is written, if the run is not ready for shards. */
export function requireListed(run: Run): void {
  if (!run.isListed || !run.has('resolve')) throw notResolved(run);
}

function requireResolved({ run, manifests, selection }: MigrationOptions): void {
  for (const record of manifests.list!.records()) {
    if (isWithdrawn(record) || !run.takes(record.id) || !(selection?.takes(record) ?? true)) continue;
    if (!manifests.resolve!.has(record.id)) throw notResolved(run);
  }
}

function* members({ run, manifests, selection }: MigrationOptions): Generator<FileRecord> {
  for (const record of manifests.resolve!.records()) {
    if (run.takes(record.id) && (selection?.takes(record) ?? true)) yield record;
  }
}

function notResolved({ folderId, label }: Run): RunError {
  return new RunError(
    'run_not_resolved',
    `The folder ${label} has not been listed and resolved completely, which --shard requires.`,
    `Run "migrator scan --folder-id ${folderId}" first, once, then the shards.`,
  );
}
