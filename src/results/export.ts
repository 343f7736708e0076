/** Exports the files of a run for other programs and for spreadsheets, from its manifests. */
import type { FileRecord, Status } from '../../stages/record.ts';
import { lineOf } from '../run/manifest/record-line.ts';
import type { Run } from '../run/manifest/run.ts';
import { Counts } from '../run/progress/counts.ts';
import { progressText } from '../run/progress/projection.ts';
import { type Cell, csvLines } from '../run/text/csv.ts';
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

/** JSON has the form of `progress_{folder_id}.json` with the names of folders, NDJSON the records as they are, CSV a row for each file. */
export function exportOf(run: Run, { format, statuses, warn, now = new Date() }: ExportOptions): Export {
  const counts = new Counts();
  const selected = async function* (): AsyncGenerator<FileRecord> {
    for await (const record of run.latest(warn)) if (statuses?.has(record.status) ?? true) yield record;
  };
  const counted = <Out>(map: (record: FileRecord) => Out) =>
    mapped(selected(), record => {
      counts.add(record);
      return map(record);
    });
  switch (format) {
    case 'json':
      return { text: progressText(run, selected(), counts, now, true), counts };
    case 'ndjson':
      return { text: counted(lineOf), counts };
    case 'csv':
      return { text: csvLines(Object.keys(COLUMNS), counted(rowOf)), counts };
  }
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

/** The separator keeps a spreadsheet from reading several values as one number. */
function joined(values: readonly (string | number)[]): Cell {
  return values.length === 1 ? values[0] : values.join('; ');
}
