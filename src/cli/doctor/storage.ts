import { randomUUID } from 'node:crypto';
import { KEYS_FOR } from '../../config/require-keys.ts';
import { storageRegionOf } from '../../config/settings.ts';
import { encryptionOf } from '../../services/s3/encryption.ts';
import type { Check } from './check.ts';

export const storage: Check = {
  name: 'storage_write',
  title: 'Storage',
  after: ['identity_pool_keys'],
  keys: KEYS_FOR.storage,
  async run({ loaded, services }) {
    const [{ probeBucket }, { MAX_WHOLE_RETRY_MIB }] = await Promise.all([
      import('../../services/s3/probe.ts'),
      import('../../services/s3/upload.ts'),
    ]);
    const { aws, migration } = loaded.config;
    const { amplify } = aws;
    await probeBucket({
      region: storageRegionOf(loaded.config.aws),
      encryption: encryptionOf(amplify),
      bucket: amplify.storage_bucket,
      credentials: (await services.session()).credentials,
      backoff: services.backoffFor('S3'),
      key: `media/.migrator-doctor-${randomUUID()}`,
    });
    return `${amplify.storage_bucket} accepts and deletes objects under media/. Files above ${migration.multipart_threshold_mb} MiB, or above ${MAX_WHOLE_RETRY_MIB} MiB after an error, are uploaded in parts: add a lifecycle rule with AbortIncompleteMultipartUpload to delete parts of interrupted uploads`;
  },
};
