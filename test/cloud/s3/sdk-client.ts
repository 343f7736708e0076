import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { CredentialStore, type Role } from './credentials.ts';
import { createS3, type S3Service } from './s3.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export const Bucket = 'photos';

/** In a `describe`: a local S3 for each test, and clients of it. */
export function useS3() {
  const credentials = new CredentialStore();
  const at = {
    credentials,
    s3: undefined as unknown as S3Service,
    client(keys: Keys = credentials.issueRoot(), more: S3ClientConfig = {}): S3Client {
      return new S3Client({
        endpoint: at.s3.service.url,
        region: at.s3.region,
        forcePathStyle: true,
        credentials: keys,
        maxAttempts: 1,
        // The SDK would tell the console about every stream that is refused on purpose.
        logger: { debug() {}, info() {}, warn() {}, error() {} },
        ...more,
      });
    },
    as: (role: Role) => at.client(credentials.issue({ role, lifetimeSeconds: 3600 })),
  };
  beforeEach(async () => {
    at.s3 = await createS3({ bucket: Bucket, region: 'us-east-1', credentials });
  });
  afterEach(() => at.s3.service.close());
  return at;
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
