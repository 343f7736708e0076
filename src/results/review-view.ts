/** What `review` shows: text for people, and the same for programs and spreadsheets. */
import { toUSVString } from 'node:util';
import stringWidth from 'string-width';
import { type FileRecord, isFolder } from '../../stages/record.ts';
import type { Columns } from '../run/text/csv.ts';
import { formatCount } from '../run/text/format.ts';
import { wrapped } from '../run/text/wrap.ts';
import { byReason, plainMessage, type ReviewItem, readingText } from './review.ts';

/** Where a person can look at the file. */
export function driveLink(record: FileRecord): string {
  const id = encodeURIComponent(toUSVString(record.id));
  return isFolder(record)
    ? `https://drive.google.com/drive/folders/${id}`
    : `https://drive.google.com/file/d/${id}/view`;
}

/** The count, and a table of the reasons. */
export function countLines(total: number, items: readonly ReviewItem[]): string[] {
  const number = items.length > 0 ? items.length.toLocaleString('en-US') : 'none';
  const groups = [...byReason(items)];
  const codeWidth = Math.max(0, ...groups.map(([code]) => code.length));
  return [
    `${number} of ${formatCount(total, 'file')} ${items.length > 1 ? 'need' : 'needs'} a person.`,
    ...groups.map(([code, group]) => {
      const statuses = [...new Set(group.map(({ record }) => record.status))].join(', ');
      const readable = readableOf(group).length;
      const line = `${group.length.toLocaleString('en-US').padStart(8)}  ${code.padEnd(codeWidth)}  ${statuses}`;
      return readable > 0 ? `${line}; relaxed naming reads ${readable.toLocaleString('en-US')}` : line;
    }),
  ];
}

function readableOf(items: readonly ReviewItem[]): ReviewItem[] {
  return items.filter(({ relaxed }) => relaxed);
}

/**
 * The files by reason: path, link and reading on one line where the width (columns) allows it for all files of a
 * reason, else each on its own line. A reason that is the same for all of them is written once. Paths and links are never cut.
 */
export function reasonLines(items: readonly ReviewItem[], width: number): string[] {
  return [...byReason(items)].flatMap(([code, group]) => {
    const [why, ...others] = new Set(group.map(whyOf));
    return [
      '',
      `${code}: ${formatCount(group.length, 'file')}`,
      ...(others.length === 0 ? wrapped(`  ${why}`, width, 2) : []),
      ...fileLines(group, others.length > 0, width),
    ];
  });
}

/** One line a file: its path, and what its name is read as. */
export function readingLines(items: readonly ReviewItem[]): string[] {
  return items.map(
    ({ record, relaxed }) => `  ${pathOf(record)} → ${relaxed ? readingText(relaxed) : 'as downloaded'}`,
  );
}

interface Acceptance {
  /** What is accepted; null if the review only lists the files. */
  accept: 'relaxed' | 'as-downloaded' | null;
  dryRun: boolean;
  accepted: readonly ReviewItem[];
  manifest: string;
}

/** What was done, or what to do next; empty if there is nothing to do. */
export function nextLines(
  items: readonly ReviewItem[],
  { accept, dryRun, accepted, manifest }: Acceptance,
): string[] {
  if (accept === 'as-downloaded') return [downloadedLine(items, accepted.length, dryRun)];
  if (accepted.length > 0) {
    const readings = formatCount(accepted.length, 'reading');
    return [`${readings} written to ${manifest}. Continue with "migrator resume".`];
  }
  const readable = readableOf(items).length;
  if (accept && readable === 0) return ['There is no relaxed reading to accept.'];
  if (dryRun) return [`Would accept ${formatCount(readable, 'reading')}; nothing was written.`];
  const isNameRefused = items.some(({ record }) => record.error?.stage === 'parse');
  const lines = [
    readable > 0 && 'Accept the relaxed readings with "migrator review --accept relaxed".',
    isNameRefused && '"migrator resume" notices files that you rename in Drive.',
  ];
  return lines.filter(line => line !== false);
}

function downloadedLine(items: readonly ReviewItem[], accepted: number, dryRun: boolean): string {
  if (accepted > 0)
    return `${formatCount(accepted, 'file')} accepted as downloaded. Continue with "migrator resume".`;
  const open = items.filter(({ code }) => code === 'bytes_contradict').length;
  return open > 0 && dryRun
    ? `Would accept ${formatCount(open, 'file')}; nothing was written.`
    : 'There is no file to accept as downloaded.';
}

function fileLines(items: readonly ReviewItem[], showWhy: boolean, width: number): string[] {
  const pathWidth = items.reduce((width, { record }) => Math.max(width, stringWidth(pathOf(record))), 0);
  const files = items.map(item => {
    const [path, link] = [pathOf(item.record), driveLink(item.record)];
    const reading = item.relaxed ? `relaxed: ${readingText(item.relaxed)}` : '';
    const padding = ' '.repeat(pathWidth - stringWidth(path));
    return {
      why: showWhy ? wrapped(`      ${whyOf(item)}`, width, 6) : [],
      line: `    ${path}${padding}  ${link}  ${reading}`.trimEnd(),
      below: [`      ${link}`, ...(reading ? [`      ${reading}`] : [])],
      path: `    ${path}`,
    };
  });
  const isWide = files.every(({ line }) => stringWidth(line) <= width);
  return files.flatMap(({ path, line, why, below }) => (isWide ? [line, ...why] : [path, ...why, ...below]));
}

function pathOf({ path, name }: FileRecord): string {
  return path ? `${path}/${name}` : name;
}

function whyOf({ record, code }: ReviewItem): string {
  return plainMessage(record) ?? code;
}

/** The review as JSON. Names are as in Drive. */
export function reviewJson(total: number, items: readonly ReviewItem[]) {
  return {
    total_files: total,
    need_a_person: items.length,
    readable_relaxed: readableOf(items).length,
    reasons: [...byReason(items)].map(([code, group]) => ({
      code,
      count: group.length,
      files: group.map(fileJson),
    })),
  };
}

export function fileJson({ record, relaxed }: ReviewItem) {
  const { id, name, path = '', status, error = null } = record;
  return { id, name, path, link: driveLink(record), status, error, relaxed };
}

/** The review as CSV, one row a file. */
export const REVIEW_COLUMNS: Columns<ReviewItem> = {
  status: ({ record }) => record.status,
  folder: ({ record }) => record.path ?? '',
  file: ({ record }) => record.name,
  reason: whyOf,
  link: ({ record }) => driveLink(record),
  error_code: ({ code }) => code,
  relaxed_reading: ({ relaxed }) => relaxed && readingText(relaxed),
  relaxed_sequential_ids: ({ relaxed }) => relaxed?.sequentialIds.join(' '),
  id: ({ record }) => record.id,
};
