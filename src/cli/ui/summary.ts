/** What a person is told at the end of a run, and by `status`. */
import type { Status } from '../../../stages/record.ts';
import { type Counts, UNFINISHED } from '../../run/progress/counts.ts';
import { formatBytes, formatCount } from '../../run/text/format.ts';

const MEANINGS: Readonly<Record<Status, string>> = {
  completed: 'in S3 and linked to every observation',
  pending: 'not worked on yet',
  downloaded: 'on the way',
  uploaded: 'in S3, not linked yet; "migrator resume" links them',
  partial: 'linked to some observations, others are missing; each run looks for them again',
  failed: 'refused, or all retries failed; "migrator resume" tries again',
  orphan: 'no observation has this id, or the file is gone from Drive; "--retry-orphans" tries again',
  needs_review: 'a person has to decide; "migrator review" says more, file by file',
  duplicate: 'the same bytes and ids as another file, which is migrated in their stead',
};

const ORDER: readonly Status[] = [
  'completed',
  'duplicate',
  'uploaded',
  'downloaded',
  'pending',
  'partial',
  'failed',
  'orphan',
  'needs_review',
];

/** One line a status that occurs, with what it means; below it the reasons, where a person should know them. */
export function statusLines(counts: Counts): string[] {
  return ORDER.filter(status => counts.files(status) > 0).flatMap(status => {
    const count = counts.files(status).toLocaleString('en-US').padStart(8);
    const line = `${count}  ${status.padEnd(12)}  ${formatBytes(counts.bytesOf(status)).padStart(9)}  ${MEANINGS[status]}`;
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

/** Where to look afterwards; places that do not exist are left out. */
export function placeLines(places: Record<string, string | null>): string[] {
  const named = Object.entries(places).filter(([, path]) => path);
  const width = Math.max(0, ...named.map(([name]) => name.length));
  return named.map(([name, path]) => `  ${name.padEnd(width)}  ${path}`);
}
