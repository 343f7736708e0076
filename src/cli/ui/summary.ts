/** The counts at the end of a run and in `status`. */
import type { Status } from '../../../stages/record.ts';
import { type Counts, UNFINISHED } from '../../run/progress/counts.ts';
import { STATUS_TEXTS, STATUSES_SHOWN } from '../../run/progress/statuses.ts';
import { formatBytes, formatCount } from '../../run/text/format.ts';

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
