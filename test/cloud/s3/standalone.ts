/**
 * The local S3 on its own, for clients that are other programs. Prints one line of JSON once it listens and ends on SIGTERM or
 * SIGINT, or when its standard input ends.
 *
 *     node dist/test/cloud/s3/standalone.js [bucket]
 */
import { CredentialStore } from './credentials.ts';
import { createS3 } from './s3.ts';

const credentials = new CredentialStore();
const s3 = await createS3({ bucket: process.argv[2] ?? 'photos', region: 'us-east-1', credentials });

const hour = { lifetimeSeconds: 3600 };
const described = {
  url: s3.service.url,
  bucket: s3.bucket,
  region: s3.region,
  pid: process.pid,
  root: credentials.issueRoot(),
  admins: credentials.issue({ role: 'admins', ...hour }),
  expired: credentials.issue({ role: 'root', lifetimeSeconds: 0 }),
};
console.log(JSON.stringify(described));

let ending = false;
const end = async () => {
  if (ending) return;
  ending = true;
  await s3.service.close();
  process.exit(0);
};
process.on('SIGTERM', end);
process.on('SIGINT', end);
process.stdin.on('end', end).resume();
