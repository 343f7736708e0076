/**
 * `npm run bench`: runs the real command against the local Drive and the local S3, each in a separate process. The results are
 * printed next to what they are compared with, and written to `bench/results.json`. Compare numbers only within one run:
 * machines differ, and so does their load.
 *
 *     npm run bench                       all rows
 *     npm run bench -- transfer requests     some of them
 *     npm run bench -- 30mix 100x1 2x500  other loads: a number of files of the mix, or files x MiB
 *     npm run bench -- null 10000000      a run of this many records, without bytes
 *     npm run bench -- profile [8x500]    where the CPU time goes
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../test/project-root.ts';
import { againRows } from './again.ts';
import { growthRows } from './growth.ts';
import { type Load, loadFrom } from './load.ts';
import { nullRows } from './null.ts';
import { profileLines } from './profile.ts';
import { networkRows } from './real-network.ts';
import { requestRows } from './requests.ts';
import { leftOut, type Row, tableOf } from './row.ts';
import { startupRows } from './startup.ts';
import { transferRows } from './transfer.ts';

/** In the order in which they run. Some accept other loads than their defaults. */
const FAMILIES: Record<string, (loads?: Load[]) => Promise<Row[]>> = {
  transfer: transferRows,
  requests: requestRows,
  network: networkRows,
  growth: growthRows,
  null: () => nullRows(largest),
  again: againRows,
  startup: startupRows,
};

const CAVEAT =
  'The local cloud is one thread on the same cores: where it is busy near 100 % of the time, it sets the pace, and the CPU rows say more than the throughput.';

/** If one family fails, the rows of the others are still shown. */
function failed(name: string, error: unknown): Row {
  process.exitCode = 1;
  console.error(error);
  return leftOut(name, `could not be measured: ${String(error).split('\n')[0]}`);
}

const names: string[] = [];
const loads: Load[] = [];
/** Records; undefined: the usual sizes. */
let largest: number | undefined;
for (const text of process.argv.slice(2)) {
  const load = loadFrom(text);
  if (load) loads.push(load);
  else if (/^\d+$/.test(text)) largest = Number(text);
  else if (text === 'profile' || Object.hasOwn(FAMILIES, text)) names.push(text);
  else {
    const known = [...Object.keys(FAMILIES), 'profile'].join(', ');
    console.error(`${text} is neither a row (${known}) nor a load (mix, 30mix, or files x MiB like 2000x1).`);
    process.exit(2);
  }
}

if (names.includes('profile')) {
  for (const line of await profileLines(loads)) console.log(line);
} else {
  const all = Object.keys(FAMILIES);
  const asked = names.length > 0 ? names : loads.length > 0 ? ['transfer', 'requests'] : all;
  const chosen = all.filter(name => asked.includes(name));
  const rows: Row[] = [];
  const load = loadavg()[0]!;
  if (load > cpus().length / 2) {
    console.error(
      `Other programs keep this computer busy (load ${load.toFixed(1)}): times will be too long.`,
    );
  }
  for (const name of chosen) {
    console.error(`${name} …`);
    const found = await FAMILIES[name]!(loads.length > 0 ? loads : undefined).catch(error => [
      failed(name, error),
    ]);
    console.error(tableOf(found));
    rows.push(...found);
  }
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}`;
  console.log(`${tableOf(rows)}\n\n${machine}, ${process.platform}. ${CAVEAT}`);
  const path = join(projectRoot(), 'bench', 'results.json');
  writeFileSync(path, `${JSON.stringify({ machine, load, at: new Date().toISOString(), rows }, null, 2)}\n`);
}
