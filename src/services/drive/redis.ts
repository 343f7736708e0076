/** The Redis through which processes share the query rate of Drive. */
import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { RunError } from '../../../stages/errors.ts';

export interface RedisAddress {
  url: string;
  /** Instead of one in the URL; empty if there is none. */
  password?: string;
}

const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 5_000;

export async function redisClient({ url, password }: RedisAddress): Promise<Redis> {
  const { Redis: Client } = await import('ioredis');
  const client = new Client(url, {
    ...(password && { password }),
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  return client;
}

export async function ready(client: Redis): Promise<void> {
  const closed = once(client, 'close').then(() => {
    throw new Error('the connection was closed');
  });
  await Promise.race([once(client, 'ready'), closed]);
}

export async function pingRedis(redis: RedisAddress): Promise<string> {
  const { hostname, port } = new URL(redis.url);
  const address = `${hostname}:${port || 6379}`;
  const client = await redisClient(redis);
  try {
    await ready(client);
    await client.ping();
    return address;
  } catch (error) {
    throw new RunError(
      'quota_redis_unreachable',
      `Redis at ${address} cannot be used: ${(error as Error).message}.`,
      'Check google_drive.quota_redis_url (MIGRATOR_QUOTA_REDIS_URL), the password and the firewall. Without Redis each shard uses its own part of the query rate.',
      { cause: error },
    );
  } finally {
    client.disconnect();
  }
}
