/** Rows about moving bytes: as fast as the barest code would, with how much CPU, in how much memory. */
import { gibOf, LARGE_FILES, type Load, MIB, nameOfLoad, PART_BYTES, SMALL_FILES } from './load.ts';
import { type Move, moved } from './moved.ts';
import { median, type Row, row, spread } from './row.ts';

const SMALL_CPU_SECONDS_PER_GIB = 3.6;
const LARGE_CPU_SECONDS_PER_GIB = 6.5;
const LARGE_FILES_MIB = 200;

export async function pipeRows(loads: Load[] = [SMALL_FILES, LARGE_FILES]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const load of loads) rows.push(...(await rowsOf(load)));
  return rows;
}

async function rowsOf(load: Load): Promise<Row[]> {
  const { command, ceiling } = await moved(load);
  const gib = gibOf(load);
  const speeds = (moves: Move[]) => moves.map(({ usage }) => (gib * 1024) / usage.seconds);
  const cpu = (moves: Move[]) => moves.map(({ usage }) => usage.cpuSeconds / gib);
  const memory = (moves: Move[]) => moves.map(({ usage }) => usage.maxRssMiB);
  const large = load.mib * MIB > PART_BYTES;
  const name = nameOfLoad(load);
  return [
    row({
      name: `throughput, ${name}`,
      value: median(speeds(command)),
      unit: 'MiB/s',
      bound: median(speeds(ceiling)),
      goal: { of: 'ratio', atLeast: 0.9 },
      note: `bound: barest code, in turn ${command.length} times; ours ${spread(speeds(command))}, ceiling ${spread(speeds(ceiling))}. ${cloudShare(command, ceiling)}`,
    }),
    row({
      name: `CPU, ${name}`,
      value: median(cpu(command)),
      unit: 's/GiB',
      bound: median(cpu(ceiling)),
      goal: { of: 'value', atMost: large ? LARGE_CPU_SECONDS_PER_GIB : SMALL_CPU_SECONDS_PER_GIB },
      note: `bound: barest code; ours ${spread(cpu(command))}, ceiling ${spread(cpu(ceiling))}`,
    }),
    row({
      name: `peak memory, ${name}`,
      value: Math.max(...memory(command)),
      unit: 'MiB',
      bound: Math.max(...memory(ceiling)),
      goal: large ? { of: 'value', atMost: LARGE_FILES_MIB } : null,
      note: `resident; ours ${spread(memory(command))}`,
    }),
  ];
}

/** How busy the local cloud was: where it is so all the time, it and not the measured program sets the pace. */
function cloudShare(command: Move[], ceiling: Move[]): string {
  const busy = (moves: Move[]) =>
    median(moves.map(({ usage, report }) => (100 * report.cpuSeconds) / usage.seconds));
  return `The local cloud was busy ${busy(command).toFixed(0)} % of the time with ours, ${busy(ceiling).toFixed(0)} % with the ceiling.`;
}
