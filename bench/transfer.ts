/**
 * Rows about throughput, CPU and memory, compared with the pipe and rclone. The goals are for the transfer stage, which does the
 * same work as the two others; the whole command is shown as well. CPU and memory are those of the whole process, including
 * its start.
 */
import { programAt } from '../test/project-root.ts';
import { gibOf, LOADS, type Load } from './load.ts';
import { type Move, moved } from './moved.ts';
import { type Goal, leftOut, median, type Row, row, spread } from './row.ts';

const MOST_MIB = 200;
const CPU_OF_PIPE: Goal = { of: 'ratio', atMost: 1.15 };
const SPEED_OF_PIPE: Goal = { of: 'ratio', atLeast: 0.95 };
const MIXED_SPEED_OF_RCLONE: Goal = { of: 'ratio', atLeast: 0.95 };
const LARGE_SPEED_OF_RCLONE: Goal = { of: 'ratio', atLeast: 1.2 };
const LARGE_MIB = 100;

export async function transferRows(loads: readonly Load[] = LOADS): Promise<Row[]> {
  if (!programAt('openssl')) return [leftOut('transfer', 'not installed: openssl, for the TLS of Drive')];
  const rows: Row[] = [];
  for (const load of loads) rows.push(...(await rowsOf(load)));
  return rows;
}

async function rowsOf(load: Load): Promise<Row[]> {
  const { transfer, migrate, pipe, rclone } = await moved(load);
  const gib = gibOf(load);
  const speed = (moves: Move[]) => moves.map(({ report }) => (gib * 1024) / report.transferSeconds);
  const cpu = (moves: Move[]) => moves.map(({ cpuSeconds }) => cpuSeconds / gib);
  const peak = (moves: Move[]) => Math.max(...moves.map(({ peakMib }) => peakMib ?? Number.NaN));
  const compare = (ours: Move[], other: Move[], name: string, goals: { speed?: Goal; cpu?: Goal }) =>
    (
      [
        ['speed', 'MiB/s', speed],
        ['CPU', 's/GiB', cpu],
      ] as const
    ).map(([what, unit, of]) =>
      row({
        name: `${load.name}: ${what}, ${name}`,
        value: median(of(ours)),
        unit,
        bound: median(of(other)),
        goal: goals[what === 'CPU' ? 'cpu' : 'speed'] ?? null,
        note: `in turn ${ours.length} times; ours ${spread(of(ours))}, bound ${spread(of(other))}`,
      }),
    );
  const hasRclone = rclone.length > 0;
  return [
    ...compare(transfer, pipe, 'transfer beside the pipe', { speed: SPEED_OF_PIPE, cpu: CPU_OF_PIPE }),
    ...(hasRclone
      ? compare(transfer, rclone, 'transfer beside rclone', { speed: rcloneGoal(load) })
      : [leftOut(`${load.name}: beside rclone`, 'not installed: rclone')]),
    ...compare(migrate, pipe, 'the whole migration beside the pipe', {}),
    row({
      name: `${load.name}: peak memory`,
      value: Math.max(peak(transfer), peak(migrate)),
      unit: 'MiB',
      bound: peak(pipe),
      goal: { of: 'value', atMost: MOST_MIB },
      note: `resident; transfer ${peak(transfer).toFixed(0)}, the whole migration ${peak(migrate).toFixed(0)}${hasRclone ? `, rclone ${peak(rclone).toFixed(0)}` : ''}; bound: the pipe. ${cloudShare(transfer, pipe)}`,
    }),
  ];
}

function rcloneGoal({ sizes }: Load): Goal | undefined {
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  if (mean >= LARGE_MIB * 1024 * 1024) return LARGE_SPEED_OF_RCLONE;
  return new Set(sizes).size > 1 ? MIXED_SPEED_OF_RCLONE : undefined;
}

/** How busy the local cloud was: near 100 %, the cloud and not the measured program limits the speed. */
function cloudShare(transfer: Move[], pipe: Move[]): string {
  const busy = (moves: Move[]) =>
    median(moves.map(({ report }) => (100 * report.cpuSeconds) / report.transferSeconds)).toFixed(0);
  return `The local cloud was busy ${busy(transfer)} % of the time with ours, ${busy(pipe)} % with the pipe.`;
}
