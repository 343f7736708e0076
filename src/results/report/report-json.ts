/** A report's data for scripts. */
import { rangesOf, rangesText } from '../../run/manifest/observation-ids.ts';
import { UNFINISHED } from '../../run/progress/counts.ts';
import { STATUSES_SHOWN } from '../../run/progress/statuses.ts';
import { COVERAGE_STATES, KINDS } from './coverage.ts';
import { driveLink } from './page-files.ts';
import { attentionOf, type Report } from './report.ts';
import { rateOf, type Timeline } from './timeline.ts';

/** Names as in the other JSON of the tool; times are RFC 3339. */
export function reportJson(report: Report, madeAt: Date): Record<string, unknown> {
  const { run, counts, kinds } = report;
  const unreadable = Object.entries(run.unreadableRecords);
  const present = STATUSES_SHOWN.filter(status => counts.files(status) > 0);
  return {
    folder_id: run.folderId,
    folder_name: run.folderName,
    made_at: madeAt.toISOString(),
    started_at: run.startedAt,
    in_progress: run.holder && { command: run.holder.command, since: run.holder.since },
    listed: run.isListed,
    total_files: counts.total,
    bytes: counts.bytes,
    summary: counts.summary(),
    bytes_by_status: Object.fromEntries(present.map(status => [status, counts.bytesOf(status)])),
    by_kind: Object.fromEntries(
      KINDS.map(kind => {
        const { total: files, bytes } = kinds[kind];
        return [kind, { files, bytes, summary: kinds[kind].summary() }];
      }),
    ),
    observations: coverage(report),
    over_time: overTime(report.timeline),
    folders: [...report.folders].map(([path, folder]) => ({
      path,
      files: folder.total,
      bytes: folder.bytes,
      need_attention: attentionOf(folder).files,
      summary: folder.summary(),
    })),
    reasons: [...report.reasons.values()].map(({ advice: { title, text }, ...reason }) => ({
      ...reason,
      meaning: title,
      what_to_do: text,
    })),
    unreadable_record_count: unreadable.reduce((sum, [, { count }]) => sum + count, 0),
    unreadable_records: unreadable.flatMap(([query, { records }]) =>
      records.map(({ name, reason }) => ({ record: name, query, reason })),
    ),
    need_attention: attentionOf(counts).files,
    files: filesToAttend(report),
  };
}

/** The files that need a person or another run, in the order of the listing. */
function filesToAttend({ files, reasons }: Report): unknown[] {
  return files
    .filter(({ status }) => UNFINISHED.includes(status))
    .map(({ reason, message, relaxed, url, kind, ...file }) => ({
      ...file,
      code: reasons.get(reason)?.code ?? null,
      message: message || null,
      kind,
      relaxed_reading: relaxed || null,
      drive_url: driveLink(file.id),
      s3_url: url || null,
    }));
}

/** Sequential ids as text: `6600-6602, 6604`. */
function coverage({ run, coverage: { whole } }: Report): unknown {
  const readAt = run.observationIds?.readAt ?? null;
  const states = COVERAGE_STATES.map(state => {
    const ids = whole.ids[state];
    return [state, { count: ids.length, sequential_ids: rangesText(rangesOf(ids)) }];
  });
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

function overTime(timeline: Timeline | null): unknown {
  const time = (ms: number) => new Date(ms).toISOString();
  return (
    timeline && {
      interval_seconds: timeline.intervalMs / 1000,
      sessions: timeline.sessions.map(({ startMs, endMs, files, bytes, intervals }) => ({
        from: time(startMs),
        to: time(endMs),
        files,
        bytes,
        bytes_per_second: rateOf({ startMs, endMs, bytes }),
        intervals: intervals.map(interval => ({
          from: time(interval.startMs),
          files: interval.files,
          bytes: interval.bytes,
        })),
      })),
    }
  );
}
