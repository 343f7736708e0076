/**
 * Rows about a realistic network: a scaled-down mix of files behind latency and limited bandwidth, once limited by the
 * bandwidth and once by Drive's query rate. The bound is the larger of bytes ÷ bandwidth (each byte passes once in each
 * direction, full duplex) and files ÷ query rate (one query for each download).
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, startBeside } from './ask-process.ts';
import type { CloudReady, DriveFolder, NewHome } from './cloud-process.ts';
import { FIRST_ID, MIB } from './load.ts';
import { LocalCloud } from './local-cloud.ts';
import { COMMAND, measure, type Usage } from './measured-process.ts';
import type { NetworkOrder, NetworkReady } from './network.ts';
import { digits, type Row, row } from './row.ts';

const FILES = 2000;
const VIDEO_EVERY = 33;
const DRIVE_ROUND_TRIP_MS = 80;
const AWS_ROUND_TRIP_MS = 40;
const KIB = 1024;

interface Bounds {
  name: string;
  mibPerSecond: number;
  queriesPerSecond: number;
}

/** Both take less than two minutes. */
const LINES: Bounds[] = [
  { name: 'bandwidth', mibPerSecond: 24, queriesPerSecond: 100 },
  { name: 'query rate', mibPerSecond: 64, queriesPerSecond: 25 },
];

/** The same numbers every time (Lehmer). */
function numbers(seed: number): (from: number, to: number) => number {
  let state = seed;
  return (from, to) => {
    state = (state * 48_271) % 2_147_483_647;
    return from + Math.floor(((to - from) * state) / 2_147_483_647);
  };
}

/** Photos of 100 to 600 KiB and some videos of 5 to 40 MiB, in nested folders. */
function realisticFolder(): DriveFolder {
  const number = numbers(7);
  const files: DriveFolder['files'] = [];
  let id = FIRST_ID;
  let links = 0;
  while (files.length < FILES) {
    const thousand = Math.floor(id / 1000) * 1000;
    const hundred = Math.floor(id / 100) * 100;
    const path = `${thousand}-${thousand + 999}/${hundred}-${hundred + 99}`;
    const ids = number(0, 100) < 8 ? 2 : 1;
    const more = ids === 1 && number(0, 100) < 25 ? number(1, 4) : 0;
    const base = ids === 1 ? `${id}` : `${id}-${id + 1}`;
    for (const label of ['', 'a', 'b', 'c'].slice(0, more + 1)) {
      const isVideo = files.length % VIDEO_EVERY === VIDEO_EVERY - 1;
      files.push({
        path,
        name: `${base}${label}.${isVideo ? 'mp4' : 'jpg'}`,
        sizeBytes: isVideo ? number(5 * MIB, 40 * MIB) : number(100 * KIB, 600 * KIB),
      });
      links += ids;
    }
    id += ids;
  }
  return { files, observations: { first: FIRST_ID, count: id - FIRST_ID }, links };
}

export async function networkRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const line of LINES) {
    const { queriesPerSecond } = line;
    const folder = realisticFolder();
    rows.push(...(await LocalCloud.with({ folder, queriesPerSecond }, cloud => rowsOf(line, folder, cloud))));
  }
  return rows;
}

async function rowsOf(line: Bounds, folder: DriveFolder, cloud: LocalCloud): Promise<Row[]> {
  const home = await cloud.newHome();
  const network = startBeside('network');
  try {
    const environment = await behindLine(network, line, cloud.ready, home);
    await cloud.reset();
    const usage = await measure({
      arguments: [COMMAND, 'migrate', '--folder-id', cloud.ready.folderId],
      environment,
    });
    const { objects, media } = await cloud.report();
    const { files, links } = folder;
    if (objects !== files.length || media !== links)
      throw new Error(`${objects} objects and ${media} records arrived`);
    const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const byBandwidth = bytes / MIB / line.mibPerSecond;
    const byRate = files.length / line.queriesPerSecond;
    return [
      row({
        name: `real-shaped network, bound by ${line.name}`,
        value: usage.seconds,
        unit: 's',
        bound: Math.max(byBandwidth, byRate),
        goal: { of: 'ratio', atMost: 1.05 },
        note: `${files.length.toLocaleString('en-US')} files, ${digits(bytes / MIB)} MiB at ${line.mibPerSecond} MiB/s each way: ${digits(byBandwidth)} s; ${line.queriesPerSecond} queries/s: ${digits(byRate)} s. Round trips: Drive ${DRIVE_ROUND_TRIP_MS} ms, S3 and AppSync ${AWS_ROUND_TRIP_MS} ms.`,
      }),
      timeLeftRow(line.name, usage),
    ];
  } finally {
    network.kill();
  }
}

/** Sends the home's requests to Drive, S3 and AppSync over the simulated network, but not those of the sign-in. */
async function behindLine(
  network: ChildProcess,
  line: Bounds,
  ready: CloudReady,
  { home, environment }: NewHome,
): Promise<Record<string, string>> {
  const route = (url: string, roundTripMs: number) => ({ port: Number(new URL(url).port), roundTripMs });
  const order: NetworkOrder = {
    bytesPerSecond: line.mibPerSecond * MIB,
    routes: [
      route(ready.drive.url, DRIVE_ROUND_TRIP_MS),
      route(ready.s3.url, AWS_ROUND_TRIP_MS),
      route(ready.appSync.url, AWS_ROUND_TRIP_MS),
    ],
  };
  const ports = await ask<NetworkReady>(network, order);
  const [drive, s3, appSync] = ports.map(port => `http://127.0.0.1:${port}`);
  const path = join(home, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  config.google_drive.api_url = drive;
  config.aws.amplify.api_endpoint = `${appSync}/graphql`;
  writeFileSync(path, JSON.stringify(config));
  return { ...environment, AWS_ENDPOINT_URL_S3: s3! };
}

/** Near the end, a second is a large share of the time left, so there the error is compared with this share of the whole. */
const SMALLEST_SHARE = 0.1;

/** The largest error of the displayed remaining time, after the first tenth of the run. */
function timeLeftRow(bound: string, { seconds, messages }: Usage): Row {
  const shown = messages.flatMap(({ line, atSeconds }) => {
    const said = secondsLeft(line);
    if (said === null || atSeconds < seconds / 10) return [];
    const really = seconds - atSeconds;
    const off = Math.abs(said - really) / Math.max(really, seconds * SMALLEST_SHARE);
    return [{ said, really, percent: 100 * off }];
  });
  return row({
    name: `time left, bound by ${bound}`,
    value: Math.max(...shown.map(({ percent }) => percent), shown.length > 0 ? 0 : Number.NaN),
    unit: '% off',
    bound: null,
    goal: { of: 'value', atMost: 20 },
    note: `the worst of ${shown.length} lines; said/really: ${shown.map(({ said, really }) => `${said}/${Math.round(really)}`).join(', ')} s`,
  });
}

/** The remaining time in a progress line; null if it has none. */
export function secondsLeft(line: string): number | null {
  const text = / ([^·]+) left\b/.exec(line)?.[1];
  if (!text) return null;
  const units: Record<string, number> = { s: 1, min: 60, h: 3600 };
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+) (h|min|s)\b/g)) seconds += Number(count) * units[unit!]!;
  return seconds;
}
