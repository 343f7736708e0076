/**
 * The ceiling: the barest code that moves the same bytes correctly, to hold the command against. It is given the list of
 * files, so it lists nothing, resolves nothing, links nothing, keeps no manifest and tries nothing twice. It uses node:http
 * and signatures of its own. What it does not leave out is correctness of the bytes: a small file is streamed into one PUT
 * with Drive's md5 as Content-MD5, a large one into parts, each with the CRC32 of what was sent behind it (as SDKs do with
 * streams), and its md5 is compared before the upload is completed.
 *
 *     node dist/bench/ceiling.js job.json
 */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { crc32 } from 'node:zlib';
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

const UNSIGNED = 'UNSIGNED-PAYLOAD';
const UNSIGNED_WITH_TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** A request to S3 whose body is not part of the signature. `query` is in its canonical form. */
function toS3(
  method: string,
  key: string,
  query: string,
  extra: Record<string, string>,
  payload = UNSIGNED,
): ClientRequest {
  const path = `/${s3.bucket}/${key}`;
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...extra,
    host,
    'x-amz-content-sha256': payload,
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
    payload,
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

/** A part as one chunk of the encoding `aws-chunked`, with its CRC32 as trailer. */
class Part {
  readonly #sent: ClientRequest;
  readonly etag: Promise<string>;
  #room: number;
  #crc = 0;

  constructor(key: string, query: string, bytes: number) {
    const head = `${bytes.toString(16)}\r\n`;
    const headers = {
      'content-encoding': 'aws-chunked',
      'content-length': `${head.length + bytes + Part.#tail(0).length}`,
      'x-amz-decoded-content-length': `${bytes}`,
      'x-amz-trailer': 'x-amz-checksum-crc32',
    };
    this.#sent = toS3('PUT', key, query, headers, UNSIGNED_WITH_TRAILER);
    this.#sent.write(head);
    this.#room = bytes;
    this.etag = answerTo(this.#sent).then(answer => answer.resume().headers.etag!);
  }

  static #tail(crc: number): string {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc);
    return `\r\n0\r\nx-amz-checksum-crc32:${bytes.toString('base64')}\r\n\r\n`;
  }

  get isFull(): boolean {
    return this.#room === 0;
  }

  /** Sends what there is room for, and gives that. */
  async take(chunk: Buffer): Promise<Buffer> {
    const piece = chunk.subarray(0, this.#room);
    this.#room -= piece.length;
    this.#crc = crc32(piece, this.#crc);
    const flows = this.#sent.write(piece);
    if (this.isFull) this.#sent.end(Part.#tail(this.#crc));
    else if (!flows) await once(this.#sent, 'drain');
    return piece;
  }
}

async function moveInParts(file: File): Promise<void> {
  const source = await download(file);
  const key = `media/${file.name}`;
  const begun = await textOf(await answerTo(toS3('POST', key, 'uploads=', {}).end()));
  const uploadId = encodeURIComponent(/<UploadId>([^<]+)/.exec(begun)![1]!);
  const md5 = createHash('md5');
  const sent: Part[] = [];
  let left = file.sizeBytes;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    md5.update(chunk);
    for (let from = 0; from < chunk.length; ) {
      let part = sent.at(-1);
      if (!part || part.isFull) {
        // One part may be on its way while the next one is written, as in the command.
        await sent.at(-2)?.etag;
        const query = `partNumber=${sent.length + 1}&uploadId=${uploadId}`;
        part = new Part(key, query, Math.min(partBytes, left));
        sent.push(part);
      }
      const piece = await part.take(chunk.subarray(from));
      from += piece.length;
      left -= piece.length;
    }
  }
  if (left !== 0 || md5.digest('hex') !== file.md5) throw new Error(`${file.name}: other bytes than Drive's`);
  const parts = (await Promise.all(sent.map(({ etag }) => etag))).map(
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
