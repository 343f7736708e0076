/** Rows about moving bytes: as fast as the pipe and as rclone, with how much CPU, in how much memory. */
import { gibOf, LOADS, type Load } from './load.ts';
import { isInstalled, type Move, moved } from './moved.ts';
import { type Goal, leftOut, median, type Row, row, spread } from './row.ts';

const MOST_MIB = 200;
const CPU_OF_PIPE: Goal = { of: 'ratio', atMost: 1.15 };
const SPEED_OF_PIPE: Goal = { of: 'ratio', atLeast: 0.95 };
const MIXED_SPEED_OF_RCLONE: Goal = { of: 'ratio', atLeast: 0.95 };
const LARGE_SPEED_OF_RCLONE: Goal = { of: 'ratio', atLeast: 1.2 };
const LARGE_MIB = 100;

export async function transferRows(loads: readonly Load[] = LOADS): Promise<Row[]> {
  if (!isInstalled('openssl')) return [leftOut('transfer', 'not installed: openssl, for the TLS of Drive')];
  const rows: Row[] = [];
  for (const load of loads) rows.push(...(await rowsOf(load)));
  return rows;
}

async function rowsOf(load: Load): Promise<Row[]> {
  const { command, pipe, rclone } = await moved(load);
  const gib = gibOf(load);
  const speed = (moves: Move[]) => moves.map(({ report }) => (gib * 1024) / report.transferSeconds);
  const cpu = (moves: Move[]) => moves.map(({ cpuSeconds }) => cpuSeconds / gib);
  const peak = (moves: Move[]) => Math.max(...moves.map(({ peakMib }) => peakMib ?? Number.NaN));
  const beside = (name: string, unit: string, of: typeof speed, other: Move[], goal: Goal | null) =>
    row({
      name: `${load.name}: ${name}`,
      value: median(of(command)),
      unit,
      bound: median(of(other)),
      goal,
      note: `in turn ${command.length} times; ours ${spread(of(command))}, bound ${spread(of(other))}`,
    });
  const besideRclone =
    rclone.length > 0
      ? [
          beside('speed, beside rclone', 'MiB/s', speed, rclone, rcloneGoal(load)),
          beside('CPU, beside rclone', 's/GiB', cpu, rclone, null),
        ]
      : [leftOut(`${load.name}: beside rclone`, 'not installed: rclone')];
  const theirs = rclone.length > 0 ? `; rclone ${peak(rclone).toFixed(0)}` : '';
  return [
    beside('speed, beside the pipe', 'MiB/s', speed, pipe, SPEED_OF_PIPE),
    beside('CPU, beside the pipe', 's/GiB', cpu, pipe, CPU_OF_PIPE),
    ...besideRclone,
    row({
      name: `${load.name}: peak memory`,
      value: peak(command),
      unit: 'MiB',
      bound: peak(pipe),
      goal: { of: 'value', atMost: MOST_MIB },
      note: `resident; bound: the pipe${theirs}. ${cloudShare(command, pipe)}`,
    }),
  ];
}

function rcloneGoal({ sizes }: Load): Goal | null {
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  if (mean >= LARGE_MIB * 1024 * 1024) return LARGE_SPEED_OF_RCLONE;
  return new Set(sizes).size > 1 ? MIXED_SPEED_OF_RCLONE : null;
}

/** How busy the local cloud was: where it is so all the time, it and not the measured program sets the pace. */
function cloudShare(command: Move[], pipe: Move[]): string {
  const busy = (moves: Move[]) =>
    median(moves.map(({ report }) => (100 * report.cpuSeconds) / report.transferSeconds)).toFixed(0);
  return `The local cloud was busy ${busy(command)} % of the time with ours, ${busy(pipe)} % with the pipe.`;
}
