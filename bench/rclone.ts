/**
 * Copies the same files with rclone. It only connects to Google's address over TLS, so a proxy answers instead of Google
 * (`tls-front.ts`).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORKERS } from './load.ts';
import type { Cost, Place } from './moved.ts';

export async function byRclone({ cloud, certificatePath, proxyPort }: Place): Promise<Cost> {
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
  return costOf(
    [
      ...['rclone', 'copy', 'drive:', `s3:${s3.bucket}/media`, '--config', configPath],
      ...['--transfers', `${WORKERS}`, '--ca-cert', certificatePath, '--quiet'],
      // Otherwise it would limit itself to ten queries a second.
      ...['--drive-pacer-min-sleep', '1ms', '--drive-pacer-burst', '1000'],
      '--s3-no-check-bucket',
    ],
    { HTTPS_PROXY: `http://127.0.0.1:${proxyPort}` },
  );
}

const LOOK_EVERY_MS = 100;

/** For a program other than Node: CPU time from the shell's `times`, peak memory from Linux. */
async function costOf(program: string[], environment: Record<string, string>): Promise<Cost> {
  const script = '"$@" & echo $!; wait $!; code=$?; times; exit $code';
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
  if (code !== 0) throw new Error(`${program[0]} ended with ${code}:\n${messages}`);
  // Two lines of "user system", the second for the children, like 0m1.230s 0m0.450s.
  const children = said.trim().split('\n').at(-1)!;
  const cpuSeconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest),
    0,
  );
  return { cpuSeconds, peakMib };
}

/** This process's environment without proxies and settings of the AWS SDK, which rclone reads as well. */
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
