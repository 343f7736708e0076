/**
 * The simplest possible pipe, as the ceiling to compare the command with. It gets a list of files, and has no listing, links,
 * manifests or retries. Each file is a download by undici whose body is one streaming PutObject with Drive's md5.
 *
 *     node dist/bench/pipe.js job.json
 */
import { readFileSync } from 'node:fs';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Agent, request } from 'undici';
import type { CloudReady } from './cloud-process.ts';

export interface PipeJob extends Pick<CloudReady, 'drive' | 's3' | 'files'> {
  /** Of Drive, over TLS. */
  driveUrl: string;
  concurrency: number;
}

const job: PipeJob = JSON.parse(readFileSync(process.argv[2]!, 'utf8'));
const { region, bucket, url: endpoint, ...credentials } = job.s3;
const client = new S3Client({
  region,
  endpoint,
  credentials,
  forcePathStyle: true,
  requestChecksumCalculation: 'WHEN_REQUIRED',
});
const dispatcher = new Agent();
const headers = { authorization: `Bearer ${job.drive.accessToken}` };

async function move({ id, name, md5, sizeBytes }: PipeJob['files'][number]): Promise<void> {
  const { statusCode, body } = await request(`${job.driveUrl}/drive/v3/files/${id}?alt=media`, {
    dispatcher,
    headers,
  });
  if (statusCode !== 200) throw new Error(`${name}: status ${statusCode}`);
  const ContentMD5 = Buffer.from(md5, 'hex').toString('base64');
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: `media/${name}`,
      Body: body,
      ContentLength: sizeBytes,
      ContentMD5,
    }),
  );
}

const queue = job.files.values();
const worker = async () => {
  for (const file of queue) await move(file);
};
await Promise.all(Array.from({ length: job.concurrency }, worker));
await dispatcher.close();
client.destroy();
