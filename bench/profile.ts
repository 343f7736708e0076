/** `npm run bench -- profile`: where the CPU time of the transfer stage goes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../test/project-root.ts';
import { LARGE_FILES, type Load } from './load.ts';
import { atPlace, byTransfer } from './moved.ts';

/** What V8 writes (`--cpu-prof`); times in microseconds. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

interface Frame {
  name: string;
  seconds: number;
  /** Of the time in which the thread was not idle. */
  share: number;
}

const SHOWN = 30;

/** Runs the load under the profiler and returns the most expensive functions of the main thread as lines. */
export function profileLines(loads: Load[] = [LARGE_FILES]): Promise<string[]> {
  const load = loads[0] ?? LARGE_FILES;
  return atPlace(load, async place => {
    const folder = mkdtempSync(join(tmpdir(), 'migrator-profile-'));
    try {
      const { cpuSeconds, peakMib } = await byTransfer(place, ['--cpu-prof', `--cpu-prof-dir=${folder}`]);
      const [file] = readdirSync(folder).sort();
      const frames = widest(JSON.parse(readFileSync(join(folder, file!), 'utf8')));
      return [
        `${load.name} under the profiler: ${cpuSeconds.toFixed(1)} CPU s of all threads, ${peakMib?.toFixed(0)} MiB. Self time of the main thread:`,
        ...frames
          .slice(0, SHOWN)
          .map(
            ({ name, seconds, share }) =>
              `${seconds.toFixed(2).padStart(8)} s  ${(100 * share).toFixed(1).padStart(5)} %  ${name}`,
          ),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** Self time by function, largest first, without idle time. */
export function widest({ nodes, samples, timeDeltas }: CpuProfile): Frame[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const micros = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id)!;
    // A delta is the time since the previous sample.
    micros.set(name, (micros.get(name) ?? 0) + (timeDeltas[index + 1] ?? 0));
  });
  micros.delete('(idle)');
  const total = [...micros.values()].reduce((sum, each) => sum + each, 0);
  return [...micros]
    .map(([name, each]) => ({ name, seconds: each / 1e6, share: each / total }))
    .sort((a, b) => b.seconds - a.seconds);
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName || '(anonymous)';
  if (!url) return name;
  const place = url.startsWith('file:') ? relative(projectRoot(), fileURLToPath(url)) : url;
  return `${name}  ${place}:${lineNumber + 1}`;
}
