/** The progress of a run as lines of text, no wider than the terminal. */
import stringWidth from 'string-width';
import type { Bottleneck, Phase, ProgressFacts, Transfer } from '../../run/progress/progress-facts.ts';
import { formatBytes, formatCount, formatDuration, roughDuration } from '../../run/text/format.ts';
import { visible } from '../../run/text/visible.ts';

export interface Link {
  files: number;
  example: string;
}

const SIGNS: Readonly<Record<Phase, string>> = { opening: '·', downloading: '↓', storing: '↑' };
const BOTTLENECKS: Readonly<Record<Bottleneck, string>> = {
  queries: "Drive's query rate",
  bwlimit: 'bwlimit',
  connection: 'the connection',
  s3: 'S3',
};
const BAR_WIDTH = 24;
/** Narrower terminals have no room for a bar, and a file's size would leave none for its name. */
const ROOMY_COLUMNS = 60;
const SEPARATOR = ' · ';

/** A line for each transfer in progress, one for the files being linked, and the numbers below. At most `rows` lines. */
export function progressLines(
  facts: ProgressFacts,
  slots: readonly (Transfer | null)[],
  link: Link | null,
  { columns, rows }: { columns: number; rows: number },
): string[] {
  const numbers = folded([bar(facts, columns), ...parts(facts)].filter(Boolean), columns);
  const linkLines = link
    ? [fitted(`→ link  ${formatCount(link.files, 'file')}, like ${visible(link.example)}`, columns)]
    : [];
  const room = Math.max(0, rows - numbers.length - linkLines.length);
  return [...workerLines(slots, columns, room), ...linkLines, ...numbers].slice(-rows);
}

export function progressLine(facts: ProgressFacts): string {
  return parts(facts).join(SEPARATOR);
}

function workerLines(slots: readonly (Transfer | null)[], columns: number, room: number): string[] {
  if (slots.length <= room) return slots.map(transfer => workerLine(transfer, columns));
  if (room === 0) return [];
  const shown = slots.slice(0, room - 1).map(transfer => workerLine(transfer, columns));
  const hidden = slots.slice(room - 1).filter(Boolean).length;
  return [...shown, fitted(`  and ${hidden} more`, columns)];
}

function workerLine(transfer: Transfer | null, columns: number): string {
  if (!transfer) return SIGNS.opening;
  const { phase, size, bytesRead, path, name } = transfer;
  const share =
    size && phase === 'downloading' ? `${Math.min(99, Math.floor((bytesRead / size) * 100))} %` : '';
  const bytes = columns >= ROOMY_COLUMNS ? `${formatBytes(size ?? bytesRead).padStart(9)}  ` : '';
  const start = `${SIGNS[phase]} ${share.padStart(4)}  ${bytes}`;
  const file = visible(path ? `${path}/${name}` : name);
  const room = columns - start.length;
  return start + (stringWidth(file) <= room ? file : fitted(visible(name), room));
}

function bar({ bytes, filesDone, files }: ProgressFacts, columns: number): string {
  const share = bytes && bytes.all > 0 ? bytes.done / bytes.all : files > 0 ? filesDone / files : 0;
  const percent = `${Math.floor(Math.min(1, share) * 100)} %`;
  if (columns < ROOMY_COLUMNS) return percent;
  const filled = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${percent.padStart(4)}`;
}

function parts(facts: ProgressFacts): string[] {
  const { isTotal, bytes, silentSeconds, workers, throttled, counts } = facts;
  const all = [filesPart(facts)];
  if (bytes) all.push(`${formatBytes(bytes.done)}/${formatBytes(bytes.all)}${isTotal ? '' : '+'}`);
  if (silentSeconds > 0) all.push(`no data for ${formatDuration(silentSeconds)}`);
  else if (bytes?.perSecond != null) all.push(`${formatBytes(bytes.perSecond)}/s`);
  if (silentSeconds === 0) all.push(timePart(facts));
  if (workers) all.push(workersPart(workers));
  if (throttled)
    all.push(`throttled by Drive: ${rate(throttled.allowed)} of ${rate(throttled.most)} queries/s`);
  for (const [status, count] of Object.entries(counts))
    all.push(`${count.toLocaleString('en-US')} ${status}`);
  return all.filter(Boolean);
}

function filesPart({ filesDone, files, sessionFiles, isTotal }: ProgressFacts): string {
  const done = filesDone.toLocaleString('en-US');
  const all = `${files.toLocaleString('en-US')}${isTotal ? '' : '+'}`;
  if (sessionFiles === null) return `${done}/${all} ${files === 1 ? 'file' : 'files'}`;
  return `this session ${formatCount(sessionFiles, 'file')}, in all ${done} of ${all}`;
}

function timePart({ secondsLeft, isTotal, bottleneck }: ProgressFacts): string {
  if (secondsLeft === null) return '';
  const left = `${isTotal ? '' : 'at least '}${roughDuration(secondsLeft)} left`;
  return bottleneck ? `${left} (limited by ${BOTTLENECKS[bottleneck]})` : left;
}

function workersPart({ busy, allowed, most }: NonNullable<ProgressFacts['workers']>): string {
  const now = `${busy} of ${formatCount(allowed, 'worker')} busy`;
  return allowed < most ? `${now} (${most} when not throttled)` : now;
}

function rate(queriesPerSecond: number): string {
  return queriesPerSecond < 10 ? queriesPerSecond.toFixed(1) : String(Math.round(queriesPerSecond));
}

/** The parts, on as few lines as possible. */
function folded(all: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of all) {
    const last = lines.at(-1);
    const longer = `${last}${SEPARATOR}${part}`;
    if (last !== undefined && stringWidth(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(fitted(part, columns));
  }
  return lines;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The text, cut to the width with an ellipsis. */
export function fitted(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let width = 1;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    width += stringWidth(segment);
    if (width > columns) break;
    kept += segment;
  }
  return columns > 0 ? `${kept}…` : '';
}
