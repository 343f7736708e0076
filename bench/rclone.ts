/**
 * Rows beside rclone, where it is installed: the same bytes from the same Drive to the same S3. rclone speaks to Google's
 * address over TLS and nothing else, so a proxy answers in Google's stead, and the command speaks to the same TLS
 * server. Both therefore pay for decrypting every byte, and the numbers are not those of the other rows.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ask, startBeside } from './ask-process.ts';
import { folderOf, gibOf, LARGE_FILES, type Load, nameOfLoad, SMALL_FILES, WORKERS } from './load.ts';
import { LocalCloud } from './local-cloud.ts';
import { COMMAND, measure } from './measured-process.ts';
import { arrived } from './moved.ts';
import { leftOut, median, type Row, row, spread } from './row.ts';
import type { TlsFrontOrder, TlsFrontReady } from './tls-front.ts';

const REPETITIONS = 2;
const GOOGLE_HOSTS = ['www.googleapis.com', 'oauth2.googleapis.com', 'localhost'];

interface Cost {
  seconds: number;
  cpuSeconds: number;
  peakMib: number | null;
}

export async function rcloneRows(loads: Load[] = [SMALL_FILES, LARGE_FILES]): Promise<Row[]> {
  const missing = ['rclone', 'openssl', 'sh'].filter(name => !isInstalled(name));
  if (missing.length > 0) return [leftOut('beside rclone', `not installed: ${missing.join(', ')}`)];
  const rows: Row[] = [];
  for (const load of loads) rows.push(...(await rowsOf(load)));
  return rows;
}

function isInstalled(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, name)));
}

function rowsOf(load: Load): Promise<Row[]> {
  return LocalCloud.with({ folder: folderOf(load) }, async cloud => {
    const front = startBeside('tls-front');
    try {
      const certificatePath = makeCertificate(cloud.folder);
      const order: TlsFrontOrder = {
        drivePort: Number(new URL(cloud.ready.drive.url).port),
        key: readFileSync(join(cloud.folder, 'tls.key'), 'utf8'),
        certificate: readFileSync(certificatePath, 'utf8'),
      };
      const ports = await ask<TlsFrontReady>(front, order);
      const rclone: Cost[] = [];
      const ours: Cost[] = [];
      for (let repetition = 0; repetition < REPETITIONS; repetition++) {
        rclone.push(await byRclone(cloud, load, certificatePath, ports.proxyPort));
        ours.push(await byCommand(cloud, load, certificatePath, ports.tlsPort));
      }
      return compared(load, ours, rclone);
    } finally {
      front.kill();
    }
  });
}

function compared(load: Load, ours: Cost[], rclone: Cost[]): Row[] {
  const gib = gibOf(load);
  const name = nameOfLoad(load);
  const speeds = (costs: Cost[]) => costs.map(({ seconds }) => (gib * 1024) / seconds);
  const cpu = (costs: Cost[]) => costs.map(({ cpuSeconds }) => cpuSeconds / gib);
  const peak = (costs: Cost[]) => Math.max(...costs.map(({ peakMib }) => peakMib ?? Number.NaN));
  const theirs = peak(rclone);
  return [
    row({
      name: `beside rclone: throughput, ${name}`,
      value: median(speeds(ours)),
      unit: 'MiB/s',
      bound: median(speeds(rclone)),
      goal: null,
      note: `bound: rclone copy with ${WORKERS} transfers; both over TLS from Drive; ours ${spread(speeds(ours))}, rclone ${spread(speeds(rclone))}`,
    }),
    row({
      name: `beside rclone: CPU, ${name}`,
      value: median(cpu(ours)),
      unit: 's/GiB',
      bound: median(cpu(rclone)),
      goal: null,
      note: `with TLS; ours ${spread(cpu(ours))}, rclone ${spread(cpu(rclone))}`,
    }),
    row({
      name: `beside rclone: peak memory, ${name}`,
      value: peak(ours),
      unit: 'MiB',
      bound: Number.isNaN(theirs) ? null : theirs,
      goal: null,
    }),
  ];
}

/** Its path; the key lies beside it. */
function makeCertificate(folder: string): string {
  const path = join(folder, 'tls.pem');
  const names = GOOGLE_HOSTS.map(host => `DNS:${host}`).join(',');
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const content = ['-days', '2', '-subj', '/CN=benchmark', '-addext', `subjectAltName=${names}`];
  const files = ['-keyout', join(folder, 'tls.key'), '-out', path];
  execFileSync('openssl', [...request, ...content, ...files], { stdio: 'ignore' });
  return path;
}

async function byCommand(
  cloud: LocalCloud,
  load: Load,
  certificatePath: string,
  port: number,
): Promise<Cost> {
  const { home, environment } = await cloud.newHome();
  const path = join(home, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  config.google_drive.api_url = `https://localhost:${port}`;
  writeFileSync(path, JSON.stringify(config));
  await cloud.reset();
  const usage = await measure({
    arguments: [COMMAND, 'migrate', '--folder-id', cloud.ready.folderId],
    environment: { ...environment, NODE_EXTRA_CA_CERTS: certificatePath },
  });
  await arrived(cloud, load);
  return { ...usage, peakMib: usage.maxRssMiB };
}

async function byRclone(
  cloud: LocalCloud,
  load: Load,
  certificatePath: string,
  proxyPort: number,
): Promise<Cost> {
  const { drive, s3, folderId } = cloud.ready;
  const token = {
    access_token: drive.accessToken,
    token_type: 'Bearer',
    refresh_token: drive.refreshToken,
    expiry: '2199-01-01T00:00:00Z',
  };
  const configPath = join(cloud.folder, 'rclone.conf');
  const config = `[drive]
type = drive
client_id = ${drive.clientId}
client_secret = ${drive.clientSecret}
scope = drive.readonly
token = ${JSON.stringify(token)}
root_folder_id = ${folderId}

[s3]
type = s3
provider = Other
access_key_id = ${s3.accessKeyId}
secret_access_key = ${s3.secretAccessKey}
region = ${s3.region}
endpoint = ${s3.url}
force_path_style = true
`;
  writeFileSync(configPath, config, { mode: 0o600 });
  await cloud.reset();
  const cost = await costOf(
    [
      ...['rclone', 'copy', 'drive:', `s3:${s3.bucket}/media`, '--config', configPath],
      ...['--transfers', `${WORKERS}`, '--ca-cert', certificatePath, '--quiet'],
      // Without these it holds itself back to ten queries a second, and to parts of another size than the command's.
      ...['--drive-pacer-min-sleep', '1ms', '--drive-pacer-burst', '1000'],
      ...['--s3-chunk-size', '8M', '--s3-upload-cutoff', '8M', '--s3-no-check-bucket'],
    ],
    { HTTPS_PROXY: `http://127.0.0.1:${proxyPort}` },
  );
  await arrived(cloud, load);
  return cost;
}

const LOOK_EVERY_MS = 100;

/** Of a program that is not Node's: the shell tells the CPU time of its children, Linux the peak of its memory. */
async function costOf(program: string[], environment: Record<string, string>): Promise<Cost> {
  const script = '"$@" & echo $!; wait $!; code=$?; times; exit $code';
  const started = performance.now();
  const shell = spawn('sh', ['-c', script, 'sh', ...program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...ownEnvironment(), ...environment },
  });
  let said = '';
  let messages = '';
  shell.stdout.on('data', chunk => {
    said += chunk;
  });
  shell.stderr.on('data', chunk => {
    messages += chunk;
  });
  let peakMib: number | null = null;
  const timer = setInterval(() => {
    peakMib = peakOf(said.split('\n')[0]!) ?? peakMib;
  }, LOOK_EVERY_MS);
  const [code] = await once(shell, 'close');
  clearInterval(timer);
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${program[0]} ended with ${code}:\n${messages}`);
  // Two lines of "user system", the second for the children, like 0m1.230s 0m0.450s.
  const children = said.trim().split('\n').at(-1)!;
  const cpuSeconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest),
    0,
  );
  return { seconds, cpuSeconds, peakMib };
}

/** Ours, without what would lead rclone elsewhere: proxies, and settings of the AWS SDK. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^AWS_|^RCLONE_|_proxy$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

function peakOf(processId: string): number | null {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8')) ?? [];
    return kib ? Number(kib) / 1024 : null;
  } catch {
    return null;
  }
}
