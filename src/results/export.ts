/** Exports the files of a run for other programs and for spreadsheets, from its manifests. */
import type { FileRecord, Status } from '../../stages/record.ts';
import { lineOf } from '../run/manifest/record-line.ts';
import type { Run } from '../run/manifest/run.ts';
import { Counts } from '../run/progress/counts.ts';
import { progressText } from '../run/progress/projection.ts';
import { type Cell, type Columns, csvLines } from '../run/text/csv.ts';
import type { Format } from './format.ts';
import { driveLink } from './review-view.ts';

/**
 * JSON has the form of `progress_{folder_id}.json` with the names of folders, NDJSON the records as they are, CSV a row for
 * each file. Of files with one of these statuses. `counts` are of the files in the text, complete at its end.
 * Reading the text throws BadLine and RunError.
 */
export function exportOf(
  run: Run,
  format: Format,
  statuses: ReadonlySet<Status>,
  warn: (message: string) => void,
): { text: AsyncIterable<string>; counts: Counts } {
  const counts = new Counts();
  async function* selected(): AsyncGenerator<FileRecord> {
    for await (const record of run.latest(warn)) if (statuses.has(record.status)) yield record;
  }
  async function* counted(): AsyncGenerator<FileRecord> {
    for await (const record of selected()) {
      counts.add(record);
      yield record;
    }
  }
  async function* lines(): AsyncGenerator<string> {
    for await (const record of counted()) yield lineOf(record);
  }
  const texts = {
    json: () => progressText(run, selected(), counts, new Date(), true),
    ndjson: lines,
    csv: () => csvLines(COLUMNS, counted()),
  };
  return { text: texts[format](), counts };
}

/** What people look for comes first. An md5 is left out: some would be read as numbers. */
const COLUMNS: Columns<FileRecord> = {
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

/** The separator keeps a spreadsheet from reading several values as one number. */
function joined(values: readonly (string | number)[]): Cell {
  return values.length === 1 ? values[0] : values.join('; ');
}
