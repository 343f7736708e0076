import type { S3Client } from '@aws-sdk/client-s3';
import type { Backoff } from '../retry/backoff.ts';
import { retryRequestsOf } from '../retry/sdk-retries.ts';
import { S3_REASONS } from './errors.ts';

/** Keys of the signed-in user. One source is shared by all clients, so that keys are fetched once. */
export interface AwsKeySource {
  (): Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string; expiration?: Date }>;
  /** Tells the SDK not to keep keys itself: the source knows better when to renew them. */
  readonly memoized: true;
}

export interface ClientOptions {
  region: string;
  credentials: AwsKeySource;
  connections: number;
  backoff: Backoff;
  stallTimeoutMs: number;
}

/** The SDK's own limit for the whole of one request; a moving transfer of a large part may take minutes. */
const REQUEST_TIMEOUT_MS = 15 * 60_000;
const CONNECT_TIMEOUT_MS = 15_000;

/**
 * An S3 client whose default checksums are off: bytes of files do not go through its commands (`byte-requests.ts`), and
 * all that do are too small to lose a bit without TLS noticing.
 */
export async function createClient(options: ClientOptions): Promise<S3Client> {
  const [{ S3Client: Client }, { NodeHttpHandler }, { Agent: HttpAgent }, { Agent: HttpsAgent }] =
    await Promise.all([
      import('@aws-sdk/client-s3'),
      import('@smithy/node-http-handler'),
      import('node:http'),
      import('node:https'),
    ]);
  const agentOptions = { keepAlive: true, maxSockets: options.connections };
  const client = new Client({
    region: options.region,
    credentials: options.credentials,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Its remarks about streams would go to the terminal, through the progress bar.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    // An endpoint of one's own is rarely reachable under a host name for each bucket.
    forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL),
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      socketTimeout: options.stallTimeoutMs,
      httpAgent: new HttpAgent(agentOptions),
      httpsAgent: new HttpsAgent(agentOptions),
    }),
  });
  retryRequestsOf(client, options.backoff, S3_REASONS);
  return client;
}
