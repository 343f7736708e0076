/** Rows about requests: how many each service got for a whole migration, against what the work needs. */
import { LARGE_FILES, type Load, MIB, nameOfLoad, PART_BYTES, SMALL_FILES } from './load.ts';
import { moved } from './moved.ts';
import { type Row, row } from './row.ts';

const PAGE = 1000;
const FOLDERS_A_QUERY = 10;
const OBSERVATIONS_A_REQUEST = 1000;
const LINKS_A_REQUEST = 25;
/** Requests to AppSync that do not grow with the folder. */
const APPSYNC_ONCE = 10;

export async function requestRows(loads: Load[] = [SMALL_FILES, LARGE_FILES]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const load of loads) {
    const { command, folders } = await moved(load, 1);
    const { requests } = command.at(-1)!.report;
    const { token: _, ...queries } = requests.drive;
    const parts = Math.ceil((load.mib * MIB) / PART_BYTES);
    // Folders and files lie on different levels, and a level is listed before the next one is known.
    const pages = Math.ceil(folders / PAGE) + Math.ceil(load.files / PAGE);
    const bounds = {
      drive: load.files + pages + Math.ceil(folders / FOLDERS_A_QUERY),
      s3: load.files * (parts === 1 ? 1 : parts + 2),
      appSync:
        Math.ceil(load.files / OBSERVATIONS_A_REQUEST) +
        Math.ceil(load.files / LINKS_A_REQUEST) +
        APPSYNC_ONCE,
    };
    const counted = { drive: queries, s3: requests.s3, appSync: requests.appSync };
    for (const [service, title] of [
      ['drive', 'Drive'],
      ['s3', 'S3'],
      ['appSync', 'AppSync'],
    ] as const) {
      const operations = Object.entries(counted[service]);
      rows.push(
        row({
          name: `requests to ${title}, ${nameOfLoad(load)}`,
          value: operations.reduce((sum, [, count]) => sum + count, 0),
          unit: '',
          bound: bounds[service],
          goal: { of: 'ratio', atMost: 1 },
          note: operations.map(([operation, count]) => `${count} ${operation}`).join(', '),
        }),
      );
    }
  }
  return rows;
}
