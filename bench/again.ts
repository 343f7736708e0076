/** Rows about a finished run: migrating it again should cost almost nothing. */
import { FIRST_ID } from './load.ts';
import { LocalCloud } from './local-cloud.ts';
import { COMMAND, measure } from './measured-process.ts';
import { type Row, row } from './row.ts';

const FILES = 20_000;
const FILE_BYTES = 100;
const FILES_A_FOLDER = 500;
const SECONDS = 3;

export function againRows(): Promise<Row[]> {
  const folder = {
    files: Array.from({ length: FILES }, (_, index) => ({
      path: `${Math.floor(index / FILES_A_FOLDER)}`,
      name: `${FIRST_ID + index}.jpg`,
      sizeBytes: FILE_BYTES,
    })),
    observations: { first: FIRST_ID, count: FILES },
    links: FILES,
  };
  return LocalCloud.with({ folder }, async cloud => {
    const { environment } = await cloud.newHome();
    const migrate = () =>
      measure({ arguments: [COMMAND, 'migrate', '--folder-id', cloud.ready.folderId], environment });
    const first = await migrate();
    const before = await cloud.report();
    if (before.objects !== FILES || before.media !== FILES) throw new Error('not everything arrived');
    await cloud.recount();
    const again = await migrate();
    const { requests, linksAsked } = await cloud.report();
    const told = Object.entries(requests).flatMap(([service, operations]) =>
      Object.entries(operations).map(([operation, count]) => `${count} ${service} ${operation}`),
    );
    const downloads = requests.drive['files.download'] ?? 0;
    const toS3 = Object.values(requests.s3).reduce((sum, count) => sum + count, 0);
    const name = `${FILES.toLocaleString('en-US')} finished files, migrate once more`;
    return [
      row({
        name,
        value: again.seconds,
        unit: 's',
        bound: null,
        goal: { of: 'value', atMost: SECONDS },
        note: `${again.cpuSeconds.toFixed(1)} CPU s, ${again.maxRssMiB.toFixed(0)} MiB; the first time, with files of ${FILE_BYTES} bytes: ${first.seconds.toFixed(1)} s`,
      }),
      row({
        name: `${name}: downloads, uploads and links`,
        value: downloads + toS3 + linksAsked,
        unit: 'requests',
        bound: null,
        goal: { of: 'value', atMost: 0 },
        note:
          told.length > 0 ? `requests of any kind: ${told.join(', ')}` : 'no request to Drive, S3 or AppSync',
      }),
    ];
  });
}
