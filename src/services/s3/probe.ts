import { createHash } from 'node:crypto';
import { FileError, RunError } from '../../../stages/errors.ts';
import { type ClientOptions, createClient } from './client.ts';
import { aboutUpload } from './errors.ts';

const TEXT = 'Written by "migrator doctor" to see whether it may write here. It can be removed.\n';

/**
 * Puts a tiny object under the key, as an upload does, and removes it. Throws RunError: it cannot be put, or not removed
 * (and then stays).
 */
export async function probeBucket(
  options: Omit<ClientOptions, 'connections' | 'stallTimeoutMs'> & { bucket: string; key: string },
): Promise<void> {
  const { bucket, key } = options;
  const [client, { DeleteObjectCommand, PutObjectCommand }] = await Promise.all([
    createClient({ ...options, connections: 1, stallTimeoutMs: 15_000 }),
    import('@aws-sdk/client-s3'),
  ]);
  const place = { Bucket: bucket, Key: key };
  try {
    const ContentMD5 = createHash('md5').update(TEXT).digest('base64');
    await client
      .send(new PutObjectCommand({ ...place, Body: TEXT, ContentMD5, ContentType: 'text/plain' }))
      .catch(error => {
        throw asRunError(aboutUpload(error, key, bucket));
      });
    await client.send(new DeleteObjectCommand(place)).catch(error => {
      throw new RunError(
        'storage_delete_refused',
        `${key} was put into ${bucket} but cannot be removed: ${(error as Error).message}`,
        'Allow ADMINS to delete under media/* in the storage of the Amplify project; only "undo" needs it. Remove the object by hand.',
        { cause: error },
      );
    });
  } finally {
    client.destroy();
  }
}

function asRunError(error: Error): RunError {
  if (error instanceof RunError) return error;
  return new RunError(
    'storage_unreachable',
    error.message,
    (error instanceof FileError && error.everyFile?.remedy) ||
      'Check the network connection, aws.amplify.storage_region and aws.amplify.storage_bucket ("migrator show").',
    { cause: error },
  );
}
