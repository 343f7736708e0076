/**
 * Loaded before the measured command (`node --import`): writes down, when the process ends, what it has used. CPU time
 * and peak memory of a child are told by no portable means from outside.
 */
import { writeFileSync } from 'node:fs';

const path = process.env.BENCH_USAGE;

if (path) {
  process.once('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    writeFileSync(
      path,
      JSON.stringify({ cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, maxRssMiB: maxRSS / 1024 }),
    );
  });
}
