/**
 * The ceiling: the barest code that moves the same bytes correctly, to hold the command against. It is given the list of
 * files, so it lists nothing, resolves nothing, links nothing, keeps no manifest and tries nothing twice. It uses node:http
 * and signatures of its own. What it does not leave out is correctness of the bytes: a small file is streamed into one PUT
 * with Drive's md5 as Content-MD5, a large one into parts, and its md5 is compared before the upload is completed.
 *
 *     node dist/bench/ceiling.js job.json
 */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { CloudReady } from './cloud-process.ts';

export interface CeilingJob extends Pick<CloudReady, 'drive' | 's3' | 'files'> {
  concurrency: number;
  /** Size of a part, and the largest file that goes in one PUT. */
  partBytes: number;
}

type File = CeilingJob['files'][number];

const { drive, s3, files, concurrency, partBytes }: CeilingJob = JSON.parse(
  readFileSync(process.argv[2]!, 'utf8'),
);
const agent = new Agent({ keepAlive: true });
const { host } = new URL(s3.url);

async function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${sent.method} ${sent.path}: ${response.statusCode}`);
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

function download({ id }: File): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${drive.accessToken}` };
  return answerTo(request(`${drive.url}/drive/v3/files/${id}?alt=media`, { agent, headers }).end());
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const signingKeys = new Map<string, Buffer>();

function signingKey(day: string): Buffer {
  const key =
    signingKeys.get(day) ??
    hmac(hmac(hmac(hmac(`AWS4${s3.secretAccessKey}`, day), s3.region), 's3'), 'aws4_request');
  signingKeys.set(day, key);
  return key;
}

/** A request to S3 whose body is not part of the signature. `query` is in its canonical form. */
function toS3(method: string, key: string, query: string, extra: Record<string, string>): ClientRequest {
  const path = `/${s3.bucket}/${key}`;
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...extra,
    host,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'x-amz-date': time,
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    method,
    path,
    query,
    ...names.map(name => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const scope = `${day}/${s3.region}/s3/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const signature = hmac(signingKey(day), ['AWS4-HMAC-SHA256', time, scope, digest].join('\n'));
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${s3.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature.toString('hex')}`;
  return request(`${s3.url}${path}${query && `?${query}`}`, { method, agent, headers });
}

async function moveWhole(file: File): Promise<void> {
  const source = await download(file);
  const sent = toS3('PUT', `media/${file.name}`, '', {
    'content-length': `${file.sizeBytes}`,
    'content-md5': Buffer.from(file.md5, 'hex').toString('base64'),
  });
  source.pipe(sent);
  (await answerTo(sent)).resume();
}

async function moveInParts(file: File): Promise<void> {
  const source = await download(file);
  const key = `media/${file.name}`;
  const begun = await textOf(await answerTo(toS3('POST', key, 'uploads=', {}).end()));
  const uploadId = encodeURIComponent(/<UploadId>([^<]+)/.exec(begun)![1]!);
  const md5 = createHash('md5');
  const etags: Promise<string>[] = [];
  let sent: ClientRequest | null = null;
  let room = 0;
  let left = file.sizeBytes;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    md5.update(chunk);
    for (let from = 0; from < chunk.length; ) {
      if (!sent) {
        room = Math.min(partBytes, left);
        sent = toS3('PUT', key, `partNumber=${etags.length + 1}&uploadId=${uploadId}`, {
          'content-length': `${room}`,
        });
        etags.push(answerTo(sent).then(answer => answer.resume().headers.etag!));
      }
      const piece = chunk.subarray(from, from + room);
      from += piece.length;
      room -= piece.length;
      left -= piece.length;
      const flows = sent.write(piece);
      if (room === 0) {
        sent.end();
        sent = null;
        // One part may be on its way while the next one is written, as in the command.
        await etags.at(-2);
      } else if (!flows) await once(sent, 'drain');
    }
  }
  if (left !== 0 || md5.digest('hex') !== file.md5) throw new Error(`${file.name}: other bytes than Drive's`);
  const parts = (await Promise.all(etags)).map(
    (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
  const complete = toS3('POST', key, `uploadId=${uploadId}`, {
    'content-length': `${Buffer.byteLength(body)}`,
  });
  const said = await textOf(await answerTo(complete.end(body)));
  if (!said.includes('<CompleteMultipartUploadResult')) throw new Error(said);
}

const queue = files[Symbol.iterator]();
await Promise.all(
  Array.from({ length: concurrency }, async () => {
    for (const file of queue) await (file.sizeBytes <= partBytes ? moveWhole : moveInParts)(file);
  }),
);
agent.destroy();
