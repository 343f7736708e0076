/** The data of a report: a run's records, counted and made small. Nothing here is HTML or looks at a clock. */
import { type FileRecord, nameOf, type Status } from '../../../stages/record.ts';
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

/** Statuses that leave nothing to do. */
export const DONE: readonly Status[] = ['completed', 'duplicate'];

/** Why files of one status did not go on. */
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
  /** Files that need a person or another run. */
  attention: number;
  /** Files by status, in {@link STATUSES_SHOWN}. */
  statuses: number[];
}

/** One file. A tuple, since a page holds many: the places in it are those of {@link ReportFile}. */
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

export interface ReportFile {
  id: string;
  name: string;
  path: string;
  size: number | null;
  status: Status;
  reason: ReasonCount | null;
  message: string | null;
  url: string | null;
  kind: Kind;
  relaxed: string | null;
}

/** What a report is about, beside its records. */
export interface ReportedRun {
  folderId: string;
  /** In Drive; null if it is not known. */
  folderName?: string | null;
  startedAt: string;
  isListed: boolean;
  unreadableRecords?: UnreadableRecords;
  /** The other process that works on the run. */
  holder?: { command: string; since: string } | null;
  observationIds?: { readAt: string; ranges: IdRange[] } | null;
}

export class Report {
  readonly folderId: string;
  readonly folderName: string | null;
  /** RFC 3339. */
  readonly startedAt: string;
  /** False while the folder has not been listed to its end. */
  readonly isListed: boolean;
  /** Records that the data service could not give. */
  readonly unreadable: UnreadableRecords;
  /** The other process that works on the run; null if there is none. */
  readonly holder: { command: string; since: string } | null;
  /** When the ids of all observations were read; null if they never were. */
  readonly observationsReadAt: string | null;
  readonly coverage = new Coverage();
  readonly kinds: Record<Kind, Counts> = { photo: new Counts(), video: new Counts(), other: new Counts() };
  readonly counts = new Counts();
  /** In the order in which they occur. */
  readonly reasons: ReasonCount[] = [];
  readonly folders: FolderCount[] = [];
  /** What records say of their errors, without the file's name: most say the same. */
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
    this.folderId = run.folderId;
    this.folderName = run.folderName ?? null;
    this.startedAt = run.startedAt;
    this.isListed = run.isListed;
    this.unreadable = run.unreadableRecords ?? {};
    this.holder = run.holder ?? null;
    this.observationsReadAt = run.observationIds?.readAt ?? null;
    this.#rules = rules;
    this.coverage.addExisting(run.observationIds?.ranges ?? []);
  }

  add(record: FileRecord): void {
    const { id, name, status, error } = record;
    const bytes = record.bytes ?? record.size ?? 0;
    const kind = kindOf(record);
    this.counts.add(record);
    this.kinds[kind].add(record);
    this.coverage.add(record);
    const folder = this.#folderOf(record.path ?? '');
    const place = STATUSES_SHOWN.indexOf(status);
    const counted = this.folders[folder]!;
    counted.files += 1;
    counted.bytes += bytes;
    counted.attention += Number(UNFINISHED.includes(status));
    counted.statuses[place]! += 1;
    const reason = error ? this.#reasonOf(record, error) : -1;
    if (reason >= 0) {
      this.reasons[reason]!.files += 1;
      this.reasons[reason]!.bytes += bytes;
    }
    const message = error ? this.#messageOf(withoutName(error.message, record)) : -1;
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

  /** Files and bytes with a status that leaves nothing to do. */
  get done(): { files: number; bytes: number } {
    return sumOf(this.counts, DONE);
  }

  /** Files and bytes that need a person or another run. */
  get attention(): { files: number; bytes: number } {
    return sumOf(this.counts, UNFINISHED);
  }

  /** The files that need a person or another run, in the order of the listing. */
  *filesToAttend(): Generator<ReportFile> {
    for (const row of this.files) if (UNFINISHED.includes(STATUSES_SHOWN[row[4]]!)) yield this.#fileOf(row);
  }

  #fileOf([id, name, folder, size, status, reason, message, url, kind, relaxed]: FileRow): ReportFile {
    return {
      id,
      name,
      path: this.folders[folder]!.path,
      size,
      status: STATUSES_SHOWN[status]!,
      reason: this.reasons[reason] ?? null,
      message: this.messages[message] ?? null,
      url: url || null,
      kind: KINDS[kind]!,
      relaxed: relaxed || null,
    };
  }

  #folderOf(path: string): number {
    return placeIn(this.#places.folders, path, () => {
      this.folders.push({ path, files: 0, bytes: 0, attention: 0, statuses: STATUSES_SHOWN.map(() => 0) });
    });
  }

  #reasonOf({ status }: FileRecord, error: NonNullable<FileRecord['error']>): number {
    return placeIn(this.#places.reasons, `${status} ${error.code}`, () => {
      this.reasons.push({ status, code: error.code, advice: adviceOn(error), files: 0, bytes: 0 });
    });
  }

  #messageOf(text: string): number {
    return placeIn(this.#places.messages, text, () => this.messages.push(text));
  }
}

/** The run as far as it has come. */
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

function placeIn(places: Map<string, number>, name: string, add: () => void): number {
  const known = places.get(name);
  if (known !== undefined) return known;
  places.set(name, places.size);
  add();
  return places.size - 1;
}

/** Messages begin with the file's name; beside the name they need not. */
function withoutName(message: string, record: FileRecord): string {
  const start = `${nameOf(record)}: `;
  if (!message.startsWith(start)) return message;
  const rest = message.slice(start.length);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
