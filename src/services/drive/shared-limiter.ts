/**
 * One query rate for all processes that use one Google account, through Redis (bottleneck's clustering). While Redis is out
 * of reach a process goes on by itself, with its part of the rate.
 */
import { createHash } from 'node:crypto';
import Bottleneck from 'bottleneck';
import type { Redis } from 'ioredis';
import { RunError } from '../../../stages/errors.ts';
import { pause } from '../../../stages/retry/backoff.ts';

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
export const MARGIN = 0.9;
/** Turns are whole milliseconds apart, and cost Redis a script each: at higher rates one turn is for several queries. */
const MOST_TURNS_PER_SECOND = 50;
/** How long Drive still counts a query. */
const COUNTED_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 5_000;
const LONGEST_RECONNECT_MS = 2_000;
/** By then all processes that see Redis are connected to it. */
const SETTLED_AFTER_MS = 2 * LONGEST_RECONNECT_MS;
/** Bottleneck's keys in Redis outlive a quiet process by so long. */
const KEPT_MS = 24 * 60 * 60_000;

export class SharedLimiter {
  readonly #options: SharedLimiterOptions;
  readonly #client: Redis;
  readonly #connection: Bottleneck.IORedisConnection;
  #perSecond: number;
  #limiter: Bottleneck | null = null;
  /** Until then others may not have noticed that Redis is back. */
  #settledAtMs = 0;
  #lostAtMs = Number.NEGATIVE_INFINITY;
  /** Queries that wait for a turn, in order. */
  #waiting: ((isGiven: boolean) => void)[] = [];
  #isTaking = false;
  /** What is left of the last turn. */
  #left = { queries: 0, untilMs: 0 };
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

  /**
   * Resolves when the next query of all processes is this one. False if the process has to keep to its own part of the rate
   * as well: Redis cannot tell, or has been back for so short a time that others may still go by their parts.
   */
  async turn(): Promise<boolean> {
    const isGiven = this.#limiter !== null && (await this.#next());
    if (isGiven) return performance.now() >= this.#settledAtMs;
    // What was sent with turns from Redis still counts.
    await pause(Math.max(0, this.#lostAtMs + COUNTED_MS - performance.now()));
    return false;
  }

  #next(): Promise<boolean> {
    return new Promise(resolve => {
      this.#waiting.push(resolve);
      this.#spend();
      if (!this.#isTaking && this.#limiter) void this.#take(this.#limiter);
    });
  }

  /** Takes turns from Redis, one after the other, while queries wait. */
  async #take(limiter: Bottleneck): Promise<void> {
    this.#isTaking = true;
    const given = async () => {
      if (limiter !== this.#limiter) return;
      const { minTime, queries } = this.#turns;
      this.#left = { queries, untilMs: performance.now() + minTime };
      this.#spend();
    };
    try {
      while (limiter === this.#limiter && this.#waiting.length > 0) await limiter.schedule(given);
    } catch {
      if (limiter === this.#limiter) this.#lose();
    }
    if (limiter === this.#limiter) this.#isTaking = false;
  }

  #spend(): void {
    if (performance.now() > this.#left.untilMs) this.#left.queries = 0;
    for (; this.#left.queries > 0 && this.#waiting.length > 0; this.#left.queries -= 1) {
      this.#waiting.shift()!(true);
    }
  }

  /** For all processes: `share` of the whole rate. */
  setShare(share: number, perSecond: number): void {
    this.#perSecond = perSecond;
    const limiter = this.#limiter;
    Promise.resolve(limiter?.updateSettings({ minTime: this.#turns.minTime })).catch(() => {});
    limiter?.publish(JSON.stringify({ share })).catch(() => {});
  }

  /** Another process has set it: a limiter that is made after a loss of Redis starts with it. */
  followShare(perSecond: number): void {
    this.#perSecond = perSecond;
  }

  /** How far turns are apart, in ms, and for how many queries each is. Bottleneck's scripts in Redis take whole numbers only. */
  get #turns(): { minTime: number; queries: number } {
    const perSecond = this.#perSecond * MARGIN;
    const queries = Math.ceil(perSecond / MOST_TURNS_PER_SECOND);
    return { minTime: Math.ceil((1000 * queries) / perSecond), queries };
  }

  /** After a restart Redis may be empty, and a limiter that has lost its keys never works again. */
  #renew(): void {
    this.#drop();
    const { account, onShare } = this.#options;
    const limiter = new Bottleneck({
      id: `migrator-drive-${createHash('sha256').update(account).digest('hex').slice(0, 16)}`,
      datastore: 'ioredis',
      connection: this.#connection,
      minTime: this.#turns.minTime,
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
    this.#settledAtMs = performance.now() + (this.#isLostSaid ? SETTLED_AFTER_MS : 0);
    // The settings in Redis may be those of an earlier run.
    Promise.resolve(limiter.updateSettings({ minTime: this.#turns.minTime })).catch(() => {});
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
    if (this.#limiter) this.#lostAtMs = performance.now();
    void this.#limiter?.disconnect(false);
    this.#limiter = null;
    this.#isTaking = false;
    this.#left.queries = 0;
    for (const resolve of this.#waiting.splice(0)) resolve(false);
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
