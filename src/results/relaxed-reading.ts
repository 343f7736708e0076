/** What relaxed naming reads in a name that could not be read. */
import type { NameReading, NameRules } from '../../stages/file-name.ts';
import { parse } from '../../stages/parse.ts';
import { canContinue, type FileRecord } from '../../stages/record.ts';

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
