/** The files of a run for other programs and for spreadsheets; from its manifests alone. */
import type { FileRecord, Status } from '../../stages/record.ts';
import { lineOf } from '../run/manifest/record-line.ts';
import type { Run } from '../run/manifest/run.ts';
import { Counts } from '../run/progress/counts.ts';
import { entryOf } from '../run/progress/projection.ts';
import { type Cell, csvLines } from '../run/text/csv.ts';
import { jsonOf } from '../run/text/visible.ts';
import { type Format, mapped } from './format.ts';
import { driveLink } from './review-view.ts';

export interface ExportOptions {
  format: Format;
  /** Only files with one of these; all when null. */
  statuses: ReadonlySet<Status> | null;
  warn: (message: string) => void;
  now?: Date;
}

export interface Export {
  /** The text, piece by piece. Throws BadLine and RunError. */
  text: AsyncIterable<string>;
  /** Of the files in the text; complete at its end. */
  counts: Counts;
}

/** JSON has the form of `progress_{folder_id}.json`, NDJSON the records as they are, CSV a row for each file. */
export function exportOf(run: Run, { format, statuses, warn, now = new Date() }: ExportOptions): Export {
  const counts = new Counts();
  const selected = async function* (): AsyncGenerator<FileRecord> {
    for await (const record of run.latest(warn)) {
      if (statuses && !statuses.has(record.status)) continue;
      counts.add(record);
      yield record;
    }
  };
  switch (format) {
    case 'json':
      return { text: jsonText(run, selected(), counts, now), counts };
    case 'ndjson':
      return { text: mapped(selected(), lineOf), counts };
    case 'csv':
      return { text: csvLines(Object.keys(COLUMNS), mapped(selected(), rowOf)), counts };
  }
}

/** Written by hand as far as the files go: as one object a large run would not fit into memory. */
async function* jsonText(
  run: Run,
  records: AsyncIterable<FileRecord>,
  counts: Counts,
  now: Date,
): AsyncGenerator<string> {
  yield `{\n  "folder_id": ${JSON.stringify(run.folderId)},\n`;
  yield `  "started_at": ${JSON.stringify(run.startedAt)},\n  "updated_at": ${JSON.stringify(now)},\n`;
  yield '  "files": {';
  for await (const record of records) {
    const comma = counts.total > 1 ? ',' : '';
    yield `${comma}\n    ${jsonOf(record.id)}: ${jsonOf(entryOf(record))}`;
  }
  yield counts.total > 0 ? '\n  },\n' : '},\n';
  yield `  "total_files": ${counts.total},\n  "summary": ${JSON.stringify(counts.summary())}\n}\n`;
}

/** What people look for comes first. An md5 is left out: some would be read as numbers. */
const COLUMNS: Readonly<Record<string, (record: FileRecord) => Cell>> = {
  status: ({ status }) => status,
  folder: ({ path }) => path,
  file: ({ name }) => name,
  reason: ({ error }) => error?.message,
  link: driveLink,
  error_code: ({ error }) => error?.code,
  sequential_ids: ({ sequentialIds = [] }) => joined(sequentialIds),
  missing_ids: ({ missing = [] }) => joined(missing),
  observation_ids: ({ observations = [] }) => joined(observations.map(({ id }) => id)),
  s3_url: ({ url }) => url,
  media_ids: ({ media = [] }) => joined(media.map(({ id }) => id)),
  bytes: ({ bytes, size }) => bytes ?? size,
  mime_type: ({ mimeType }) => mimeType,
  modified_time: ({ modifiedTime }) => modifiedTime,
  id: ({ id }) => id,
};

function rowOf(record: FileRecord): Cell[] {
  return Object.values(COLUMNS).map(column => column(record));
}

/** With nothing between the values that could make one number of several. */
function joined(values: readonly (string | number)[]): Cell {
  return values.length === 1 ? values[0] : values.join('; ');
}
