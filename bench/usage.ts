/**
 * Loaded before the measured command (`node --import`): writes down, when the process ends, what it has used. CPU time
 * and peak memory of a child are told by no portable means from outside.
 */
import { readFileSync, writeFileSync } from 'node:fs';

export interface ProcessUsage {
  cpuSeconds: number;
  maxRssMiB: number;
  /** By all writes, to files, pipes and sockets; null where the system does not tell. */
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
