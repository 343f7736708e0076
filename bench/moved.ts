/**
 * Copies a load from the local Drive to the local S3: with the transfer stage, with the whole command, with the pipe
 * (`pipe.ts`) and with rclone, if installed, in turn. Drive is behind TLS for all of them, like the real one; S3 is not, and no
 * payload is signed.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programAt, projectRoot } from '../test/project-root.ts';
import { ask, startBeside } from './ask-process.ts';
import type { CloudReport } from './cloud-process.ts';
import { bytesIn, folderOf, type Load, WORKERS } from './load.ts';
import { LocalCloud } from './local-cloud.ts';
import { COMMAND, measure, type Usage } from './measured-process.ts';
import type { PipeJob } from './pipe.ts';
import { byRclone } from './rclone.ts';
import type { TlsFrontOrder, TlsFrontReady } from './tls-front.ts';

/** What a program used from start to end. */
export interface Cost {
  cpuSeconds: number;
  /** Null if the system does not report it. */
  peakMib: number | null;
}

export interface Move extends Cost {
  report: CloudReport;
}

interface Moved {
  /** Subfolders of the migrated folder. */
  folders: number;
  /** `migrator transfer`, for files that were listed and resolved before. */
  transfer: Move[];
  /** `migrator migrate`: all five stages. */
  migrate: Move[];
  pipe: Move[];
  /** Empty if it is not installed. */
  rclone: Move[];
}

/** The cloud, with Drive behind TLS. */
export interface Place {
  cloud: LocalCloud;
  driveUrl: string;
  /** A proxy that treats every host as Drive (CONNECT). */
  proxyPort: number;
  certificatePath: string;
}

const GOOGLE_HOSTS = ['www.googleapis.com', 'oauth2.googleapis.com', 'localhost'];

const known = new Map<string, Promise<Moved>>();

/** Results are kept: a load is measured once per process. */
export function moved(load: Load, repetitions = 3): Promise<Moved> {
  const result = known.get(load.name) ?? inTurn(load, repetitions);
  known.set(load.name, result);
  return result;
}

function inTurn(load: Load, repetitions: number): Promise<Moved> {
  return atPlace(load, async place => {
    const { cloud } = place;
    const result: Moved = { folders: cloud.ready.folders, transfer: [], migrate: [], pipe: [], rclone: [] };
    const programs = {
      pipe: byPipe,
      transfer: byTransfer,
      migrate: byMigrate,
      ...(programAt('rclone') && { rclone: byRclone }),
    };
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const [name, run] of Object.entries(programs)) {
        await cloud.reset();
        const move = { ...(await run(place)), report: await arrived(cloud, load) };
        result[name as keyof typeof programs].push(move);
        const { transferSeconds } = move.report;
        console.error(
          `  ${load.name}, ${name}: ${transferSeconds.toFixed(1)} s of transfer, ${move.cpuSeconds.toFixed(1)} CPU s, ${move.peakMib?.toFixed(0) ?? '?'} MiB`,
        );
      }
    }
    return result;
  });
}

export function atPlace<T>(load: Load, use: (place: Place) => Promise<T>): Promise<T> {
  return LocalCloud.with({ folder: folderOf(load) }, async cloud => {
    const front = startBeside('tls-front');
    try {
      const certificatePath = makeCertificate(cloud.folder);
      const order: TlsFrontOrder = {
        drivePort: Number(new URL(cloud.ready.drive.url).port),
        key: readFileSync(join(cloud.folder, 'tls.key'), 'utf8'),
        certificate: readFileSync(certificatePath, 'utf8'),
      };
      const { proxyPort, tlsPort } = await ask<TlsFrontReady>(front, order);
      return await use({ cloud, proxyPort, driveUrl: `https://localhost:${tlsPort}`, certificatePath });
    } finally {
      front.kill();
    }
  });
}

/** Its path; the key is in the same folder. */
function makeCertificate(folder: string): string {
  const path = join(folder, 'tls.pem');
  const names = GOOGLE_HOSTS.map(host => `DNS:${host}`).join(',');
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const content = ['-days', '2', '-subj', '/CN=benchmark', '-addext', `subjectAltName=${names}`];
  const files = ['-keyout', join(folder, 'tls.key'), '-out', path];
  execFileSync('openssl', [...request, ...content, ...files], { stdio: 'ignore' });
  return path;
}

/** Only the stage that transfers bytes, like the pipe and rclone. */
export async function byTransfer(place: Place, node: string[] = []): Promise<Cost> {
  const command = await newCommand(place);
  for (const stage of ['list', 'parse', 'resolve']) await command(stage);
  await place.cloud.recount();
  return costOf(await command('transfer', node));
}

async function byMigrate(place: Place): Promise<Cost> {
  const command = await newCommand(place);
  await place.cloud.recount();
  return costOf(await command('migrate'));
}

/** Runs commands for the folder in a new home. */
async function newCommand({ cloud, driveUrl, certificatePath }: Place) {
  const { home, environment } = await cloud.newHome();
  const path = join(home, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  config.google_drive.api_url = driveUrl;
  writeFileSync(path, JSON.stringify(config));
  return (name: string, node: string[] = []): Promise<Usage> =>
    measure({
      node,
      arguments: [COMMAND, name, '--folder-id', cloud.ready.folderId],
      environment: { ...environment, NODE_EXTRA_CA_CERTS: certificatePath },
    });
}

async function byPipe({ cloud, driveUrl, certificatePath }: Place): Promise<Cost> {
  const { drive, s3, files } = cloud.ready;
  const job: PipeJob = { drive, s3, files, driveUrl, concurrency: WORKERS };
  const jobPath = join(cloud.folder, 'pipe.json');
  writeFileSync(jobPath, JSON.stringify(job), { mode: 0o600 });
  const usage = await measure({
    arguments: [join(projectRoot(), 'dist', 'bench', 'pipe.js'), jobPath],
    environment: { NODE_EXTRA_CA_CERTS: certificatePath },
  });
  return costOf(usage);
}

function costOf({ cpuSeconds, maxRssMiB }: Usage): Cost {
  return { cpuSeconds, peakMib: maxRssMiB };
}

/** The cloud's report. Throws if an object is missing. */
async function arrived(cloud: LocalCloud, load: Load): Promise<CloudReport> {
  const report = await cloud.report();
  if (report.objects !== load.sizes.length || report.bytes !== bytesIn(load)) {
    throw new Error(`${report.objects} objects of ${load.sizes.length} arrived, with ${report.bytes} bytes`);
  }
  return report;
}
