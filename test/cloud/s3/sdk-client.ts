/** The SDK's client, pointed at a local S3. */
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Service } from './s3.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export function sdkClient(s3: S3Service, credentials: Keys, more: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint: s3.service.url,
    region: s3.region,
    forcePathStyle: true,
    credentials,
    maxAttempts: 1,
    // The SDK would tell the console about every stream that is refused on purpose.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...more,
  });
}

/** The error code and status that a call is refused with; fails when it is not refused. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    if ($metadata?.httpStatusCode === undefined) throw error;
    return `${$metadata.httpStatusCode} ${name}`;
  }
  throw new Error('the call was not refused');
}
