/**
 * One query rate for all processes that use one Google account, through Redis (bottleneck's clustering). While Redis is out
 * of reach a process goes on by itself, with its part of the rate.
 */
import { createHash } from 'node:crypto';
import Bottleneck from 'bottleneck';
import type { Redis } from 'ioredis';
import { RunError } from '../../../stages/errors.ts';

export interface RedisAddress {
  /** `redis://` or `rediss://`, perhaps with a password. */
  url: string;
  /** Instead of one in the URL; empty if there is none. */
  password?: string;
}

export interface SharedLimiterOptions {
  redis: RedisAddress;
  /** Those of one account share a rate. */
  account: string;
  warn: (message: string) => void;
  /** Another process has changed the share of the rate that is used. */
  onShare: (share: number) => void;
}

/** Processes do not send exactly when they are allowed to: without this margin a second may see some queries too many. */
const MARGIN = 0.9;
const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 5_000;
const LONGEST_RECONNECT_MS = 2_000;
/** Bottleneck's keys in Redis outlive a quiet process by so long. */
const KEPT_MS = 24 * 60 * 60_000;

export class SharedLimiter {
  readonly #options: SharedLimiterOptions;
  readonly #client: Redis;
  readonly #connection: Bottleneck.IORedisConnection;
  #perSecond: number;
  #limiter: Bottleneck | null = null;
  /** End the waits of turns that Redis will not give any more. */
  readonly #waiting = new Set<(isGiven: boolean) => void>();
  #isLostSaid = false;

  private constructor(client: Redis, perSecond: number, options: SharedLimiterOptions) {
    this.#client = client;
    this.#perSecond = perSecond;
    this.#options = options;
    this.#connection = new Bottleneck.IORedisConnection({ client });
    this.#connection.on('error', () => {});
    client.on('ready', () => this.#renew());
    client.on('close', () => this.#lose());
  }

  /** Resolves when Redis is there or the first attempt has failed; then no turn is given before a later one succeeds. */
  static async connect(perSecond: number, options: SharedLimiterOptions): Promise<SharedLimiter> {
    const client = await clientOf(options.redis);
    const limiter = new SharedLimiter(client, perSecond, options);
    await new Promise<void>(resolve => {
      for (const event of ['ready', 'close']) client.once(event, () => resolve());
    });
    return limiter;
  }

  /** Resolves when the next query of all processes is this one; false if Redis cannot tell. */
  async turn(): Promise<boolean> {
    const limiter = this.#limiter;
    if (!limiter) return false;
    const isGiven = await new Promise<boolean>(resolve => {
      const settle = (given: boolean) => {
        this.#waiting.delete(settle);
        resolve(given);
      };
      this.#waiting.add(settle);
      limiter.schedule(async () => true).then(settle, () => settle(false));
    });
    if (!isGiven && limiter === this.#limiter) this.#lose();
    return isGiven;
  }

  /** For all processes: `share` of the whole rate. */
  setShare(share: number, perSecond: number): void {
    this.#perSecond = perSecond;
    const limiter = this.#limiter;
    Promise.resolve(limiter?.updateSettings({ minTime: this.#minTime })).catch(() => {});
    limiter?.publish(JSON.stringify({ share })).catch(() => {});
  }

  /** Another process has set it: a limiter that is made after a loss of Redis starts with it. */
  followShare(perSecond: number): void {
    this.#perSecond = perSecond;
  }

  /** Bottleneck's scripts in Redis take whole numbers only. */
  get #minTime(): number {
    return Math.ceil(1000 / (this.#perSecond * MARGIN));
  }

  /** After a restart Redis may be empty, and a limiter that has lost its keys never works again. */
  #renew(): void {
    this.#drop();
    const { account, onShare } = this.#options;
    const limiter = new Bottleneck({
      id: `migrator-drive-${createHash('sha256').update(account).digest('hex').slice(0, 16)}`,
      datastore: 'ioredis',
      connection: this.#connection,
      minTime: this.#minTime,
      timeout: KEPT_MS,
    });
    limiter.on('error', () => {
      if (limiter === this.#limiter) this.#lose();
    });
    limiter.on('message', (text: string) => {
      const share = shareIn(text);
      if (share !== null) onShare(share);
    });
    this.#limiter = limiter;
    // The settings in Redis may be those of an earlier run.
    Promise.resolve(limiter.updateSettings({ minTime: this.#minTime })).catch(() => {});
    if (this.#isLostSaid) this.#options.warn('Redis is back: all processes share the query rate again.');
    this.#isLostSaid = false;
  }

  #lose(): void {
    this.#drop();
    if (!this.#isLostSaid)
      this.#options.warn(
        'Redis (google_drive.quota_redis_url) cannot be reached: this process continues with its own part of the query rate until Redis is back.',
      );
    this.#isLostSaid = true;
    // A connection that works, but whose limiter does not, is opened again.
    if (this.#client.status === 'ready') this.#client.disconnect(true);
  }

  #drop(): void {
    void this.#limiter?.disconnect(false);
    this.#limiter = null;
    for (const settle of this.#waiting) settle(false);
  }

  close(): void {
    this.#isLostSaid = true;
    this.#drop();
    this.#client.removeAllListeners('close');
    void this.#connection.disconnect(false);
    this.#client.disconnect();
  }
}

function shareIn(text: string): number | null {
  try {
    const { share } = JSON.parse(text) as { share?: unknown };
    return typeof share === 'number' && share > 0 && share <= 1 ? share : null;
  } catch {
    return null;
  }
}

async function clientOf({ url, password }: RedisAddress, isLazy = false): Promise<Redis> {
  const { Redis: Client } = await import('ioredis');
  const client = new Client(url, {
    ...(password && { password }),
    lazyConnect: isLazy,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: attempt => (isLazy ? null : Math.min(attempt * 200, LONGEST_RECONNECT_MS)),
  });
  client.on('error', () => {});
  return client;
}

/** Asks Redis for a sign of life and gives its host and port. Throws RunError. */
export async function pingRedis(address: RedisAddress): Promise<string> {
  const { hostname, port } = new URL(address.url);
  const place = `${hostname}:${port || 6379}`;
  const client = await clientOf(address, true);
  let reason = '';
  client.on('error', ({ message }) => {
    reason = message;
  });
  try {
    await client.connect();
    await client.ping();
    return place;
  } catch (error) {
    throw new RunError(
      'quota_redis_unreachable',
      `Redis at ${place} cannot be used: ${reason || (error as Error).message}.`,
      'Check google_drive.quota_redis_url (MIGRATOR_QUOTA_REDIS_URL), the password and the firewall. Without Redis each shard uses its own part of the query rate.',
      { cause: error },
    );
  } finally {
    client.disconnect();
  }
}
