/**
 * `npm run real-s3`: a whole migration, verify and undo with S3 servers that this project did not write: MinIO and
 * versitygw, where they are on the PATH. What is not installed is left out, and said so. Drive, Cognito and AppSync are
 * the local cloud's. Everything is on loopback, and in a folder that is removed.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { type Home, Sandbox } from './e2e/sandbox.ts';
import { freePort } from './free-port.ts';
import { programAt } from './project-root.ts';
import { type ResigningProxy, resigningProxy } from './resigning-proxy.ts';
import { md5Of } from './services/s3/local-storage.ts';

const ROOT = { accessKeyId: 'real-s3-root', secretAccessKey: 'real-s3-secret' };
const REGION = 'us-east-1';
const MIB = 1024 * 1024;
/** A file in one PUT, an empty one, one that goes in parts, and one of an unknown observation. */
const FILES = { '1.jpg': 3 * MIB, '2.jpg': 0, '3.mov': 17 * MIB, '9.jpg': 1000 };
const OBSERVATIONS = [1, 2, 3];
const START_SECONDS = 20;

interface Server {
  program: string;
  arguments: (folder: string, port: number) => string[];
  environment: Record<string, string>;
  /** Temporary keys as the identity pool would give them; null where the server takes none. */
  keys: ((url: string) => { accessKeyId: string; secretAccessKey: string; sessionToken: string }) | null;
}

const SERVERS: Server[] = [
  {
    program: 'minio',
    arguments: (folder, port) => [
      ...['server', folder, '--quiet', '--console-address', '127.0.0.1:0', '--address', `127.0.0.1:${port}`],
    ],
    environment: { MINIO_ROOT_USER: ROOT.accessKeyId, MINIO_ROOT_PASSWORD: ROOT.secretAccessKey },
    keys: assumedRole,
  },
  {
    program: 'versitygw',
    arguments: (folder, port) => ['--port', `127.0.0.1:${port}`, 'posix', folder],
    environment: { ROOT_ACCESS_KEY: ROOT.accessKeyId, ROOT_SECRET_KEY: ROOT.secretAccessKey },
    keys: null,
  },
];

/** MinIO's own STS, asked by curl, which signs. */
function assumedRole(url: string) {
  const form = 'Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600';
  const answer = execFileSync(
    'curl',
    [
      ...['--silent', '--fail', '--noproxy', '*', '--aws-sigv4', `aws:amz:${REGION}:sts`],
      ...['--user', `${ROOT.accessKeyId}:${ROOT.secretAccessKey}`, '--data', form, `${url}/`],
    ],
    { encoding: 'utf8' },
  );
  const element = (name: string) => new RegExp(`<${name}>([^<]+)`).exec(answer)![1]!;
  return {
    accessKeyId: element('AccessKeyId'),
    secretAccessKey: element('SecretAccessKey'),
    sessionToken: element('SessionToken'),
  };
}

/** Resolves when the server takes the bucket. Throws when it ends, or does not in time. */
async function createBucket(client: S3Client, bucket: string, server: ChildProcess): Promise<void> {
  for (let second = 0; ; second += 0.25) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`);
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return;
    } catch (error) {
      if (second >= START_SECONDS) throw error;
      await pause(250);
    }
  }
}

/** By key, the md5 of what the server gives back. */
async function objectsIn(client: S3Client, Bucket: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  for (const { Key } of Contents) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    found.set(Key!, md5Of(Buffer.from(await Body!.transformToByteArray())));
  }
  return found;
}

function expectEqual(what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
  console.log(`  ok  ${what}`);
}

async function migrateVerifyUndo(sandbox: Sandbox, client: S3Client, url: string): Promise<void> {
  const { drive, appSync, s3 } = sandbox.cloud;
  const { tree } = drive;
  const folderId = tree.addFolder({ name: 'pictures' });
  const ids = Object.entries(FILES).map(([name, size], seed) =>
    tree.addFile({ name, parent: folderId, content: { size, seed: seed + 1 } }),
  );
  appSync.addObservations(OBSERVATIONS);
  const migration = { chunk_size_mb: 5, multipart_threshold_mb: 8, retry_delay_seconds: 1 };
  const env = { AWS_ENDPOINT_URL_S3: url };
  const [first, second] = [
    await sandbox.home({ folderId, migration }),
    await sandbox.home({ folderId, migration }),
  ];
  const md5s = ids.slice(0, OBSERVATIONS.length).map(id => tree.get(id).content!.md5());
  const objects = () => objectsIn(client, s3.bucket);
  const expectExit = async (what: string, code: number, home: Home, ...args: string[]) => {
    await home.exits(code, args, { env });
    console.log(`  ok  ${what}`);
  };

  await expectExit('migrate ends with 3: one file has no observation', 3, first, 'migrate');
  const arrived = await objects();
  expectEqual('the bytes of every file arrived', [...arrived.values()].sort(), md5s.toSorted());
  expectEqual('every file is linked', appSync.media.size, OBSERVATIONS.length);
  await expectExit('verify --deep finds nothing wrong', 0, first, 'verify', '--deep');
  await expectExit('another computer adopts what is there', 3, second, 'migrate');
  await expectExit('its undo leaves what it has not made', 3, second, 'undo', '--yes');
  expectEqual('and changes nothing', [...(await objects())], [...arrived]);
  await expectExit('undo of the first one ends well', 0, first, 'undo', '--yes');
  expectEqual('and leaves nothing', [(await objects()).size, appSync.media.size], [0, 0]);
}

async function check(server: Server): Promise<void> {
  const sandbox = await Sandbox.open();
  const { cloud, folder } = sandbox;
  const data = join(folder, 'data');
  mkdirSync(data);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(server.program, server.arguments(data, port), {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, HOME: folder, ...server.environment },
  });
  const client = new S3Client({ region: REGION, endpoint: url, credentials: ROOT, forcePathStyle: true });
  let proxy: ResigningProxy | null = null;
  try {
    await createBucket(client, cloud.s3.bucket, child);
    if (server.keys) {
      const keys = server.keys(url);
      cloud.credentials.issue = () => ({ ...keys, expiration: new Date(Date.now() + 3_600_000) });
    } else proxy = await resigningProxy(url, client);
    await migrateVerifyUndo(sandbox, client, proxy?.url ?? url);
  } finally {
    proxy?.close();
    client.destroy();
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
    await sandbox.close();
  }
}

for (const server of SERVERS) {
  const { program } = server;
  if (!programAt(program)) {
    console.log(`LEFT OUT: ${program} is not installed.`);
    continue;
  }
  console.log(`${program}:`);
  try {
    await check(server);
  } catch (error) {
    process.exitCode = 1;
    console.error(`  FAILED  ${(error as Error).message}`);
  }
}
