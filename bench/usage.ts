/**
 * Loaded before the measured command (`node --import`). When the process ends, it writes down what it has used: there is no
 * portable way to get CPU time and peak memory of a child from outside.
 */
import { readFileSync, writeFileSync } from 'node:fs';

export interface ProcessUsage {
  cpuSeconds: number;
  maxRssMiB: number;
  /** By all writes, to files, pipes and sockets; null if the system does not report it. */
  writtenBytes: number | null;
}

const path = process.env.BENCH_USAGE;

function writtenBytes(): number | null {
  try {
    const [, bytes] = /^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8')) ?? [];
    return bytes ? Number(bytes) : null;
  } catch {
    return null;
  }
}

if (path) {
  process.once('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage: ProcessUsage = {
      cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
      maxRssMiB: maxRSS / 1024,
      writtenBytes: writtenBytes(),
    };
    writeFileSync(path, JSON.stringify(usage));
  });
}
