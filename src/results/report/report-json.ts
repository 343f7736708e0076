/** A report's data for scripts. */
import type { Status } from '../../../stages/record.ts';
import { rangesOf, rangesText } from '../../run/manifest/id-ranges.ts';
import { UNFINISHED } from '../../run/progress/counts.ts';
import { STATUSES_SHOWN } from '../../run/progress/statuses.ts';
import { COVERAGE_STATES } from './coverage.ts';
import { driveLink } from './links.ts';
import { KINDS, type Report } from './report.ts';
import { rateOf } from './timeline.ts';

/** Names as in the other JSON of the tool; times are RFC 3339. */
export function reportJson(report: Report, madeAt: Date): Record<string, unknown> {
  const { run, counts, attention } = report;
  const { holder = null, unreadableRecords = {} } = run;
  return {
    folder_id: run.folderId,
    folder_name: run.folderName ?? null,
    made_at: madeAt.toISOString(),
    started_at: run.startedAt,
    in_progress: holder && { command: holder.command, since: holder.since },
    listed: run.isListed,
    total_files: counts.total,
    bytes: counts.bytes,
    summary: counts.summary(),
    bytes_by_status: Object.fromEntries(
      STATUSES_SHOWN.filter(status => counts.files(status) > 0).map(status => [
        status,
        counts.bytesOf(status),
      ]),
    ),
    by_kind: byKind(report),
    observations: coverage(report),
    over_time: overTime(report),
    folders: folders(report),
    reasons: reasons(report),
    unreadable_record_count: Object.values(unreadableRecords).reduce((sum, { count }) => sum + count, 0),
    unreadable_records: Object.entries(unreadableRecords).flatMap(([query, { records }]) =>
      records.map(({ name, reason }) => ({ record: name, query, reason })),
    ),
    need_attention: attention.files,
    files: filesToAttend(report),
  };
}

/** The files that need a person or another run, in the order of the listing. */
function filesToAttend({ files, folders, reasons, messages }: Report): unknown[] {
  return files
    .filter(([, , , , status]) => UNFINISHED.includes(STATUSES_SHOWN[status]!))
    .map(([id, name, folder, size, status, reason, message, url, kind, relaxed]) => ({
      id,
      name,
      path: folders[folder]!.path,
      size,
      status: STATUSES_SHOWN[status],
      code: reasons[reason]?.code ?? null,
      message: messages[message] ?? null,
      kind: KINDS[kind],
      relaxed_reading: relaxed || null,
      drive_url: driveLink(id),
      s3_url: url || null,
    }));
}

function byKind({ kinds }: Report): unknown {
  const entries = KINDS.map(kind => {
    const { total, bytes } = kinds[kind];
    return [kind, { files: total, bytes, summary: kinds[kind].summary() }];
  });
  return Object.fromEntries(entries);
}

function folders(report: Report): unknown[] {
  return report.folders.map(({ path, files, bytes, attention, statuses }) => ({
    path,
    files,
    bytes,
    need_attention: attention,
    summary: namedCounts(statuses),
  }));
}

function reasons(report: Report): unknown[] {
  return report.reasons.map(({ status, code, files, bytes, advice }) => ({
    status,
    code,
    files,
    bytes,
    meaning: advice.title,
    what_to_do: advice.text,
  }));
}

/** Sequential ids as text: `6600-6602, 6604`. */
function coverage(report: Report): unknown {
  const readAt = report.run.observationIds?.readAt ?? null;
  const ids = report.coverage.ids();
  const states = COVERAGE_STATES.map(state => [
    state,
    { count: ids[state].length, sequential_ids: rangesText(rangesOf(ids[state])) },
  ]);
  const { photo, video, unlinked, none, absent } = Object.fromEntries(states);
  return {
    read_at: readAt,
    with_photos: photo,
    with_videos_only: video,
    not_linked_yet: unlinked,
    without_files: readAt === null ? null : none,
    not_existing: absent,
  };
}

function namedCounts(statuses: readonly number[]): Partial<Record<Status, number>> {
  const counts = statuses.map((files, index) => [STATUSES_SHOWN[index]!, files] as const);
  return Object.fromEntries(counts.filter(([, files]) => files > 0));
}

function overTime(report: Report): unknown {
  const timeline = report.timeline();
  if (!timeline) return null;
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    interval_seconds: timeline.intervalMs / 1000,
    sessions: timeline.sessions.map(session => ({
      from: time(session.startMs),
      to: time(session.endMs),
      files: session.files,
      bytes: session.bytes,
      bytes_per_second: rateOf(session),
      intervals: session.intervals.map(({ startMs, files, bytes }) => ({
        from: time(startMs),
        files,
        bytes,
      })),
    })),
  };
}
