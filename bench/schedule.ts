/**
 * Rows about which file goes when: the code that the command schedules with moves a mix of photos and videos over a line
 * of simulated time, and so do two others that could stand in its place. Simulated, because only the order is to differ.
 *
 * Ranges win where a single connection is slow and the longest file comes last of all. The command has none: their bytes do
 * not come in order, so that no md5 of the whole could be taken as they pass, and each costs a query of the quota.
 */

import { concurrently, type WorkQueue } from '../stages/concurrently.ts';
import { LargeAndSmall } from '../stages/large-and-small.ts';
import { MIB, WORKERS } from './load.ts';
import { digits, type Row, row } from './row.ts';

interface File {
  size: number;
}

interface Schedule {
  name: string;
  /** Absent: in the order of the listing. */
  queue?: () => WorkQueue<File>;
  /** Whether workers that are idle fetch ranges of the file of which most is left. */
  ranges?: boolean;
}

const SCHEDULES: Schedule[] = [
  { name: 'large early, as the command does', queue: () => new LargeAndSmall() },
  { name: 'as listed' },
  { name: 'as listed, idle workers fetch ranges', ranges: true },
];

const STEP_SECONDS = 0.02;
const OPENING_SECONDS = 0.16;
const LINE = { bytesPerSecond: 24 * MIB, connectionBytesPerSecond: 8 * MIB, queriesPerSecond: 10 };
/** No range is shorter: each costs a query. */
const RANGE_BYTES = 8 * MIB;

const PHOTO = { size: Math.round(1.5 * MIB) };
const VIDEO = { size: 150 * MIB };
const repeated = (count: number, file: File) => Array.from({ length: count }, () => ({ ...file }));

const everywhere = repeated(20, VIDEO).flatMap(video => [...repeated(50, PHOTO), video]);

const MIXES: { name: string; files: File[] }[] = [
  { name: 'videos everywhere', files: everywhere },
  { name: 'videos last', files: [...repeated(1000, PHOTO), ...repeated(20, VIDEO)] },
  { name: 'the longest last', files: [...everywhere, { size: 6 * VIDEO.size }] },
];

export async function scheduleRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, files } of MIXES) {
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    const bound = Math.max(bytes / LINE.bytesPerSecond, files.length / LINE.queriesPerSecond);
    for (const schedule of SCHEDULES) {
      rows.push(
        row({
          name: `${name}: ${schedule.name}`,
          value: await secondsOf(files, schedule),
          unit: 's',
          bound,
          goal: null,
          note: `simulated: ${files.length.toLocaleString('en-US')} files, ${digits(bytes / MIB)} MiB; line ${LINE.bytesPerSecond / MIB} MiB/s, a connection at most ${LINE.connectionBytesPerSecond / MIB}; ${LINE.queriesPerSecond} queries/s; ${WORKERS} workers`,
        }),
      );
    }
  }
  return rows;
}

async function secondsOf(files: File[], { queue, ranges = false }: Schedule): Promise<number> {
  const line = new Line(ranges);
  async function* listed() {
    yield* files;
  }
  let isOver = false;
  const move = concurrently(
    () => WORKERS,
    (file: File) => line.carry(file),
    queue ? { queue: queue() } : {},
  );
  const moving = (async () => {
    for await (const _ of move(listed()));
  })().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    line.step();
    // Whoever waits for what has just arrived goes on first.
    await new Promise(resolve => setImmediate(resolve));
  }
  await moving;
  return line.seconds;
}

interface Flow {
  left: number;
  /** When each of its connections gives its first byte. */
  opensAt: number[];
  arrived: () => void;
}

class Line {
  readonly #ranges: boolean;
  #flows: Flow[] = [];
  #steps = 0;
  #queryAt = 0;

  constructor(ranges: boolean) {
    this.#ranges = ranges;
  }

  get seconds(): number {
    return this.#steps * STEP_SECONDS;
  }

  carry({ size }: File): Promise<true> {
    return new Promise(resolve => {
      this.#flows.push({ left: size, opensAt: [this.#query()], arrived: () => resolve(true) });
    });
  }

  step(): void {
    this.#steps += 1;
    if (this.#ranges) this.#useIdleWorkers();
    let room = LINE.bytesPerSecond * STEP_SECONDS;
    const most = (flow: Flow) => {
      const open = flow.opensAt.filter(at => at <= this.seconds).length;
      return Math.min(flow.left, open * LINE.connectionBytesPerSecond * STEP_SECONDS);
    };
    // Evenly; what one does not need goes to the others.
    const wanting = this.#flows.filter(flow => most(flow) > 0).sort((a, b) => most(a) - most(b));
    for (const [index, flow] of wanting.entries()) {
      const share = Math.min(most(flow), room / (wanting.length - index));
      flow.left -= share;
      room -= share;
    }
    const done = this.#flows.filter(({ left }) => left < 1);
    this.#flows = this.#flows.filter(({ left }) => left >= 1);
    for (const { arrived } of done) arrived();
  }

  /** When the first byte of a query comes that is asked for now. */
  #query(): number {
    this.#queryAt = Math.max(this.#queryAt, this.seconds) + 1 / LINE.queriesPerSecond;
    return this.#queryAt + OPENING_SECONDS;
  }

  #useIdleWorkers(): void {
    for (let busy = this.#connections; busy < WORKERS && this.#flows.length > 0; busy += 1) {
      const flow = this.#flows.reduce((most, each) =>
        perConnection(each) > perConnection(most) ? each : most,
      );
      if (perConnection(flow) < 2 * RANGE_BYTES) return;
      flow.opensAt.push(this.#query());
    }
  }

  get #connections(): number {
    return this.#flows.reduce((sum, { opensAt }) => sum + opensAt.length, 0);
  }
}

function perConnection({ left, opensAt }: Flow): number {
  return left / opensAt.length;
}
