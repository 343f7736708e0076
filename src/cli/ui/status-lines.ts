/** How `status` and `runs` say whether a run is in progress. */
import { hostname } from 'node:os';
import type { Holder } from '../../config/files/holder.ts';
import type { Run } from '../../run/manifest/run.ts';
import type { ShardState } from '../../run/manifest/shard-files.ts';
import type { RunStatus } from '../../run/run-status.ts';
import { formatBytes, formatCount, formatTime } from '../../run/text/format.ts';
import { roughDuration } from './progress-lines.ts';

/** Of a run, in JSON. Times are RFC 3339. */
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
