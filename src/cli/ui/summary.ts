/** What commands say of a run: its counts, its activity and its paths. */
import { hostname } from 'node:os';
import type { Status } from '../../../stages/record.ts';
import type { Holder } from '../../config/files/holder.ts';
import type { Run } from '../../run/manifest/run.ts';
import type { ShardState } from '../../run/manifest/shard.ts';
import { type Counts, UNFINISHED } from '../../run/progress/counts.ts';
import { STATUS_TEXTS, STATUSES_SHOWN } from '../../run/progress/statuses.ts';
import type { RunStatus } from '../../run/run-status.ts';
import { formatBytes, formatCount, formatTime, roughDuration } from '../../run/text/format.ts';

/** One line per status with its meaning; below it the reasons, for statuses that need attention. */
export function statusLines(counts: Counts): string[] {
  return STATUSES_SHOWN.filter(status => counts.files(status) > 0).flatMap(status => {
    const count = counts.files(status).toLocaleString('en-US').padStart(8);
    const size = formatBytes(counts.bytesOf(status)).padStart(9);
    const { meaning, next } = STATUS_TEXTS[status];
    const line = `${count}  ${status.padEnd(12)}  ${size}  ${[meaning, next].filter(Boolean).join('; ')}`;
    return UNFINISHED.includes(status) ? [line, ...reasonLines(counts, status)] : [line];
  });
}

function reasonLines(counts: Counts, status: Status): string[] {
  return counts.reasons(status).map(({ code, files, example }) => {
    const count = files.toLocaleString('en-US').padStart(8);
    return `${' '.repeat(4)}${count}  ${code}: ${files > 1 ? 'like ' : ''}${example}`;
  });
}

/** `41 files, 15.2 MiB`. */
export function totalLine(counts: Counts): string {
  return `${formatCount(counts.total, 'file')}, ${formatBytes(counts.bytes)}`;
}

/** `41 completed, 2 failed`. */
export function countsText(counts: Counts, separator = ', '): string {
  const byStatus = Object.entries(counts.summary());
  return byStatus.map(([status, files]) => `${files.toLocaleString('en-US')} ${status}`).join(separator);
}

/** Paths with their labels; null ones are left out. */
export function pathLines(paths: Record<string, string | null>): string[] {
  const named = Object.entries(paths).filter(([, path]) => path);
  const width = Math.max(0, ...named.map(([name]) => name.length));
  return named.map(([name, path]) => `  ${name.padEnd(width)}  ${path}`);
}

/** The summary of a run in JSON. Times are RFC 3339. */
export function runJson(run: Run, status: RunStatus, more: Record<string, unknown> = {}) {
  const { counts, isListed, holder, session, lastActivity } = status;
  return {
    folder_id: run.folderId,
    folder_name: run.folderName,
    listed: isListed,
    total_files: counts.total,
    bytes: counts.bytes,
    summary: counts.summary(),
    in_progress: holder,
    session: session && {
      files: session.files,
      bytes: session.bytes,
      bytes_per_second: Math.round(session.bytesPerSecond),
      seconds_left: session.secondsLeft === null ? null : Math.round(session.secondsLeft),
    },
    last_activity: lastActivity?.toISOString() ?? null,
    ...more,
    manifests: run.folder,
  };
}

export function activityLines({ holder, session, lastActivity }: RunStatus): string[] {
  const last = lastActivity ? `Last activity: ${formatTime(lastActivity)}.` : '';
  if (!holder) return [`Not in progress. ${last}`.trim()];
  const lines = [`In progress: ${holderText(holder)}.`];
  if (session) {
    const { files, bytes, bytesPerSecond, secondsLeft } = session;
    const left = secondsLeft === null ? '' : `; about ${roughDuration(secondsLeft)} left`;
    const rate = `${formatBytes(bytes)}, ${formatBytes(bytesPerSecond)}/s`;
    lines.push(`This session: ${formatCount(files, 'file')} stored, ${rate}${left}.`);
  }
  return last ? [...lines, last] : lines;
}

export function shardLines(shards: readonly ShardState[]): string[] {
  return shards.map(({ index, count, holder, lastActivity }) => {
    const state = holder ? `in progress, ${processText(holder)}` : 'not in progress';
    return `Shard ${index}/${count}: ${state}; last activity ${formatTime(new Date(lastActivity))}.`;
  });
}

function holderText(holder: Holder): string {
  return `"${holder.command}", ${processText(holder)}`;
}

function processText({ pid, host, since }: Holder): string {
  const at = new Date(since);
  const time = Number.isNaN(at.getTime()) ? since : formatTime(at);
  const where = host === hostname() ? 'this computer' : host;
  return `process ${pid} on ${where}, since ${time}`;
}
