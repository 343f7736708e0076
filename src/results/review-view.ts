/** What `review` shows: text for people, and the same for programs and spreadsheets. */
import { toUSVString } from 'node:util';
import stringWidth from 'string-width';
import { type FileRecord, isFolder, nameOf } from '../../stages/record.ts';
import type { Cell } from '../run/text/csv.ts';
import { formatCount } from '../run/text/format.ts';
import { wrapped } from '../run/text/wrap.ts';
import { readingText } from './relaxed-reading.ts';
import { itemsOf, type Reviewed, type ReviewItem } from './review.ts';

/** Where a person can look at the file. */
export function driveLink(record: FileRecord): string {
  const id = encodeURIComponent(toUSVString(record.id));
  return isFolder(record)
    ? `https://drive.google.com/drive/folders/${id}`
    : `https://drive.google.com/file/d/${id}/view`;
}

/** The count, and a table of the reasons. */
export function countLines(review: Reviewed): string[] {
  const needing = itemsOf(review).length;
  const number = needing > 0 ? needing.toLocaleString('en-US') : 'none';
  const codeWidth = Math.max(0, ...review.reasons.map(({ code }) => code.length));
  return [
    `${number} of ${formatCount(review.total, 'file')} ${needing > 1 ? 'need' : 'needs'} a person.`,
    ...review.reasons.map(({ code, items }) => {
      const statuses = [...new Set(items.map(({ record }) => record.status))].join(', ');
      const readable = readableOf(items).length;
      const line = `${items.length.toLocaleString('en-US').padStart(8)}  ${code.padEnd(codeWidth)}  ${statuses}`;
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
export function reasonLines(review: Reviewed, width: number): string[] {
  return review.reasons.flatMap(({ code, items }) => {
    const whys = items.map(whyOf);
    const shared = whys.every(why => why === whys[0]) ? whys[0]! : null;
    return [
      '',
      `${code}: ${formatCount(items.length, 'file')}`,
      ...(shared ? wrapped(`  ${shared}`, width, 2) : []),
      ...fileLines(items, shared === null ? whys : null, width),
    ];
  });
}

/** One line a file: its path, and what its name is read as. */
export function readingLines(items: readonly ReviewItem[]): string[] {
  return items.map(
    ({ record, relaxed }) => `  ${pathOf(record)} → ${relaxed ? readingText(relaxed) : 'as downloaded'}`,
  );
}

export interface Acceptance {
  /** What is accepted; null if the review only lists the files. */
  accept: 'relaxed' | 'as-downloaded' | null;
  dryRun: boolean;
  accepted: readonly ReviewItem[];
  manifest: string;
}

/** What was done, or what to do next; empty if there is nothing to do. */
export function nextLines(left: Reviewed, { accept, dryRun, accepted, manifest }: Acceptance): string[] {
  const items = itemsOf(left);
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

/** A warning for each reason that no file of the run has stopped for. */
export function absentReasons(whole: Reviewed, codes: Iterable<string>): string[] {
  const known = whole.reasons.map(({ code }) => code);
  const others = known.length > 0 ? `The reasons in this run: ${known.join(', ')}.` : 'No file does for any.';
  return [...codes]
    .filter(code => !known.includes(code))
    .map(code => `No file needs a person for the reason "${code}". ${others}`);
}

function fileLines(items: readonly ReviewItem[], whys: readonly string[] | null, width: number): string[] {
  const cells = items.map(({ record, relaxed }, index) => ({
    path: pathOf(record),
    why: whys ? wrapped(`      ${whys[index]}`, width, 6) : [],
    link: driveLink(record),
    reading: relaxed ? `relaxed: ${readingText(relaxed)}` : '',
  }));
  const pathWidth = Math.max(...cells.map(({ path }) => stringWidth(path)));
  const lines = cells.map(({ path, link, reading }) =>
    `    ${path}${' '.repeat(pathWidth - stringWidth(path))}  ${link}  ${reading}`.trimEnd(),
  );
  if (lines.every(line => stringWidth(line) <= width))
    return cells.flatMap(({ why }, index) => [lines[index]!, ...why]);
  return cells.flatMap(({ path, why, link, reading }) => [
    `    ${path}`,
    ...why,
    `      ${link}`,
    ...(reading ? [`      ${reading}`] : []),
  ]);
}

function pathOf({ path, name }: FileRecord): string {
  return path ? `${path}/${name}` : name;
}

/** The message without the file's name, which is shown next to it. */
function whyOf({ record, code }: ReviewItem): string {
  const message = record.error?.message ?? code;
  const named = `${nameOf(record)}: `;
  return message.startsWith(named) ? message.slice(named.length) : message;
}

/** For programs. Names are as in Drive. */
export function reviewJson(left: Reviewed) {
  const items = itemsOf(left);
  return {
    total_files: left.total,
    need_a_person: items.length,
    readable_relaxed: readableOf(items).length,
    reasons: left.reasons.map(({ code, items }) => ({
      code,
      count: items.length,
      files: items.map(fileJson),
    })),
  };
}

export function fileJson({ record, relaxed }: ReviewItem) {
  const { id, name, path = '', status, error = null } = record;
  return { id, name, path, link: driveLink(record), status, error, relaxed };
}

/** For spreadsheets. */
export const REVIEW_COLUMNS: Readonly<Record<string, (item: ReviewItem) => Cell>> = {
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

/** One row a file. */
export function reviewRows(review: Reviewed): Cell[][] {
  return itemsOf(review).map(item => Object.values(REVIEW_COLUMNS).map(cellOf => cellOf(item)));
}
