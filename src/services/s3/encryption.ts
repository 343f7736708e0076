/** Server-side encryption that uploads ask for, where a bucket policy demands its headers. */
import type { S3Client, ServerSideEncryption } from '@aws-sdk/client-s3';
import type { Config } from '../../config/settings.ts';

/** Parameters of PutObject and CreateMultipartUpload; empty where the bucket's own encryption is enough. */
export interface Encryption {
  ServerSideEncryption?: ServerSideEncryption;
  SSEKMSKeyId?: string;
}

export function encryptionOf({
  server_side_encryption: kind,
  kms_key_id: key,
}: Config['aws']['amplify']): Encryption {
  if (kind === '') return {};
  return { ServerSideEncryption: kind, ...(key !== '' && kind !== 'AES256' && { SSEKMSKeyId: key }) };
}

const UPLOADS = new Set(['PutObjectCommand', 'CreateMultipartUploadCommand']);

/** Adds the parameters to every upload of this client, lib-storage's included. */
export function encryptUploads(client: S3Client, encryption: Encryption): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      args =>
        next(UPLOADS.has(commandName) ? { ...args, input: { ...args.input, ...encryption } } : args),
    { step: 'initialize', name: 'encryptUploads' },
  );
}
