import type { FileRecord, Status } from '../../../stages/record.ts';
import { replaceFile } from '../../config/files/replace-file.ts';
import { progressPath } from '../../config/home.ts';
import type { Run } from '../manifest/run.ts';
import { jsonOf } from '../text/visible.ts';
import { Counts } from './counts.ts';

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
  files: Record<string, ProgressEntry>;
  summary: Partial<Record<Status, number>>;
}

/** Pieces of this size keep the number of writes low and the event loop free. */
const PIECE_CHARACTERS = 64 * 1024;

/**
 * Writes `progress_{folder_id}.json`, a projection of a run's manifests for people and scripts, and gives its path. It is
 * written whole from the manifests, never read back: losing it loses nothing. It is written piece by piece: of a million
 * files it would be longer than a text can be (V8: 512 MiB). For a process that has read the run's manifests before.
 */
export async function writeProjection(home: string, run: Run, now = new Date()): Promise<string> {
  const path = progressPath(home, run.folderId);
  const records = run.latest(() => {}, { checked: true });
  await replaceFile(path, progressText(run, records, new Counts(), now), { mode: 0o600 });
  return path;
}

/**
 * The text of a {@link Progress}, a line for each file, in pieces. Counts the files. `withFolders` adds the names of folders,
 * which `progress_{folder_id}.json` does not have.
 */
export async function* progressText(
  run: Run,
  records: AsyncIterable<FileRecord>,
  counts: Counts,
  now: Date,
  withFolders = false,
): AsyncGenerator<string> {
  const head = {
    folder_id: run.folderId,
    ...(withFolders && { folder_name: run.folderName }),
    started_at: run.startedAt,
    updated_at: now.toISOString(),
  };
  let text = `${jsonOf(head, 2).slice(0, -2)},\n  "files": {`;
  for await (const record of records) {
    const entry = { ...entryOf(record), ...(withFolders && { path: record.path ?? '' }) };
    text += `${counts.total > 0 ? ',' : ''}\n    ${jsonOf(record.id)}: ${jsonOf(entry)}`;
    counts.add(record);
    if (text.length < PIECE_CHARACTERS) continue;
    yield text;
    text = '';
  }
  const end = { total_files: counts.total, summary: counts.summary() };
  yield `${text}\n  },${JSON.stringify(end, null, 2).slice(1)}\n`;
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
