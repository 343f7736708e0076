/**
 * The local cloud in a separate process, so that its CPU time is not counted as the command's. The benchmark starts it with
 * `fork` (`local-cloud.ts`) and sends it the files; it replies with its addresses, and later with counts of its requests.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCloud } from '../test/cloud/cloud.ts';

export interface DriveFolder {
  /** In this order; `path` is that of the folder, `/`-joined, below the migrated one. */
  files: { path: string; name: string; sizeBytes: number }[];
  observations: { first: number; count: number };
  /** Media records that a complete migration creates. */
  links: number;
}

export interface CloudOrder {
  folder: DriveFolder;
  queriesPerSecond: number;
  concurrency: number;
}

export interface CloudReady {
  /** Temporary folder, removed when the cloud ends. */
  folder: string;
  folderId: string;
  /** Folders below it. */
  folders: number;
  drive: { url: string; accessToken: string; refreshToken: string; clientId: string; clientSecret: string };
  s3: { url: string; bucket: string; region: string; accessKeyId: string; secretAccessKey: string };
  appSync: { url: string };
  files: { id: string; name: string; sizeBytes: number; md5: string }[];
}

export interface CloudReport {
  /** By service and operation, since the last reset. */
  requests: Record<'drive' | 's3' | 'appSync', Record<string, number>>;
  objects: number;
  bytes: number;
  media: number;
  /** Media records in requests since the last reset. */
  linksAsked: number;
  /** Since the last reset. */
  cpuSeconds: number;
  /** From the first request for bytes of a file to the end of the last request to S3, since the last reset. */
  transferSeconds: number;
}

/** A new home for the command; its environment has the addresses of the cloud. */
export interface NewHome {
  home: string;
  environment: Record<string, string>;
}

export type CloudRequest =
  | { ask: 'start'; order: CloudOrder }
  /** Empties bucket, Media table and counters. */
  | { ask: 'reset' }
  /** Resets the counters only. */
  | { ask: 'recount' }
  | { ask: 'home'; home: string }
  | { ask: 'report' };

type Cloud = Awaited<ReturnType<typeof startCloud>>;

async function start(cloud: Cloud, order: CloudOrder): Promise<CloudReady> {
  const { tree, accounts, apiUrl, tokenUri } = cloud.drive;
  const { folder } = order;
  const folderId = tree.addFolder({ name: 'benchmark' });
  const folders = new Map([['', folderId]]);
  const folderAt = (path: string): string => {
    const known = folders.get(path);
    if (known) return known;
    const cut = path.lastIndexOf('/');
    const parent = folderAt(cut < 0 ? '' : path.slice(0, cut));
    const id = tree.addFolder({ name: path.slice(cut + 1), parent });
    folders.set(path, id);
    return id;
  };
  const files = folder.files.map(({ path, name, sizeBytes }, index) => {
    const content = { size: sizeBytes, seed: index + 1 };
    const id = tree.addFile({ name, parent: folderAt(path), content });
    return { id, name, sizeBytes, md5: tree.get(id).content!.md5() };
  });
  const { first, count } = folder.observations;
  cloud.appSync.addObservations(
    (function* () {
      for (let id = first; id < first + count; id++) yield id;
    })(),
  );
  const user = accounts.addUser('person@example.com');
  const answer = await fetch(tokenUri, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: user.refresh_token,
      client_id: user.client_id,
      client_secret: user.client_secret,
    }),
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  return {
    folder: ownFolder,
    folderId,
    folders: folders.size - 1,
    drive: {
      url: apiUrl,
      accessToken: access_token,
      refreshToken: user.refresh_token,
      clientId: user.client_id,
      clientSecret: user.client_secret,
    },
    s3: {
      url: cloud.s3.service.url,
      bucket: cloud.s3.bucket,
      region: cloud.s3.region,
      ...cloud.credentials.issueRoot(),
    },
    appSync: { url: cloud.appSync.service.url },
    files,
  };
}

function empty(cloud: Cloud): void {
  for (const { key } of cloud.s3.objects()) cloud.s3.remove(key);
  for (const id of [...cloud.appSync.media.keys()]) cloud.appSync.removeMedia(id);
}

/** The time of the first download, and of the last response of S3. */
const transfer = { from: 0, to: 0 };

function watchTransfer(cloud: Cloud): void {
  cloud.drive.service.intercept = ({ url }) => {
    if (transfer.from === 0 && url!.includes('alt=media')) transfer.from = performance.now();
    return false;
  };
  cloud.s3.service.intercept = (_, response) => {
    response.once('finish', () => {
      transfer.to = performance.now();
    });
    return false;
  };
}

function recount(cloud: Cloud): null {
  transfer.from = 0;
  cpuBefore = process.cpuUsage();
  for (const { service } of [cloud.drive, cloud.s3, cloud.appSync]) service.requests.clear();
  cloud.appSync.fields.clear();
  return null;
}

async function newHome(cloud: Cloud, home: string, folderId: string, order: CloudOrder): Promise<NewHome> {
  await cloud.writeHome(home, { folderId, migration: { concurrency: order.concurrency } });
  const configPath = join(home, 'config.json');
  const config = JSON.parse(readFileSync(configPath, 'utf8'));
  config.google_drive.queries_per_second = order.queriesPerSecond;
  writeFileSync(configPath, JSON.stringify(config));
  return { home, environment: cloud.environment(home) };
}

function report(cloud: Cloud, cpuSeconds: number): CloudReport {
  const objects = cloud.s3.objects();
  const counted = (service: { requests: Map<string, number> }) => Object.fromEntries(service.requests);
  return {
    requests: {
      drive: counted(cloud.drive.service),
      s3: counted(cloud.s3.service),
      appSync: counted(cloud.appSync.service),
    },
    objects: objects.length,
    bytes: objects.reduce((sum, { size }) => sum + size, 0),
    media: cloud.appSync.media.size,
    linksAsked: cloud.appSync.fields.get('createMedia') ?? 0,
    cpuSeconds,
    transferSeconds: (transfer.to - transfer.from) / 1000,
  };
}

const starting = startCloud();
const ownFolder = mkdtempSync(join(tmpdir(), 'migrator-bench-'));
let order: CloudOrder;
let folderId = '';
let cpuBefore = process.cpuUsage();

async function answerTo(request: CloudRequest): Promise<unknown> {
  const cloud = await starting;
  switch (request.ask) {
    case 'start': {
      order = request.order;
      watchTransfer(cloud);
      const ready = await start(cloud, order);
      folderId = ready.folderId;
      return ready;
    }
    case 'home':
      return newHome(cloud, request.home, folderId, order);
    case 'reset':
      empty(cloud);
      return recount(cloud);
    case 'recount':
      return recount(cloud);
    case 'report': {
      const { user, system } = process.cpuUsage(cpuBefore);
      return report(cloud, (user + system) / 1e6);
    }
  }
}

process.on('message', async (request: CloudRequest) => {
  const answer = await answerTo(request);
  process.send!(answer);
});
// The benchmark has ended, normally or not.
process.once('disconnect', async () => {
  await (await starting).stop();
  rmSync(ownFolder, { recursive: true, force: true });
  process.exit(0);
});
// Ctrl-C reaches all processes of the terminal; this one cleans up first.
process.on('SIGINT', () => {});
