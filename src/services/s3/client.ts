import type { S3 } from '@aws-sdk/client-s3';
import type { Backoff } from '../../../stages/retry/backoff.ts';
import type { Config } from '../../config/settings.ts';
import { addressOf, guardAndRetry } from '../aws/client.ts';
import type { AwsKeySource } from '../aws/roles.ts';
import { httpAgents } from '../network/proxy.ts';
import { nameHeadError, S3_REASONS, wrongRegion } from './errors.ts';

export interface ClientOptions {
  region: string;
  credentials: AwsKeySource;
  connections: number;
  backoff: Backoff;
  stallTimeoutMs: number;
  /** Server-side encryption that uploads ask for; none where the bucket's own is enough. */
  encryption?: Pick<Config['aws']['amplify'], 'server_side_encryption' | 'kms_key_id'>;
}

const CONNECT_TIMEOUT_MS = 15_000;

/**
 * An S3 client whose default checksums are off: with them a streamed body would be sent in chunks with a trailer. Bytes of files
 * are sent with their md5, or with a CRC32 for each part (`upload.ts`).
 */
export async function createClient(options: ClientOptions): Promise<S3> {
  const [{ S3: Client }, { NodeHttpHandler }, agents] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@smithy/node-http-handler'),
    httpAgents({ keepAlive: true, maxSockets: options.connections }),
  ]);
  const client = new Client({
    region: options.region,
    credentials: options.credentials,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK would open a connection of its own for each such request.
    expectContinueHeader: false,
    // The SDK's log messages would break up the progress bar.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_TIMEOUT_MS,
      // No limit for the whole of a request: a large file on a slow line takes hours.
      socketTimeout: options.stallTimeoutMs,
      ...agents,
    }),
  });
  // A custom endpoint is rarely reachable under a host name for each bucket.
  client.config.forcePathStyle = (await client.config.serviceConfiguredEndpoint?.()) !== undefined;
  guardAndRetry(client, { service: 'S3', backoff: options.backoff, reasons: S3_REASONS });
  encryptAndExplain(client, options);
  return client;
}

const UPLOADS = new Set(['PutObjectCommand', 'CreateMultipartUploadCommand']);

/** Adds the encryption to every upload, lib-storage's included, and to errors what only the client knows (access-denied.ts). */
function encryptAndExplain(client: S3, { region, credentials, encryption }: ClientOptions): void {
  const { server_side_encryption: kind = '', kms_key_id: key = '' } = encryption ?? {};
  const isByKey = key !== '' && kind !== 'AES256';
  const headers = kind ? { ServerSideEncryption: kind, ...(isByKey && { SSEKMSKeyId: key }) } : {};
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async args => {
        const { Bucket = '' } = args.input as { Bucket?: string };
        const input = UPLOADS.has(commandName) ? { ...args.input, ...headers } : args.input;
        try {
          return await next({ ...args, input });
        } catch (error) {
          if (commandName === 'HeadObjectCommand') nameHeadError(error);
          const user = credentials.user?.() ?? null;
          Object.assign(error as Error, { user, encryption: kind });
          throw wrongRegion(error, Bucket, region) ?? error;
        }
      },
    { step: 'initialize', priority: 'high', name: 'encryptAndExplain' },
  );
}

/** Where requests about a bucket go; a bucket's own host name is left out. Throws RunError if that is no safe address. */
export async function storageAddress(region: string): Promise<string> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({ region });
  return addressOf(client, 'S3').finally(() => client.destroy());
}
