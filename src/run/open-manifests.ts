/** Where a command opens and closes the manifests that it works with. The caller holds the run's lock if it writes. */
import { STAGES, type StageName } from '../../stages/record.ts';
import type { OpenOptions } from './manifest/manifest-file.ts';
import type { Manifest } from './manifest/merged-manifest.ts';
import type { Run } from './manifest/run.ts';

export type Manifests = Partial<Record<StageName, Manifest>>;

interface ManifestsToOpen extends Omit<OpenOptions, 'write'> {
  write: readonly StageName[];
  read?: readonly StageName[];
}

export async function openManifests(
  run: Run,
  { write, read = [], ...options }: ManifestsToOpen,
): Promise<Manifests> {
  const manifests: Manifests = {};
  for (const stage of write) manifests[stage] = await run.open(stage, { ...options, write: true });
  for (const stage of read) {
    if (run.has(stage)) manifests[stage] = await run.open(stage, { ...options, write: false });
  }
  return manifests;
}

/**
 * In the order of the stages, so that after a crash no manifest is ahead of those before it. Closes all of them; then throws
 * the first error.
 */
export async function closeManifests(manifests: Manifests): Promise<void> {
  const errors: unknown[] = [];
  for (const stage of STAGES) await manifests[stage]?.close().catch(error => errors.push(error));
  if (errors.length > 0) throw errors[0];
}
