/**
 * PUTs that carry bytes, without the SDK's layers. They are all but a few of the requests of a run, and the SDK spends
 * 1 to 2 ms of CPU on each (middleware, schemas, endpoint rules), as much as a 1 MiB file needs for everything else;
 * what is needed here takes a tenth of that. Signature, HTTP handler and keys are the SDK's own, and where the bucket is
 * reached is asked of its client, so that settings hold for both alike. Errors look like the SDK's.
 */
import type { IncomingMessage } from 'node:http';
import type { S3Client } from '@aws-sdk/client-s3';
import type { HttpRequest, HttpResponse } from '@smithy/types';
import { withRetries } from '../retry/backoff.ts';

export interface BytePut {
  key: string;
  query?: Record<string, string>;
  /** Names in lower case; without those that every request has. */
  headers: Record<string, string>;
  body: Buffer;
  signal?: AbortSignal;
}

/** The SDK's waits between attempts (AWS SDKs and Tools Reference Guide, "Retry behavior"). */
const BACKOFF = { baseMs: 100, capMs: 20_000 };
/** Error bodies are small; whatever is longer is not S3's. */
const MAX_ERROR_BODY = 64 * 1024;

/** Passing errors below status 500 (the SDK's own list for S3). */
const PASSING_NAMES = new Set(['RequestTimeout', 'RequestTimeTooSkewed', 'SlowDown']);
const PASSING_STATUSES = new Set([408, 429]);

/** Where requests for a bucket go. */
type Address = Pick<HttpRequest, 'protocol' | 'hostname' | 'port' | 'path'>;

export class BytePuts {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #attempts: number;
  #sending: Promise<{ address: Address; sign: (request: HttpRequest) => Promise<HttpRequest> }> | null = null;

  constructor(client: S3Client, bucket: string, attempts: number) {
    this.#client = client;
    this.#bucket = bucket;
    this.#attempts = attempts;
  }

  /**
   * Gives the etag, in quotes as S3 sends it. Passing failures are tried again. Throws errors with the `name`, `message`
   * and `$metadata` of the SDK's, or of Node for what fails below HTTP.
   */
  put(request: BytePut): Promise<string | undefined> {
    return withRetries(
      () => this.#attempt(request),
      error => ({ again: isPassing(error), afterMs: null }),
      { ...BACKOFF, retries: this.#attempts - 1 },
      request.signal,
    );
  }

  async #attempt({ key, query = {}, headers, body, signal }: BytePut): Promise<string | undefined> {
    this.#sending ??= this.#prepare();
    const { address, sign } = await this.#sending;
    const signed = await sign({
      ...address,
      method: 'PUT',
      path: address.path + pathOf(key),
      query,
      headers: {
        host: address.port ? `${address.hostname}:${address.port}` : address.hostname,
        // The digest that travels along is compared by S3: hashing the payload for the signature as well adds nothing.
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
        'content-length': String(body.length),
        ...headers,
      },
      body,
    });
    const { response } = await this.#client.config.requestHandler.handle(signed as never, {
      abortSignal: signal,
    });
    const text = await textOf(response);
    if (response.statusCode >= 200 && response.statusCode < 300) return response.headers.etag;
    const error = errorOf(response, text);
    if (error.name === 'RequestTimeTooSkewed') this.#setClockBy(response);
    throw error;
  }

  /** As the SDK does for its own requests. */
  #setClockBy({ headers }: HttpResponse): void {
    const serverTime = Date.parse(headers.date ?? '');
    if (!Number.isNaN(serverTime)) this.#client.config.systemClockOffset = serverTime - Date.now();
  }

  async #prepare() {
    const { SignatureV4 } = await import('@smithy/signature-v4');
    const { config } = this.#client;
    const signer = new SignatureV4({
      service: 's3',
      region: config.region,
      credentials: config.credentials,
      sha256: config.sha256,
      uriEscapePath: false,
    });
    return {
      address: await addressOf(this.#client, this.#bucket),
      sign: (request: HttpRequest) =>
        signer.sign(request, {
          signingDate: new Date(Date.now() + config.systemClockOffset),
        }) as Promise<HttpRequest>,
    };
  }
}

/** Asks the client by a request that it makes but does not send. */
async function addressOf(client: S3Client, bucket: string): Promise<Address> {
  const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
  const command = new HeadObjectCommand({ Bucket: bucket, Key: 'x' });
  let address: Address | null = null;
  command.middlewareStack.add(
    () => async args => {
      const { protocol, hostname, port, path } = args.request as HttpRequest;
      address = { protocol, hostname, port, path: path.replace(/x$/, '') };
      return { output: { $metadata: {} }, response: {} };
    },
    { step: 'build', priority: 'low', name: 'neverSent' },
  );
  await client.send(command);
  return address!;
}

/** RFC 3986 as S3 signs it: everything but unreserved characters is escaped, slashes stay. */
function pathOf(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, found => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
}

async function textOf({ body }: { body?: unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as IncomingMessage) {
    length += chunk.length;
    if (length <= MAX_ERROR_BODY) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function errorOf({ statusCode }: HttpResponse, text: string): Error {
  const name = elementOf(text, 'Code') ?? 'UnknownError';
  const message = elementOf(text, 'Message') ?? `status ${statusCode}`;
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: statusCode } });
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function elementOf(xml: string, element: string): string | null {
  const [, content] = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml) ?? [];
  return content?.replace(/&(\w+);/g, (whole, name) => ENTITIES[name] ?? whole) ?? null;
}

function isPassing(error: unknown): boolean {
  const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode: number } };
  if (name === 'AbortError') return false;
  const status = $metadata?.httpStatusCode;
  // No status: something below HTTP.
  return status === undefined || status >= 500 || PASSING_STATUSES.has(status) || PASSING_NAMES.has(name);
}
