/**
 * `progress_{folder_id}.json`: a projection of a run's manifests for people and scripts. It is written whole from the
 * manifests, never read back: losing it loses nothing.
 */
import type { FileRecord, Status } from '../../stages/record.ts';
import { progressPath } from '../config/home.ts';
import type { Run } from '../manifest/run.ts';
import { Tally } from './tally.ts';

interface ProgressEntry {
  filename: string;
  status: Status;
  sequential_id: number | null;
  sequential_ids: number[];
  observation_id: string | null;
  observation_ids: string[];
  s3_url: string | null;
  media_id: string | null;
  media_ids: string[];
  error: string | null;
}

export interface Progress {
  folder_id: string;
  /** RFC 3339, as is `updated_at`. */
  started_at: string;
  updated_at: string;
  total_files: number;
  /** By Drive file id. */
  files: Record<string, ProgressEntry>;
  summary: Partial<Record<Status, number>>;
}

/** Writes the projection atomically; gives its path. */
export async function writeProjection(home: string, run: Run, now = new Date()): Promise<string> {
  const [{ Low }, { JSONFile }] = await Promise.all([import('lowdb'), import('lowdb/node')]);
  const path = progressPath(home, run.folderId);
  const tally = new Tally();
  const files: Record<string, ProgressEntry> = {};
  for await (const record of run.latest(() => {})) {
    tally.add(record);
    files[record.id] = entryOf(record);
  }
  const progress: Progress = {
    folder_id: run.folderId,
    started_at: run.startedAt,
    updated_at: now.toISOString(),
    total_files: tally.total,
    files,
    summary: tally.summary(),
  };
  await new Low<Progress>(new JSONFile(path), progress).write();
  return path;
}

function entryOf(record: FileRecord): ProgressEntry {
  const sequentialIds = record.sequentialIds ?? [];
  const observationIds = (record.observations ?? []).map(({ id }) => id);
  const mediaIds = (record.media ?? []).map(({ id }) => id);
  return {
    filename: record.name,
    status: record.status,
    sequential_id: sequentialIds[0] ?? null,
    sequential_ids: sequentialIds,
    observation_id: observationIds[0] ?? null,
    observation_ids: observationIds,
    s3_url: record.url ?? null,
    media_id: mediaIds[0] ?? null,
    media_ids: mediaIds,
    error: record.error?.message ?? null,
  };
}
