import { randomUUID } from 'node:crypto';
import { KEYS_FOR } from '../../config/require-keys.ts';
import type { Check } from './check.ts';

export const storage: Check = {
  name: 'storage_write',
  title: 'Storage',
  after: ['identity_pool_keys'],
  keys: KEYS_FOR.storage,
  async run({ loaded, services }) {
    const { MAX_WHOLE_RETRY_MIB } = await import('../../services/s3/upload.ts');
    const { aws, migration } = loaded.config;
    const storage = await services.storage();
    await storage.objects().probe(`media/.migrator-doctor-${randomUUID()}`);
    return `${aws.amplify.storage_bucket} accepts and deletes objects under media/. Files above ${migration.multipart_threshold_mb} MiB, or above ${MAX_WHOLE_RETRY_MIB} MiB after an error, are uploaded in parts: add a lifecycle rule with AbortIncompleteMultipartUpload to delete parts of interrupted uploads`;
  },
};
