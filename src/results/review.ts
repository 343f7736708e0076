/**
 * review: the files of a run that need a decision, by reason, with what relaxed naming reads in their names; accepts these
 * readings. Needs only the manifests.
 */
import type { NameReading, NameRules } from '../../stages/file-name.ts';
import { parse } from '../../stages/parse.ts';
import { canContinue, type FileRecord, nameOf, STAGES, STATUSES, stillMissing } from '../../stages/record.ts';
import { UsageError } from '../config/error.ts';
import { nearest } from '../config/nearest.ts';
import { closeManifests, openManifests } from '../run/manifest/open-manifests.ts';
import type { Run } from '../run/manifest/run.ts';
import { rewrite } from '../run/run-records.ts';
import { REASONS } from './report/advice.ts';

export interface ReviewItem {
  record: FileRecord;
  /** The error's code; the status where a person wrote one without an error. */
  code: string;
  /** What relaxed naming reads in a name that could not be read; null if nothing, or if the name is not what is wrong. */
  relaxed: NameReading | null;
}

/**
 * True if another run alone cannot complete the file: a name or a collision to decide on, a missing observation, a
 * permanent error. False for what the next run retries.
 */
function needsPerson(record: FileRecord): boolean {
  const { status, error } = record;
  if (status === 'partial') return stillMissing(record).length > 0;
  if (status === 'failed') return error?.retryable === false;
  return status === 'needs_review' || status === 'orphan';
}

/** All files of the run, counted, and those that need a person: grouped by reason, the most frequent first. */
export async function review(
  records: AsyncIterable<FileRecord> | Iterable<FileRecord>,
  rules: ReviewRules,
): Promise<{ total: number; items: ReviewItem[] }> {
  let total = 0;
  const items: ReviewItem[] = [];
  for await (const record of records) {
    total += 1;
    if (!needsPerson(record)) continue;
    const code = record.error?.code ?? record.status;
    items.push({ record, code, relaxed: relaxedReading(record, rules) });
  }
  const groups = [...byReason(items).values()];
  return { total, items: groups.sort((a, b) => b.length - a.length).flat() };
}

export function byReason(items: Iterable<ReviewItem>): Map<string, ReviewItem[]> {
  const groups = new Map<string, ReviewItem[]>();
  for (const item of items) {
    const group = groups.get(item.code) ?? [];
    groups.set(item.code, group);
    group.push(item);
  }
  return groups;
}

/**
 * A warning for each of these reasons that no file of the run has stopped for. Throws UsageError for one that neither this
 * tool has nor a person has written into this run.
 */
export function absentReasons(codes: Iterable<string>, items: readonly ReviewItem[]): string[] {
  const present = [...byReason(items).keys()];
  const known = [...new Set([...REASONS, ...STATUSES, ...present])];
  const absent = [...new Set(codes)].filter(code => !present.includes(code));
  const unknown = absent.filter(code => !known.includes(code));
  if (unknown.length > 0) {
    const meant = unknown.flatMap(code => nearest(code, known) ?? []);
    const help = '"migrator review" shows the reasons in this run.';
    throw new UsageError(
      `There is no reason ${unknown.map(code => `"${code}"`).join(', ')}.`,
      meant.length > 0 ? `Did you mean ${meant.join(', ')}? ${help}` : help,
    );
  }
  const others =
    present.length > 0 ? `The reasons in this run: ${present.join(', ')}.` : 'No file does for any.';
  return absent.map(code => `No file needs a person for the reason "${code}". ${others}`);
}

/**
 * Writes the relaxed readings into the manifest of parse, as a person would; the next run continues from there. They also
 * go into the latest manifest that has the file, so that `status` and `review` are right before that run. Returns the items
 * that were changed: parse had stopped them, and no person has edited them since. Requires the run's lock.
 */
export async function acceptRelaxed(
  run: Run,
  items: Iterable<ReviewItem>,
  rules: ReviewRules,
  warn: (message: string) => void,
): Promise<ReviewItem[]> {
  const write = run.has('parse') ? STAGES.slice(1).filter(stage => run.has(stage)) : [];
  const manifests = await openManifests(run, { write, warn });
  const { parse, resolve, transfer, link } = manifests;
  try {
    const accepted: ReviewItem[] = [];
    for (const item of items) {
      const own = item.relaxed && parse?.last(item.record.id);
      const relaxed = own && relaxedReading(own, rules);
      if (!relaxed) continue;
      parse!.append(withReading(own, relaxed));
      accepted.push({ ...item, relaxed });
    }
    // A crash in between must not leave a file that is pending in a later manifest but stopped by parse.
    await parse?.flush();
    for (const { record, relaxed } of accepted) {
      const furthest = [link, transfer, resolve].find(manifest => manifest?.has(record.id));
      furthest?.append(withReading(furthest.last(record.id)!, relaxed!));
    }
    return accepted;
  } finally {
    await closeManifests(manifests);
  }
}

/**
 * Lets the next run accept the bytes of these files as Drive sends them. Returns the items that were accepted. Requires the
 * run's lock.
 */
export async function acceptAsDownloaded(
  run: Run,
  items: Iterable<ReviewItem>,
  warn: (message: string) => void,
): Promise<ReviewItem[]> {
  const accepted = [...items].filter(({ code }) => code === 'bytes_contradict');
  if (accepted.length === 0) return [];
  const records = accepted.map(({ record }): FileRecord => {
    const { error: _, ...rest } = record;
    return { ...rest, accepted: 'as-downloaded', status: 'pending' };
  });
  await rewrite(run, records, warn);
  return accepted;
}

function withReading({ error: _error, ...record }: FileRecord, reading: NameReading): FileRecord {
  return { ...record, ...reading, status: record.url ? 'uploaded' : 'pending' };
}

/** The message of a record's error without the file's name, which is shown next to it. */
export function plainMessage(record: FileRecord): string | undefined {
  const start = `${nameOf(record)}: `;
  const message = record.error?.message;
  return message?.startsWith(start) ? message.slice(start.length) : message;
}

/** Naming is relaxed here, whatever the run's is. */
export type ReviewRules = Omit<NameRules, 'naming'>;

/** Null unless parse has stopped the record, it names no ids by hand, and relaxed naming reads its name. */
export function relaxedReading(record: FileRecord, rules: ReviewRules): NameReading | null {
  const { error, ...unread } = record;
  if (record.status !== 'needs_review' || error?.stage !== 'parse' || record.sequentialIds?.length)
    return null;
  const read = parse({ ...unread, status: 'pending' }, { ...rules, naming: 'relaxed' });
  if (!canContinue(read)) return null;
  const { pattern, sequentialIds, type, contentType, prefix } = read as FileRecord & NameReading;
  return { pattern, sequentialIds, ...(prefix !== undefined && { prefix }), type, contentType };
}

/** `6602`, `6000-6002`, `4394, 4395`, `E 6602`. */
export function readingText({ pattern, sequentialIds, prefix }: NameReading): string {
  const ids =
    pattern === 'range' && sequentialIds.length > 1
      ? `${sequentialIds[0]}-${sequentialIds.at(-1)}`
      : sequentialIds.join(', ');
  return prefix ? `${prefix} ${ids}` : ids;
}
