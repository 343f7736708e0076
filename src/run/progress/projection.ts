/** The files for people and scripts beside a run's manifests: they are written from the manifests, and never read back. */
import { existsSync } from 'node:fs';
import type { FileRecord } from '../../../stages/record.ts';
import { replaceFile } from '../../config/files/private-files.ts';
import { failedPath, progressPath } from '../../config/home.ts';
import type { RunEvents } from '../events.ts';
import type { Run } from '../manifest/run.ts';
import { jsonOf } from '../text/visible.ts';
import { Counts } from './counts.ts';

/** Pieces of this size keep the number of writes low and the event loop free. */
const PIECE_CHARACTERS = 64 * 1024;

/** About 800,000 files. */
const LARGEST_READ_BY_SHARDS = 256 * 1024 * 1024;

/**
 * A shard has memory for its own files. In a large run it does not read those of the others, and leaves `progress_{id}.json`
 * and `failed_{id}.json` to `resume`.
 */
function isTooLargeToRead(run: Run): boolean {
  return run.shard !== null && run.sizeOf('list') > LARGEST_READ_BY_SHARDS;
}

/**
 * Writes `progress_{folder_id}.json` and gives its path. It is written piece by piece: of a million files it would be longer
 * than a text can be (V8: 512 MiB).
 */
export async function writeProjection(home: string, run: Run, now = new Date()): Promise<string> {
  const path = progressPath(home, run.folderId);
  const records = run.latest(() => {});
  await replaceFile(path, progressText(run, records, new Counts(), now), { mode: 0o600 });
  return path;
}

/**
 * Its text, a line for each file, in pieces. Counts the files. `withFolders` adds the names of folders, which
 * `progress_{folder_id}.json` does not have.
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

function entryOf(record: FileRecord) {
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

/** Each pause is twice as long as the one before, so that a long run writes the file few times. */
const FIRST_WAIT_MS = 10_000;

/**
 * Writes the progress file from time to time. The function that it returns writes it for the last time, and gives its path;
 * empty for a run of which nothing is kept.
 */
export function startProgressWriter(home: string, run: Run, events: RunEvents): () => Promise<string> {
  let waitMs = FIRST_WAIT_MS;
  let dueAt = performance.now() + waitMs;
  let writing: Promise<unknown> = Promise.resolve();
  let last: Promise<string> | null = null;
  const write = async () => (isTooLargeToRead(run) ? '' : writeProjection(home, run));
  const writeIfDue = () => {
    if (performance.now() < dueAt || last) return;
    dueAt = Infinity;
    // An error, such as a full disk, is reported by the last write.
    writing = write()
      .catch(() => {})
      .then(() => {
        waitMs *= 2;
        dueAt = performance.now() + waitMs;
      });
  };
  events.on('listed', writeIfDue).on('finished', writeIfDue);
  return () => {
    last ??= writing.then(() => (run.exists ? write() : ''));
    return last;
  };
}

/**
 * Replaces `failed_{folder_id}.json`, the files of a run that failed or were linked in part. Gives its path; null if there is
 * no such file.
 */
export async function writeFailedFiles(home: string, run: Run): Promise<string | null> {
  if (isTooLargeToRead(run)) return null;
  const entries = [];
  for await (const { id, name, path, status, error } of run.latest(() => {}))
    if (status === 'failed' || status === 'partial') entries.push({ id, name, path, status, error });
  const file = failedPath(home, run.folderId);
  if (entries.length > 0 || existsSync(file))
    await replaceFile(file, `${jsonOf(entries, 2)}\n`, { mode: 0o600 });
  return entries.length > 0 ? file : null;
}
