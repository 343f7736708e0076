/** What a person sees of a run's progress, as lines of text no wider than the terminal. */
import type { Move, Phase } from '../../run/progress/moves.ts';
import { formatBytes, formatCount, formatDuration } from '../../run/text/format.ts';
import { visible } from '../../run/text/visible.ts';
import { fitted, widthOf } from './width.ts';

export interface ProgressFacts {
  filesDone: number;
  files: number;
  /** Whether `files` and `bytes` are all that there are; otherwise more may come. */
  isTotal: boolean;
  /** Null where no bytes are moved. */
  bytes: { moved: number; toMove: number; perSecond: number | null } | null;
  secondsLeft: number | null;
  /** How long no byte has come although files are on their way; 0 if that is short. */
  silentSeconds: number;
  /** Null where no files are moved. */
  workers: { busy: number; allowed: number; most: number } | null;
  /** Queries a second to Drive, where it has asked for fewer; null otherwise. */
  slowedDown: { allowed: number; most: number } | null;
  /** Files by status, those that have come to their end in this run. */
  counts: Readonly<Record<string, number>>;
}

export interface Link {
  files: number;
  /** Name of one of them. */
  example: string;
}

const SIGNS: Readonly<Record<Phase, string>> = { opening: '·', downloading: '↓', storing: '↑' };
const BAR_WIDTH = 24;
/** Narrower terminals have no room for a bar, and a file's size would leave none for its name. */
const ROOMY_COLUMNS = 60;
const SEPARATOR = ' · ';

/** The whole picture: a line for each file under way, what is being linked, and the numbers below. At most `rows` lines. */
export function progressLines(
  facts: ProgressFacts,
  slots: readonly (Move | null)[],
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

/** The numbers alone, as one line. */
export function progressLine(facts: ProgressFacts): string {
  return parts(facts).join(SEPARATOR);
}

/** From 10 minutes on whole minutes, from a minute on tens of seconds: what stands there should not flicker. */
export function roughDuration(seconds: number): string {
  const step = seconds >= 600 ? 60 : seconds >= 60 ? 10 : 1;
  const rounded = Math.max(1, Math.ceil(seconds / step) * step);
  return formatDuration(rounded).replace(/(min) 0 s$/, '$1');
}

function workerLines(slots: readonly (Move | null)[], columns: number, room: number): string[] {
  if (slots.length <= room) return slots.map(move => workerLine(move, columns));
  if (room === 0) return [];
  const shown = slots.slice(0, room - 1).map(move => workerLine(move, columns));
  const hidden = slots.slice(room - 1).filter(Boolean).length;
  return [...shown, fitted(`  and ${hidden} more`, columns)];
}

function workerLine(move: Move | null, columns: number): string {
  if (!move) return SIGNS.opening;
  const { phase, size, moved, path, name } = move;
  const share = size && phase === 'downloading' ? `${Math.min(99, Math.floor((moved / size) * 100))} %` : '';
  const bytes = columns >= ROOMY_COLUMNS ? `${formatBytes(size ?? moved).padStart(9)}  ` : '';
  const start = `${SIGNS[phase]} ${share.padStart(4)}  ${bytes}`;
  const place = visible(path ? `${path}/${name}` : name);
  const room = columns - start.length;
  return start + (widthOf(place) <= room ? place : fitted(visible(name), room));
}

function bar({ bytes, filesDone, files }: ProgressFacts, columns: number): string {
  const share = bytes && bytes.toMove > 0 ? bytes.moved / bytes.toMove : files > 0 ? filesDone / files : 0;
  const percent = `${Math.floor(Math.min(1, share) * 100)} %`;
  if (columns < ROOMY_COLUMNS) return percent;
  const filled = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${percent.padStart(4)}`;
}

function parts(facts: ProgressFacts): string[] {
  const { filesDone, files, isTotal, bytes, secondsLeft, silentSeconds, workers, slowedDown } = facts;
  const more = isTotal ? '' : '+';
  const unit = formatCount(files, 'file').split(' ')[1];
  const all = [`${filesDone.toLocaleString('en-US')}/${files.toLocaleString('en-US')}${more} ${unit}`];
  if (bytes) all.push(`${formatBytes(bytes.moved)}/${formatBytes(bytes.toMove)}${more}`);
  if (silentSeconds > 0) all.push(`no data for ${formatDuration(silentSeconds)}`);
  else if (bytes?.perSecond != null) all.push(`${formatBytes(bytes.perSecond)}/s`);
  if (secondsLeft !== null && silentSeconds === 0) {
    all.push(`${isTotal ? '' : 'at least '}${roughDuration(secondsLeft)} left`);
  }
  if (workers) all.push(workersPart(workers));
  if (slowedDown)
    all.push(`Drive asks for less: ${rate(slowedDown.allowed)} of ${rate(slowedDown.most)} queries/s`);
  for (const [status, count] of Object.entries(facts.counts)) {
    all.push(`${count.toLocaleString('en-US')} ${status}`);
  }
  return all;
}

function workersPart({ busy, allowed, most }: NonNullable<ProgressFacts['workers']>): string {
  const now = `${busy} of ${formatCount(allowed, 'worker')} busy`;
  return allowed < most ? `${now} (${most} when not throttled)` : now;
}

function rate(queriesPerSecond: number): string {
  return queriesPerSecond < 10 ? queriesPerSecond.toFixed(1) : String(Math.round(queriesPerSecond));
}

/** Parts one after the other, on as many lines as they need. */
function folded(all: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of all) {
    const last = lines.at(-1);
    const longer = `${last}${SEPARATOR}${part}`;
    if (last !== undefined && widthOf(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(fitted(part, columns));
  }
  return lines;
}
