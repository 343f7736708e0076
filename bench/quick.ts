import { fork, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../test/project-root.ts';
import type { CloudReady, CloudReport } from './cloud-process.ts';

const [count = '100', sizeMiB = '1', ...extra] = process.argv.slice(2);
const root = projectRoot();
const home = mkdtempSync(join(tmpdir(), 'bench-'));
const cloud = fork(join(root, 'dist/bench/cloud-process.js'));
cloud.send({
  home,
  files: [{ count: Number(count), sizeBytes: Number(sizeMiB) * 1024 * 1024 }],
  filesAFolder: 500,
  migration: {},
});
const once = <T>() => new Promise<T>(resolve => cloud.once('message', m => resolve(m as T)));
const ready = await once<CloudReady>();
const config = join(home, 'config.json');
const c = JSON.parse(readFileSync(config, 'utf8'));
c.google_drive.queries_per_second = 1000;
writeFileSync(config, JSON.stringify(c));
const started = performance.now();
const child = spawn(
  '/usr/bin/time',
  ['-v', process.execPath, ...extra, join(root, 'bin/run.js'), 'migrate', '--folder-id', ready.folderId],
  { env: { ...process.env, ...ready.environment }, stdio: ['ignore', 'ignore', 'pipe'] },
);
let err = '';
child.stderr.on('data', d => {
  err += d;
});
const code = await new Promise(r => child.on('exit', r));
const seconds = (performance.now() - started) / 1000;
cloud.send('report');
const report = await once<CloudReport>();
const t = (k: string) => Number(new RegExp(`${k}[^:]*: ([\\d.]+)`).exec(err)?.[1]);
const gib = (Number(count) * Number(sizeMiB)) / 1024;
const cpu = t('User time') + t('System time');
console.log({
  code,
  seconds,
  MiBs: (gib * 1024) / seconds,
  cpu,
  cpuPerGiB: cpu / gib,
  rssMiB: t('Maximum resident') / 1024,
  report: JSON.stringify(report),
});
if (code !== 0) console.log(err.slice(-2000));
cloud.send('stop');
