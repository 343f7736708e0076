/** The data of a report: a run's records, counted and reduced. It depends on neither HTML nor the clock. */
import type { FileRecord, RecordError, Status } from '../../../stages/record.ts';
import type { Run } from '../../run/manifest/run.ts';
import { Counts, UNFINISHED } from '../../run/progress/counts.ts';
import { plainMessage, type ReviewRules, readingText, relaxedReading } from '../review.ts';
import { type Advice, adviceOn } from './advice.ts';
import { Coverage, type Kind, kindOf } from './coverage.ts';
import { type Arrival, type Timeline, timelineOf } from './timeline.ts';

/** Statuses with nothing left to do. */
export const DONE: readonly Status[] = ['completed', 'duplicate'];

/** Why files of one status stopped. */
interface Reason {
  status: Status;
  code: string;
  advice: Advice;
  files: number;
  bytes: number;
}

interface ReportFile {
  id: string;
  name: string;
  /** The path of its folder below the migrated folder; empty for the migrated folder itself. */
  path: string;
  /** Bytes; null if Drive gives none. */
  size: number | null;
  status: Status;
  /** Key of {@link Report.reasons}; empty for none. */
  reason: string;
  /** The message of its error, without the file's name; empty for none. */
  message: string;
  /** The address of the object, https; empty for none. */
  url: string;
  kind: Kind;
  /** What relaxed naming reads in a name that could not be read; empty for none. */
  relaxed: string;
}

/** The run of a report, without its records. */
type ReportedRun = Pick<
  Run,
  'folderId' | 'folderName' | 'startedAt' | 'isListed' | 'unreadableRecords' | 'observationIds'
> & { holder: Pick<NonNullable<Run['holder']>, 'command' | 'since'> | null };

export class Report {
  readonly run: ReportedRun;
  readonly coverage = new Coverage();
  readonly counts = new Counts();
  readonly kinds: Record<Kind, Counts> = { photo: new Counts(), video: new Counts(), other: new Counts() };
  /** The files of each folder, by path. */
  readonly folders = new Map<string, Counts>();
  /** Why files are not completed, by status and code. */
  readonly reasons = new Map<string, Reason>();
  readonly files: ReportFile[] = [];
  /** Messages of errors, without the file's name: most are equal, and are kept once. */
  readonly #messages = new Map<string, string>();
  readonly #arrivals: Arrival[] = [];
  readonly #rules: ReviewRules;

  constructor(
    run: Pick<Run, 'folderId' | 'startedAt' | 'isListed'> & Partial<ReportedRun>,
    rules: ReviewRules,
  ) {
    const { folderId, folderName = null, startedAt, isListed, holder = null } = run;
    const { unreadableRecords = {}, observationIds = null } = run;
    // A copy, because a run reads these from its files at each access.
    this.run = { folderId, folderName, startedAt, isListed, holder, unreadableRecords, observationIds };
    this.#rules = rules;
    this.coverage.addExisting(observationIds?.ranges ?? []);
  }

  add(record: FileRecord): void {
    const { id, name, path = '', status, error, storedAt } = record;
    const size = record.bytes ?? record.size ?? null;
    const kind = kindOf(record);
    const folder = this.folders.get(path) ?? new Counts();
    this.folders.set(path, folder);
    for (const counts of [this.counts, this.kinds[kind], folder]) counts.add(record);
    this.coverage.add(record);
    const relaxed = relaxedReading(record, this.#rules);
    this.files.push({
      id,
      name,
      path,
      size,
      status,
      reason: error ? this.#countReason(status, error, size ?? 0) : '',
      message: this.#messageOf(record),
      url: httpsOnly(record.url),
      kind,
      relaxed: relaxed ? readingText(relaxed) : '',
    });
    const at = record.url && storedAt ? Date.parse(storedAt) : Number.NaN;
    if (!Number.isNaN(at)) this.#arrivals.push({ at, bytes: size ?? 0 });
  }

  /** Null if no record says when its object was stored. */
  get timeline(): Timeline | null {
    return timelineOf(this.#arrivals);
  }

  #countReason(status: Status, error: RecordError, bytes: number): string {
    const key = `${status} ${error.code}`;
    const { code } = error;
    const reason = this.reasons.get(key) ?? { status, code, advice: adviceOn(error), files: 0, bytes: 0 };
    reason.files += 1;
    reason.bytes += bytes;
    this.reasons.set(key, reason);
    return key;
  }

  #messageOf(record: FileRecord): string {
    const message = plainMessage(record) ?? '';
    const text =
      message === record.error?.message ? message : message.charAt(0).toUpperCase() + message.slice(1);
    const known = this.#messages.get(text) ?? text;
    this.#messages.set(known, known);
    return known;
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

/** Files and bytes with nothing left to do. */
export function doneOf(counts: Counts): { files: number; bytes: number } {
  return sumOf(counts, DONE);
}

/** Files and bytes that need a person or another run. */
export function attentionOf(counts: Counts): { files: number; bytes: number } {
  return sumOf(counts, UNFINISHED);
}

function sumOf(counts: Counts, statuses: readonly Status[]): { files: number; bytes: number } {
  return {
    files: statuses.reduce((sum, status) => sum + counts.files(status), 0),
    bytes: statuses.reduce((sum, status) => sum + counts.bytesOf(status), 0),
  };
}

/** The address if it is https and can be linked to; empty for anything else. */
export function httpsOnly(address = ''): string {
  return URL.canParse(address) && new URL(address).protocol === 'https:' ? address : '';
}
