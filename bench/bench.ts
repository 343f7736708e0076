/**
 * `npm run bench`: the real command moves files from the local Drive to the local S3, each in a process of its own, and
 * what it took is printed and written to `bench/results.json`. Numbers of one machine at one time: compare them only
 * within one run. `npm run bench -- 100x1 2x500` measures other loads (files x MiB).
 */
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../test/project-root.ts';
import type { CloudOrder, CloudReady, CloudReport } from './cloud-process.ts';

interface Load {
  files: number;
  mib: number;
}

interface Row extends Load {
  seconds: number;
  mibPerSecond: number;
  cpuSecondsPerGib: number;
  peakMib: number;
  requests: CloudReport['requests'];
}

const root = projectRoot();
const MIB = 1024 * 1024;

function loadsFrom(texts: string[]): Load[] {
  return texts.map(text => {
    const [, files, mib] = /^(\d+)x(\d+)$/.exec(text) ?? [];
    if (!(files && mib)) throw new Error(`${text} is not a load: give files x MiB, like 2000x1.`);
    return { files: Number(files), mib: Number(mib) };
  });
}

async function measure({ files, mib }: Load): Promise<Row> {
  const home = mkdtempSync(join(tmpdir(), 'migrator-bench-'));
  const cloud = fork(join(root, 'dist', 'bench', 'cloud-process.js'));
  const answer = <T>() => new Promise<T>(resolve => cloud.once('message', message => resolve(message as T)));
  try {
    const order: CloudOrder = {
      home,
      files: [{ count: files, sizeBytes: mib * MIB }],
      filesAFolder: 500,
      queriesPerSecond: 1000,
    };
    cloud.send(order);
    const ready = await answer<CloudReady>();
    const started = performance.now();
    const usage = await migrate(ready, join(home, 'usage.json'));
    const seconds = (performance.now() - started) / 1000;
    cloud.send('report');
    const report = await answer<CloudReport>();
    if (report.objects !== files || report.media !== files) throw new Error('not everything arrived');
    const gib = (files * mib) / 1024;
    return {
      files,
      mib,
      seconds,
      mibPerSecond: (files * mib) / seconds,
      cpuSecondsPerGib: usage.cpuSeconds / gib,
      peakMib: usage.maxRssMiB,
      requests: report.requests,
    };
  } finally {
    cloud.send('stop');
    await new Promise(resolve => cloud.once('exit', resolve));
    rmSync(home, { recursive: true, force: true });
  }
}

async function migrate(
  ready: CloudReady,
  usagePath: string,
): Promise<{ cpuSeconds: number; maxRssMiB: number }> {
  const preload = pathToFileURL(join(root, 'dist', 'bench', 'usage.js')).href;
  const command = [join(root, 'bin', 'run.js'), 'migrate', '--folder-id', ready.folderId];
  const child = spawn(process.execPath, ['--import', preload, ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...ready.environment, BENCH_USAGE: usagePath },
  });
  let messages = '';
  child.stderr.on('data', chunk => {
    messages += chunk;
  });
  const code = await new Promise(resolve => child.once('exit', resolve));
  if (code !== 0) throw new Error(`migrate ended with ${code}:\n${messages}`);
  return JSON.parse(readFileSync(usagePath, 'utf8'));
}

const loads = loadsFrom(process.argv.length > 2 ? process.argv.slice(2) : ['2000x1', '8x500']);
const rows: Row[] = [];
for (const load of loads) {
  const row = await measure(load);
  rows.push(row);
  console.log(
    [
      `${row.files} files of ${row.mib} MiB:`,
      `${row.seconds.toFixed(1)} s`,
      `${row.mibPerSecond.toFixed(0)} MiB/s`,
      `${row.cpuSecondsPerGib.toFixed(1)} CPU s/GiB`,
      `${row.peakMib.toFixed(0)} MiB at most`,
    ].join('  '),
  );
  console.log(`  requests ${JSON.stringify(row.requests)}`);
}
writeFileSync(join(root, 'bench', 'results.json'), `${JSON.stringify(rows, null, 2)}\n`);
