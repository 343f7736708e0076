/**
 * Requests as no SDK would send them, for the tests: signs on its own (nothing of the service's code), and lets a test change
 * anything before and after the signature.
 */
import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface RawKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface RawRequest {
  readonly keys: RawKeys;
  readonly method?: string;
  /** Encoded, with the bucket. */
  readonly path: string;
  /** Encoded and in order, such as `list-type=2&prefix=a`. */
  readonly query?: string;
  /** Lower-case names. */
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  /** The value of x-amz-content-sha256; by default the hash of the body. */
  readonly payload?: string;
  readonly at?: Date;
  readonly region?: string;
}

export interface SignedHeaders {
  readonly headers: Record<string, string>;
  readonly timestamp: string;
  readonly scope: string;
  readonly key: Buffer;
  readonly signature: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of an XML error, else ''. */
  readonly code: string;
}

export const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
export const md5Base64 = (data: string | Buffer): string => createHash('md5').update(data).digest('base64');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const timestampOf = (at: Date): string => at.toISOString().replace(/[-:]|\.\d+/g, '');

function keyOf(request: RawRequest, day: string, region: string): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${request.keys.secretAccessKey}`, day), region), 's3'), 'aws4_request');
}

/** The headers of a request with its Authorization. */
export function sign(request: RawRequest, host: string): SignedHeaders {
  const timestamp = timestampOf(request.at ?? new Date());
  const region = request.region ?? 'us-east-1';
  const scope = `${timestamp.slice(0, 8)}/${region}/s3/aws4_request`;
  const headers: Record<string, string> = {
    ...request.headers,
    host,
    'x-amz-date': timestamp,
    'x-amz-content-sha256': request.payload ?? sha256(request.body ?? ''),
  };
  if (request.keys.sessionToken) headers['x-amz-security-token'] = request.keys.sessionToken;
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method ?? 'GET',
    request.path,
    request.query ?? '',
    ...names.map(name => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  const key = keyOf(request, timestamp.slice(0, 8), region);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`).toString(
    'hex',
  );
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${request.keys.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { headers, timestamp, scope, key, signature };
}

/** An aws-chunked body. With `signed`, each chunk (and the trailer) bears its signature. */
export function chunkedBody(
  chunks: readonly Buffer[],
  trailer: Record<string, string> | null,
  signed: SignedHeaders | null,
): Buffer {
  const pieces: (string | Buffer)[] = [];
  let previous = signed?.signature ?? '';
  const next = (kind: string, digests: string): string => {
    previous = hmac(
      signed!.key,
      [kind, signed!.timestamp, signed!.scope, previous, digests].join('\n'),
    ).toString('hex');
    return previous;
  };
  for (const chunk of [...chunks, Buffer.alloc(0)]) {
    const signature = signed
      ? `;chunk-signature=${next('AWS4-HMAC-SHA256-PAYLOAD', `${sha256('')}\n${sha256(chunk)}`)}`
      : '';
    pieces.push(`${chunk.length.toString(16)}${signature}\r\n`, chunk);
    if (chunk.length > 0 || trailer === null) pieces.push('\r\n');
  }
  if (trailer !== null) {
    const lines = Object.entries(trailer).map(([name, value]) => `${name}:${value}`);
    for (const line of lines) pieces.push(`${line}\r\n`);
    if (signed) {
      const digest = sha256(lines.map(line => `${line}\n`).join(''));
      pieces.push(`x-amz-trailer-signature:${next('AWS4-HMAC-SHA256-TRAILER', digest)}\r\n`);
    }
    pieces.push('\r\n');
  }
  return Buffer.concat(pieces.map(piece => Buffer.from(piece)));
}

/** Sends exactly these headers and bytes. */
export function send(
  baseUrl: string,
  method: string,
  target: string,
  headers: Record<string, string>,
  body: string | Buffer = '',
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const base = new URL(baseUrl);
    const outgoing = httpRequest({
      host: base.hostname,
      port: base.port,
      method,
      path: target,
      headers,
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', incoming => {
      const chunks: Buffer[] = [];
      incoming.on('data', chunk => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: incoming.statusCode!,
          headers: incoming.headers,
          body: text,
          code: /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? '',
        });
      });
    });
    outgoing.end(body);
  });
}

/** Signs and sends. `alter` changes the headers after they were signed. */
export function call(
  baseUrl: string,
  request: RawRequest,
  alter: (headers: Record<string, string>) => void = () => {},
): Promise<RawAnswer> {
  const { headers } = sign(request, new URL(baseUrl).host);
  const body = request.body ?? '';
  if (body.length > 0 || request.method === 'PUT')
    headers['content-length'] ??= String(Buffer.byteLength(body));
  alter(headers);
  const target = request.query ? `${request.path}?${request.query}` : request.path;
  return send(baseUrl, request.method ?? 'GET', target, headers, body);
}
