/**
 * Rows about very large runs: `transfer` from a source without bytes. The time per record should not grow with the run, and a
 * shard should need no memory for the files of the others.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../test/project-root.ts';
import { listedLine } from './growth.ts';
import { measure, type Usage } from './measured-process.ts';
import { type Row, row } from './row.ts';

const SIZES = [100_000, 1_000_000];
const LINEAR = 1.5;
const SHARDS = 8;
const FOLDER = 'null';
const LINES_PER_WRITE = 10_000;
/** Node's own limit depends on the computer. */
const HEAP_MIB = 16 * 1024;

interface Outcome {
  records: number;
  usage: Usage;
  /** Of the transfer manifest. */
  bytes: number;
}

/** `largest`: a further size, in records. */
export async function nullRows(largest?: number): Promise<Row[]> {
  const rows: Row[] = [];
  let before: Outcome | null = null;
  for (const records of largest ? [...SIZES, largest] : SIZES) {
    const home = mkdtempSync(join(tmpdir(), 'migrator-null-'));
    try {
      writeResolved(home, records);
      const whole = await transferred(home, records);
      rows.push(rowOf(whole, before), memoryRow(whole, await transferred(home, records, `1/${SHARDS}`)));
      before ??= whole;
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }
  return rows;
}

async function transferred(home: string, records: number, shard?: string): Promise<Outcome> {
  const program = join(projectRoot(), 'dist', 'bench', 'null-process.js');
  const node = [`--max-old-space-size=${HEAP_MIB}`];
  const path = join(
    folderIn(home),
    shard ? `transfer.${shard.replace('/', '-of-')}.ndjson` : 'transfer.ndjson',
  );
  const usage = await measure({ node, arguments: [program, home, FOLDER, ...(shard ? [shard] : [])] });
  const bytes = statSync(path).size;
  // The next one starts from the beginning.
  rmSync(path);
  return { records, usage, bytes };
}

function rowOf({ records, usage, bytes }: Outcome, small: Outcome | null): Row {
  const microsARecord = (each: Outcome) => (1e6 * each.usage.cpuSeconds) / each.records;
  const { seconds, maxRssMiB } = usage;
  const speed = Math.round(records / seconds).toLocaleString('en-US');
  return row({
    name: `transfer without bytes, ${records.toLocaleString('en-US')} records: CPU a record`,
    value: microsARecord({ records, usage, bytes }),
    unit: 'µs',
    bound: small && microsARecord(small),
    goal: small && { of: 'ratio', atMost: LINEAR },
    note: `${seconds.toFixed(1)} s, ${speed} records/s, ${maxRssMiB.toFixed(0)} MiB; transfer.ndjson ${(bytes / records).toFixed(0)} bytes a record`,
  });
}

function memoryRow({ records, usage }: Outcome, shard: Outcome): Row {
  return row({
    name: `transfer without bytes, ${records.toLocaleString('en-US')} records: memory of one shard of ${SHARDS}`,
    value: shard.usage.maxRssMiB,
    unit: 'MiB',
    bound: usage.maxRssMiB,
    goal: null,
    note: `bound: the whole run; ${shard.usage.seconds.toFixed(1)} s`,
  });
}

const folderIn = (home: string) => join(home, 'runs', FOLDER);

function writeResolved(home: string, records: number): void {
  mkdirSync(folderIn(home), { recursive: true, mode: 0o700 });
  const file = openSync(join(folderIn(home), 'resolve.ndjson'), 'w', 0o600);
  for (let from = 0; from < records; from += LINES_PER_WRITE) {
    const count = Math.min(LINES_PER_WRITE, records - from);
    writeSync(file, Array.from({ length: count }, (_, index) => resolvedLine(from + index)).join(''));
  }
  closeSync(file);
}

function resolvedLine(index: number): string {
  const record = JSON.parse(listedLine(index));
  const sequentialId = Number.parseInt(record.name, 10);
  const id = `00000000-0000-4000-8000-${String(sequentialId).padStart(12, '0')}`;
  const key = `media/${id}/${record.name}`;
  const meaning = { sequentialIds: [sequentialId], observations: [{ id, sequentialId }], key };
  return `${JSON.stringify({ ...record, ...meaning })}\n`;
}
