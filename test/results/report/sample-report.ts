/** A report on records, and its page. */
import { pageOf } from '../../../src/results/report/page.ts';
import { Report } from '../../../src/results/report/report.ts';
import type { FileRecord } from '../../../stages/record.ts';

type Run = ConstructorParameters<typeof Report>[0];

export function reportOn(records: Iterable<FileRecord>, more: Partial<Run> = {}): Report {
  const run = { folderId: 'folder-1', startedAt: '2026-03-02T08:00:00.000Z', isListed: true, ...more };
  const report = new Report(run, { maxRange: 100, prefixes: false });
  for (const record of records) report.add(record);
  return report;
}

export function pageWith(records: Iterable<FileRecord>, more?: Partial<Run>): string {
  return [...pageOf(reportOn(records, more), { madeAt: new Date(0), timeZone: 'Asia/Jerusalem' })].join('');
}
