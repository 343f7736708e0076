/** The data of a report: a run's records, counted and reduced. It depends on neither HTML nor the clock. */
import { type FileRecord, nameOf, type RecordError, type Status } from '../../../stages/record.ts';
import type { IdRange } from '../../run/manifest/id-ranges.ts';
import type { Run } from '../../run/manifest/run.ts';
import type { UnreadableRecords } from '../../run/manifest/unreadable-records.ts';
import { Counts, UNFINISHED } from '../../run/progress/counts.ts';
import { STATUSES_SHOWN } from '../../run/progress/statuses.ts';
import { type ReviewRules, readingText, relaxedReading } from '../relaxed-reading.ts';
import { type Advice, adviceOn } from './advice.ts';
import { Coverage, type Kind, kindOf } from './coverage.ts';
import { httpsOnly } from './markup.ts';
import { type Arrival, type Timeline, timelineOf } from './timeline.ts';

/** Statuses with nothing left to do. */
export const DONE: readonly Status[] = ['completed', 'duplicate'];

/** Why files of one status stopped. */
export interface ReasonCount {
  status: Status;
  code: string;
  advice: Advice;
  files: number;
  bytes: number;
}

export interface FolderCount {
  /** Below the migrated folder, `/`-joined; empty for the migrated folder itself. */
  path: string;
  files: number;
  bytes: number;
  attention: number;
  /** Files by status, in {@link STATUSES_SHOWN}. */
  statuses: number[];
}

/** One file. A tuple, since a page has many. */
export type FileRow = readonly [
  id: string,
  name: string,
  /** Index into `folders`. */
  folder: number,
  /** Bytes; null if Drive gives none. */
  size: number | null,
  /** Index into {@link STATUSES_SHOWN}. */
  status: number,
  /** Index into `reasons`; -1 for none. */
  reason: number,
  /** Index into `messages`; -1 for none. */
  message: number,
  /** Of the object, https; empty for none. */
  url: string,
  /** Index into {@link KINDS}. */
  kind: number,
  /** What relaxed naming reads in a name that could not be read; empty for none. */
  relaxed: string,
];

export const KINDS: readonly Kind[] = ['photo', 'video', 'other'];

/** The run of a report, without its records. */
export interface ReportedRun {
  folderId: string;
  /** In Drive; null if it is not known. */
  folderName?: string | null;
  startedAt: string;
  isListed: boolean;
  unreadableRecords?: UnreadableRecords;
  holder?: { command: string; since: string } | null;
  observationIds?: { readAt: string; ranges: IdRange[] } | null;
}

export class Report {
  readonly run: ReportedRun;
  readonly coverage = new Coverage();
  readonly kinds: Record<Kind, Counts> = { photo: new Counts(), video: new Counts(), other: new Counts() };
  readonly counts = new Counts();
  readonly reasons: ReasonCount[] = [];
  readonly folders: FolderCount[] = [];
  /** Error messages without the file's name, so that most are equal. */
  readonly messages: string[] = [];
  readonly files: FileRow[] = [];
  readonly #rules: ReviewRules;
  readonly #arrivals: Arrival[] = [];
  readonly #places = {
    reasons: new Map<string, number>(),
    folders: new Map<string, number>(),
    messages: new Map<string, number>(),
  };

  constructor(run: ReportedRun, rules: ReviewRules) {
    // A copy, because a run reads these from its files at each access.
    const { folderId, folderName, startedAt, isListed, unreadableRecords, holder, observationIds } = run;
    this.run = { folderId, folderName, startedAt, isListed, unreadableRecords, holder, observationIds };
    this.#rules = rules;
    this.coverage.addExisting(observationIds?.ranges ?? []);
  }

  add(record: FileRecord): void {
    const { id, name, status, error } = record;
    const bytes = record.bytes ?? record.size ?? 0;
    const kind = kindOf(record);
    this.counts.add(record);
    this.kinds[kind].add(record);
    this.coverage.add(record);
    const path = record.path ?? '';
    const folder = placeOf(path, this.#places.folders, this.folders, () => {
      return { path, files: 0, bytes: 0, attention: 0, statuses: STATUSES_SHOWN.map(() => 0) };
    });
    const place = STATUSES_SHOWN.indexOf(status);
    const counted = this.folders[folder]!;
    counted.files += 1;
    counted.bytes += bytes;
    counted.attention += Number(UNFINISHED.includes(status));
    counted.statuses[place]! += 1;
    const [reason, message] = error ? this.#addError(record, error) : [-1, -1];
    const size = record.bytes ?? record.size ?? null;
    const relaxed = relaxedReading(record, this.#rules);
    const reading = relaxed ? readingText(relaxed) : '';
    const url = httpsOnly(record.url) ?? '';
    this.files.push([id, name, folder, size, place, reason, message, url, KINDS.indexOf(kind), reading]);
    const at = record.url && record.storedAt ? Date.parse(record.storedAt) : Number.NaN;
    if (!Number.isNaN(at)) this.#arrivals.push({ at, bytes });
  }

  /** Null if no record says when its object was stored. */
  timeline(): Timeline | null {
    return timelineOf(this.#arrivals);
  }

  /** Files and bytes with nothing left to do. */
  get done(): { files: number; bytes: number } {
    return sumOf(this.counts, DONE);
  }

  /** Files and bytes that need a person or another run. */
  get attention(): { files: number; bytes: number } {
    return sumOf(this.counts, UNFINISHED);
  }

  #addError(record: FileRecord, error: RecordError): [reason: number, message: number] {
    const { status } = record;
    const { reasons, messages } = this.#places;
    const reason = placeOf(`${status} ${error.code}`, reasons, this.reasons, () => {
      return { status, code: error.code, advice: adviceOn(error), files: 0, bytes: 0 };
    });
    this.reasons[reason]!.files += 1;
    this.reasons[reason]!.bytes += record.bytes ?? record.size ?? 0;
    const text = withoutName(error.message, record);
    return [reason, placeOf(text, messages, this.messages, () => text)];
  }
}

export async function reportOf(
  run: Run,
  rules: ReviewRules,
  warn: (message: string) => void,
): Promise<Report> {
  const report = new Report(run, rules);
  for await (const record of run.latest(warn)) report.add(record);
  return report;
}

export function sumOf(counts: Counts, statuses: readonly Status[]): { files: number; bytes: number } {
  return {
    files: statuses.reduce((sum, status) => sum + counts.files(status), 0),
    bytes: statuses.reduce((sum, status) => sum + counts.bytesOf(status), 0),
  };
}

/** Index of the item with this name; a new one is added. */
function placeOf<Item>(name: string, places: Map<string, number>, items: Item[], make: () => Item): number {
  const known = places.get(name);
  if (known !== undefined) return known;
  places.set(name, items.length);
  return items.push(make()) - 1;
}

/** Messages begin with the file's name, which the report already shows. */
function withoutName(message: string, record: FileRecord): string {
  const start = `${nameOf(record)}: `;
  if (!message.startsWith(start)) return message;
  const rest = message.slice(start.length);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
