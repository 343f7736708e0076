/** Rows about the start of the command, compared with the start of Node itself. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listedLine } from './growth.ts';
import { COMMAND } from './measured-process.ts';
import { median, type Row, row, spread } from './row.ts';

const REPETITIONS = 15;
const VERSION_RATIO = 2.5;

const PROGRAMS: { name: string; arguments: string[]; input?: string }[] = [
  { name: 'node -e 0', arguments: ['-e', '0'] },
  { name: '--version', arguments: [COMMAND, '--version'] },
  { name: '--help', arguments: [COMMAND, '--help'] },
  { name: 'parse of one line', arguments: [COMMAND, 'parse'], input: listedLine(0) },
];

export async function startupRows(): Promise<Row[]> {
  const home = mkdtempSync(join(tmpdir(), 'migrator-startup-'));
  const times = PROGRAMS.map((): number[] => []);
  try {
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      for (const [index, program] of PROGRAMS.entries()) times[index]!.push(milliseconds(program, home));
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  const [node, ...commands] = times;
  return commands.map((each, index) =>
    row({
      name: `start-up, ${PROGRAMS[index + 1]!.name}`,
      value: median(each),
      unit: 'ms',
      bound: median(node!),
      goal: index === 0 ? { of: 'ratio', atMost: VERSION_RATIO } : null,
      note: `bound: node -e 0; in turn ${REPETITIONS} times, ${spread(each)} ms`,
    }),
  );
}

function milliseconds({ name, arguments: args, input }: (typeof PROGRAMS)[number], home: string): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, {
    input: input ?? '',
    env: { ...process.env, AMPLIFY_MEDIA_MIGRATOR_HOME: home },
  });
  const passed = performance.now() - started;
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
  return passed;
}
