/** Rows about requests: how many each service received for a complete migration, compared with the necessary number. */
import { LOADS, type Load, MIB } from './load.ts';
import { moved } from './moved.ts';
import { type Row, row } from './row.ts';

/** The defaults: files above the threshold are uploaded in parts; from the last size on, the key is looked up first. */
const THRESHOLD_BYTES = 1024 * MIB;
const PART_BYTES = 8 * MIB;
const LOOKED_UP_BYTES = 16 * MIB;

const PAGE = 1000;
const FOLDERS_PER_QUERY = 10;
const OBSERVATIONS_PER_REQUEST = 1000;
const LINKS_PER_REQUEST = 25;
/** Requests to AppSync that do not depend on the size of the folder. */
const APPSYNC_ONCE = 10;

export async function requestRows(loads: readonly Load[] = LOADS): Promise<Row[]> {
  const rows: Row[] = [];
  for (const load of loads) {
    const { migrate, folders } = await moved(load, 1);
    const { requests } = migrate.at(-1)!.report;
    const { token: _, ...queries } = requests.drive;
    const files = load.sizes.length;
    // Folders and files are on different levels, and each level is listed after the one above.
    const pages = Math.ceil(folders / PAGE) + Math.ceil(files / PAGE);
    const bounds = {
      drive: files + pages + Math.ceil(folders / FOLDERS_PER_QUERY),
      s3: load.sizes.reduce((sum, size) => sum + requestsFor(size), 0),
      appSync:
        Math.ceil(files / OBSERVATIONS_PER_REQUEST) + Math.ceil(files / LINKS_PER_REQUEST) + APPSYNC_ONCE,
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
          name: `requests to ${title}, ${load.name}`,
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

function requestsFor(size: number): number {
  const lookUps = size >= LOOKED_UP_BYTES ? 1 : 0;
  return lookUps + (size > THRESHOLD_BYTES ? Math.ceil(size / PART_BYTES) + 2 : 1);
}
