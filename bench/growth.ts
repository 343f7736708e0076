/**
 * Rows about growth: parse and resolve of ten thousand, a hundred thousand and a million records, once through a pipe and
 * once in the folder of a run, where the manifests are the state. There are ten files for each observation, as in projects
 * that take several pictures of everything. The observations come from the local AppSync.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { LocalCloud } from './local-cloud.ts';
import { COMMAND, launch, measure, type Usage } from './measured-process.ts';
import { digits, leftOut, type Row, row } from './row.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const LARGEST = SIZES.at(-1)!;
const FILES_AN_OBSERVATION = 10;
const LETTERS = 'abcdefghi';
const FIRST_ID = 1_000_000;
const PEAK_MIB = 1024;
const NEWLINE = 0x0a;
/** How much more time a record may take in a run of a million than in one of a hundred thousand: measurement noise. */
const LINEAR = 1.3;

interface Growth {
  records: number;
  /** Of one command, or the sum of concurrent ones. */
  seconds: number;
  cpuSeconds: number;
  /** Of the larger of two. */
  peakMib: number;
}

interface InFolder extends Growth {
  /** By all writes, and how much of it is still on disk at the end; null if the system does not report it. */
  written: { bytes: number; there: number } | null;
}

/** A line of a list manifest, like those from Drive. */
export function listedLine(index: number): string {
  const place = index % FILES_AN_OBSERVATION;
  const base = FIRST_ID + Math.floor(index / FILES_AN_OBSERVATION);
  const hex = index.toString(16).padStart(8, '0');
  const record = {
    id: `1${hex.repeat(4)}`,
    name: `${base}${place === 0 ? '' : LETTERS[place - 1]}.jpg`,
    path: `${base - (base % 1000)}-${base - (base % 1000) + 999}`,
    size: 350_000 + (index % 1000),
    mimeType: 'image/jpeg',
    md5: hex.repeat(4),
    modifiedTime: '2024-05-17T09:30:00.000Z',
    status: 'pending',
  };
  return `${JSON.stringify(record)}\n`;
}

export function growthRows(): Promise<Row[]> {
  const observations = { first: FIRST_ID, count: LARGEST / FILES_AN_OBSERVATION };
  return LocalCloud.with({ folder: { files: [], observations, links: 0 } }, async cloud => {
    const piped = await grown('parse | resolve', records => pipe(cloud, records));
    // If one way fails, the rows of the other are still shown.
    const scanned = await grown('scan', records => runFolder(cloud, records)).catch(String);
    return [
      ...rowsOf('parse | resolve', piped),
      ...(typeof scanned === 'string'
        ? [leftOut('scan', `could not be measured: ${scanned.split('\n').slice(0, 2).join(' ')}`)]
        : [...rowsOf('scan', scanned), ...rewritingRows(scanned.at(-1)!)]),
    ];
  });
}

async function grown<T extends Growth>(name: string, run: (records: number) => Promise<T>): Promise<T[]> {
  const growths: T[] = [];
  for (const records of SIZES) {
    const each = await run(records);
    console.error(
      `  ${name}, ${thousands(records)}: ${each.seconds.toFixed(1)} s, ${each.cpuSeconds.toFixed(1)} CPU s, ${each.peakMib.toFixed(0)} MiB`,
    );
    growths.push(each);
  }
  return growths;
}

/** Appending writes a manifest only once. */
function rewritingRows({ records, written }: InFolder): Row[] {
  const name = `scan: bytes written ÷ bytes in the run’s folder`;
  if (written === null) return [leftOut(name, 'this system does not tell what a process has written')];
  const { bytes, there } = written;
  return [
    row({
      name,
      value: bytes / there,
      unit: 'times',
      bound: Math.log2(records),
      goal: { of: 'ratio', atMost: 1 },
      note: `bound: log2 of ${thousands(records)} records; at the end there are ${digits(there / records)} bytes a record, manifests and projection`,
    }),
  ];
}

function rowsOf(name: string, growths: Growth[]): Row[] {
  const [small, middle, large] = growths as [Growth, Growth, Growth];
  // The difference of two sizes, which leaves out the start-up; and CPU time, which other programs affect less.
  const microsARecord = (from: Growth, to: Growth) =>
    (1e6 * (to.cpuSeconds - from.cpuSeconds)) / (to.records - from.records);
  const speeds = growths.map(({ records, seconds }) => `${thousands(records)} in ${seconds.toFixed(1)} s`);
  const memory = growths.map(({ records, peakMib }) => `${thousands(records)} ${peakMib.toFixed(0)} MiB`);
  return [
    row({
      name: `${name}: CPU a record, up to ${thousands(LARGEST)}`,
      value: microsARecord(middle, large),
      unit: 'µs',
      bound: microsARecord(small, middle),
      goal: { of: 'ratio', atMost: LINEAR },
      note: `without the start-up; bound: the same up to ${thousands(middle.records)}; ${speeds.join(', ')}: ${thousands(Math.round(large.records / large.seconds))} records/s`,
    }),
    row({
      name: `${name}: peak memory, ${thousands(LARGEST)}`,
      value: large.peakMib,
      unit: 'MiB',
      bound: null,
      goal: { of: 'value', atMost: PEAK_MIB },
      note: memory.join(', '),
    }),
  ];
}

const thousands = (count: number) => count.toLocaleString('en-US');

async function pipe(cloud: LocalCloud, records: number): Promise<Growth> {
  const { environment } = await cloud.newHome();
  const listPath = join(cloud.folder, 'list.ndjson');
  const resolvedPath = join(cloud.folder, 'resolve.ndjson');
  writeList(listPath, records);
  const list = openSync(listPath, 'r');
  const resolved = openSync(resolvedPath, 'w');
  try {
    const resolve = launch({
      arguments: [COMMAND, 'resolve'],
      environment,
      input: 'pipe',
      output: resolved,
    });
    const parse = launch({
      arguments: [COMMAND, 'parse'],
      environment,
      input: list,
      output: resolve.input!,
    });
    // Only parse's end may keep the pipe open.
    resolve.input!.destroy();
    const usages = await Promise.all([parse.usage, resolve.usage]);
    const came = lines(resolvedPath);
    if (came !== records) throw new Error(`${came} records of ${records} came through the pipe`);
    return growth(records, usages);
  } finally {
    closeSync(list);
    closeSync(resolved);
    rmSync(listPath);
    rmSync(resolvedPath);
  }
}

async function runFolder(cloud: LocalCloud, records: number): Promise<InFolder> {
  const { home, environment } = await cloud.newHome();
  const folder = join(home, 'runs', cloud.ready.folderId);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeList(join(folder, 'list.ndjson'), records);
  const now = new Date().toISOString();
  const facts = { folder_id: cloud.ready.folderId, started_at: now, listed_at: now };
  writeFileSync(join(folder, 'run.json'), JSON.stringify(facts));
  const listed = bytesIn(home);
  const usage = await measure({
    arguments: [COMMAND, 'scan', '--folder-id', cloud.ready.folderId],
    environment,
  });
  const resolved = lines(join(folder, 'resolve.ndjson'));
  if (resolved !== records) throw new Error(`${resolved} records of ${records} were resolved`);
  const there = bytesIn(home) - listed;
  rmSync(home, { recursive: true, force: true });
  const bytes = usage.writtenBytes;
  return { ...growth(records, [usage]), written: bytes === null ? null : { bytes, there } };
}

function growth(records: number, usages: Usage[]): Growth {
  return {
    records,
    seconds: Math.max(...usages.map(({ seconds }) => seconds)),
    cpuSeconds: usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakMib: Math.max(...usages.map(({ maxRssMiB }) => maxRssMiB)),
  };
}

/** How many lines a file has. */
function lines(path: string): number {
  const file = openSync(path, 'r');
  const block = Buffer.alloc(1024 * 1024);
  let count = 0;
  for (let bytes = readSync(file, block); bytes > 0; bytes = readSync(file, block)) {
    for (let at = block.indexOf(NEWLINE); at >= 0 && at < bytes; at = block.indexOf(NEWLINE, at + 1))
      count += 1;
  }
  closeSync(file);
  return count;
}

/** Of all files in a folder and its subfolders. */
function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

const LINES_PER_WRITE = 10_000;

function writeList(path: string, records: number): void {
  const file = openSync(path, 'w', 0o600);
  for (let from = 0; from < records; from += LINES_PER_WRITE) {
    const count = Math.min(LINES_PER_WRITE, records - from);
    writeSync(file, Array.from({ length: count }, (_, index) => listedLine(from + index)).join(''));
  }
  closeSync(file);
}
