import type { Check } from './check.ts';

/** The Redis through which processes share the query rate of Drive. */
export const quota: Check = {
  name: 'shared_query_rate',
  title: 'Shared query rate',
  async run({ services }) {
    const { quotaRedis } = services;
    if (!quotaRedis) return 'each process by itself (google_drive.quota_redis_url is not set)';
    const { pingRedis } = await import('../../services/drive/shared-limiter.ts');
    return `through Redis at ${await pingRedis(quotaRedis)}`;
  },
};
