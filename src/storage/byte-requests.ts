/**
 * PUTs that carry bytes, without the SDK's layers. They are all but a few of the requests of a run, and the SDK spends
 * 1 to 2 ms of CPU on each (middleware, schemas, endpoint rules), as much as a 1 MiB file needs for everything else;
 * what is needed here takes a tenth of that. Signature and keys are the SDK's own, and where the bucket is reached is
 * asked of its client, so that settings hold for both alike. Errors look like the SDK's.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import type { HttpRequest } from '@smithy/types';
import type { Patience } from '../http/connection.ts';
import { type Answer, Connections } from '../http/connections.ts';
import { type Backoff, withRetries } from '../retry/backoff.ts';
import { judgeBy } from '../retry/faults.ts';
import { atOnce } from '../retry/sdk-retries.ts';
import { explained, type RefusalContext } from './client.ts';
import { encryptionHeaders } from './encryption.ts';
import { S3_REASONS } from './errors.ts';

export interface BytePut {
  key: string;
  query?: Record<string, string>;
  /** Names in lower case; without those that every request has. */
  headers: Record<string, string>;
  body: Buffer;
  signal?: AbortSignal;
}

const CONNECT_TIMEOUT_MS = 15_000;
/** Error bodies are small; whatever is longer is not S3's. */
const MAX_ERROR_BODY = 64 * 1024;

/** The clock has been set by the response to it. */
const judge = judgeBy({ ...S3_REASONS, RequestTimeTooSkewed: 'temporary' });

/** Where requests for a bucket go. */
type Address = Pick<HttpRequest, 'protocol' | 'hostname' | 'port' | 'path'>;

interface Sending {
  address: Address;
  connections: Connections;
  sign: (request: HttpRequest) => Promise<HttpRequest>;
}

export class BytePuts {
  readonly #context: RefusalContext;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #backoff: Backoff;
  readonly #patience: Patience;
  #connections: Connections | null = null;
  #sending: Promise<Sending> | null = null;

  constructor(
    options: RefusalContext & { client: S3Client; bucket: string; backoff: Backoff; stallTimeoutMs: number },
  ) {
    this.#context = options;
    this.#client = options.client;
    this.#bucket = options.bucket;
    this.#backoff = atOnce(options.backoff);
    this.#patience = { connectMs: CONNECT_TIMEOUT_MS, stallMs: options.stallTimeoutMs };
  }

  close(): void {
    this.#connections?.close();
  }

  /** Loads what the first request needs; otherwise that one does. */
  getReady(): void {
    this.#sending ??= this.#prepare();
    // Told to the first request.
    this.#sending.catch(() => {});
  }

  /**
   * Gives the etag, in quotes as S3 sends it. Passing failures are tried again. Throws errors with the `name`, `message`
   * and `$metadata` of the SDK's, or of Node for what fails below HTTP.
   */
  put(request: BytePut): Promise<string | undefined> {
    return withRetries(() => this.#attempt(request), judge, this.#backoff, request.signal);
  }

  async #attempt({ key, query = {}, headers, body, signal }: BytePut): Promise<string | undefined> {
    this.#sending ??= this.#prepare();
    const { address, sign, connections } = await this.#sending;
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
        ...(query.uploadId === undefined && encryptionHeaders(this.#context.encryption)),
      },
      body,
    });
    const answer = await connections.exchange(
      { method: 'PUT', path: signed.path + queryOf(query), headers: signed.headers, body },
      signal,
    );
    const text = await answer.text(MAX_ERROR_BODY);
    answer.close();
    if (answer.status >= 200 && answer.status < 300) return answer.headers.etag;
    const error = Object.assign(errorOf(answer, text), { $response: { headers: answer.headers } });
    if (error.name === 'RequestTimeTooSkewed') this.#setClockBy(answer);
    throw explained(error, this.#bucket, this.#context);
  }

  /** As the SDK does for its own requests. */
  #setClockBy({ headers }: Answer): void {
    const serverTime = Date.parse(headers.date ?? '');
    if (!Number.isNaN(serverTime)) this.#client.config.systemClockOffset = serverTime - Date.now();
  }

  async #prepare(): Promise<Sending> {
    const { SignatureV4 } = await import('@smithy/signature-v4');
    const { config } = this.#client;
    const signer = new SignatureV4({
      service: 's3',
      region: config.region,
      credentials: config.credentials,
      sha256: config.sha256,
      uriEscapePath: false,
    });
    const address = await addressOf(this.#client, this.#bucket);
    this.#connections = new Connections(address, this.#patience);
    return {
      address,
      connections: this.#connections,
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

/** Slashes stay. */
function pathOf(key: string): string {
  return escaped(key).replaceAll('%2F', '/');
}

/** RFC 3986 as S3 signs it: everything but unreserved characters is escaped. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    found => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function queryOf(query: Record<string, string>): string {
  const text = Object.entries(query).map(([name, value]) => `${name}=${escaped(value)}`);
  return text.length > 0 ? `?${text.join('&')}` : '';
}

function errorOf({ status }: Answer, text: string): Error {
  const name = elementOf(text, 'Code') ?? 'UnknownError';
  const message = elementOf(text, 'Message') ?? `status ${status}`;
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function elementOf(xml: string, element: string): string | null {
  const [, content] = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml) ?? [];
  return content?.replace(/&(\w+);/g, (whole, name) => ENTITIES[name] ?? whole) ?? null;
}
