/**
 * One query rate for all processes that use one Google account, through Redis (bottleneck's clustering). While Redis is out
 * of reach a process goes on by itself, with its part of the rate.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import Bottleneck from 'bottleneck';
import type { Redis } from 'ioredis';
import { RunError } from '../../../stages/errors.ts';
import { orAborted, pause } from '../../../stages/retry/backoff.ts';
import { MARGIN } from './query-rate.ts';

export interface RedisAddress {
  url: string;
  /** Instead of one in the URL; empty if there is none. */
  password?: string;
}

export interface SharedLimiterOptions {
  redis: RedisAddress;
  account: string;
  warn: (message: string) => void;
  /** Of all processes together, at the moment. */
  perSecond: () => number;
  /** Another process has changed the share of the whole rate that is used. */
  onShare: (share: number) => void;
}

/** Turns are whole milliseconds apart, and cost Redis a script each: at higher rates one turn is for several queries. */
const MOST_TURNS_PER_SECOND = 50;
/** How long Drive still counts a query. */
const COUNTED_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 5_000;
const RECONNECT_AFTER_MS = 1_000;
/** By then all processes that see Redis are connected to it. */
const SETTLED_AFTER_MS = 3 * RECONNECT_AFTER_MS;
/** How long bottleneck's keys stay in Redis after the last query. */
const KEPT_MS = 24 * 60 * 60_000;

export class SharedLimiter {
  readonly #options: SharedLimiterOptions;
  #client: Redis | null = null;
  #turns: Turns | null = null;
  #reconnecting: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Until then others may not know yet that Redis is there. */
  #settledAtMs = 0;
  #lostAtMs = Number.NEGATIVE_INFINITY;
  #isLostSaid = false;

  private constructor(options: SharedLimiterOptions) {
    this.#options = options;
  }

  /** Resolves when Redis is there or the first attempt has failed; then no turn is given before a later one succeeds. */
  static async connect(options: SharedLimiterOptions): Promise<SharedLimiter> {
    const limiter = new SharedLimiter(options);
    await limiter.#connect();
    return limiter;
  }

  async #connect(): Promise<void> {
    const client = await clientOf(this.#options.redis);
    if (this.#isClosed) return client.disconnect();
    this.#client = client;
    const lose = () => this.#lose(client);
    client.once('close', lose);
    try {
      await ready(client);
      if (client !== this.#client) return;
      this.#turns = new Turns(client, this.#options, lose);
    } catch {
      return lose();
    }
    this.#settledAtMs = performance.now() + SETTLED_AFTER_MS;
    if (this.#isLostSaid) this.#options.warn('Redis is back: all processes share the query rate again.');
    this.#isLostSaid = false;
  }

  /** Resolves when the query may be sent. `ownTurn` waits for a turn in this process's own part of the rate. */
  async turn(ownTurn: () => Promise<unknown>): Promise<void> {
    while (true) {
      if ((!this.#turns || performance.now() >= this.#settledAtMs) && (await this.#sharedTurn())) return;
      await ownTurn();
      // Redis may be back by now, and others may use it already; or it was lost while this query waited.
      if (this.#turns ? await this.#sharedTurn() : this.#lostForMs >= COUNTED_MS) return;
    }
  }

  /** False if there is no Redis. What was sent with turns from a Redis that was just lost still counts until then. */
  async #sharedTurn(): Promise<boolean> {
    if (await this.#turns?.next()) return true;
    await pause(Math.max(0, COUNTED_MS - this.#lostForMs));
    return false;
  }

  get #lostForMs(): number {
    return performance.now() - this.#lostAtMs;
  }

  /** Tells all processes which share of the whole rate is used from now on. */
  announce(share: number): void {
    this.#turns?.announce(share);
  }

  #lose(client: Redis): void {
    if (client !== this.#client || this.#isClosed) return;
    this.#drop();
    if (!this.#isLostSaid) {
      this.#lostAtMs = performance.now();
      this.#options.warn(
        'Redis (google_drive.quota_redis_url) cannot be reached: this process continues with its own part of the query rate until Redis is back.',
      );
    }
    this.#isLostSaid = true;
    this.#reconnecting = setTimeout(() => void this.#connect(), RECONNECT_AFTER_MS).unref();
  }

  #drop(): void {
    this.#turns?.close();
    this.#client?.disconnect();
    this.#turns = null;
    this.#client = null;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#reconnecting);
    this.#drop();
  }
}

/**
 * Gives queries their turns over one Redis connection. After a loss there is a new object, because bottleneck's limiters do
 * not survive an empty Redis.
 */
class Turns {
  readonly #perSecond: () => number;
  readonly #onLost: () => void;
  readonly #connection: Bottleneck.IORedisConnection;
  readonly #limiter: Bottleneck;
  /** What the last query waits for: one at a time takes a turn from Redis, or spends what is left of one. */
  #last: Promise<unknown> = Promise.resolve();
  #left = { queries: 0, untilMs: 0 };
  readonly #closed = new AbortController();

  constructor(client: Redis, { account, perSecond, onShare }: SharedLimiterOptions, onLost: () => void) {
    this.#perSecond = perSecond;
    this.#onLost = onLost;
    this.#connection = new Bottleneck.IORedisConnection({ client });
    const { minTime } = this.#rate;
    this.#limiter = new Bottleneck({
      id: `migrator-drive-${createHash('sha256').update(account).digest('hex').slice(0, 16)}`,
      datastore: 'ioredis',
      connection: this.#connection,
      minTime,
      timeout: KEPT_MS,
    });
    this.#connection.on('error', onLost);
    this.#limiter.on('error', onLost);
    this.#limiter.on('message', (text: string) => {
      const share = shareIn(text);
      if (share !== null) onShare(share);
    });
    // The settings in Redis may be those of an earlier run.
    this.#update();
  }

  /** How far turns are apart, in ms, and for how many queries each is. Bottleneck's scripts in Redis take whole numbers only. */
  get #rate(): { minTime: number; queries: number } {
    const perSecond = this.#perSecond() * MARGIN;
    const queries = Math.ceil(perSecond / MOST_TURNS_PER_SECOND);
    return { minTime: Math.ceil((1000 * queries) / perSecond), queries };
  }

  /** False if Redis is lost before the turn comes. */
  next(): Promise<boolean> {
    const turn = this.#last.then(() => this.#spend());
    this.#last = turn;
    return turn;
  }

  async #spend(): Promise<boolean> {
    const { signal } = this.#closed;
    if (signal.aborted) return false;
    if (this.#left.queries === 0 || performance.now() > this.#left.untilMs) {
      try {
        // Without a connection bottleneck may never say so.
        await orAborted(
          this.#limiter.schedule(async () => {}),
          signal,
        );
      } catch {
        this.#onLost();
        return false;
      }
      const { minTime, queries } = this.#rate;
      this.#left = { queries, untilMs: performance.now() + minTime };
    }
    this.#left.queries -= 1;
    return true;
  }

  announce(share: number): void {
    this.#update();
    this.#limiter.publish(JSON.stringify({ share })).catch(() => {});
  }

  #update(): void {
    Promise.resolve(this.#limiter.updateSettings({ minTime: this.#rate.minTime })).catch(() => {});
  }

  close(): void {
    this.#closed.abort();
    // First the connection: a limiter would unsubscribe through it, and fail.
    void this.#connection.disconnect(false);
    void this.#limiter.disconnect(false);
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

async function clientOf({ url, password }: RedisAddress): Promise<Redis> {
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

async function ready(client: Redis): Promise<void> {
  const closed = once(client, 'close').then(() => {
    throw new Error('the connection was closed');
  });
  await Promise.race([once(client, 'ready'), closed]);
}

export async function pingRedis(redis: RedisAddress): Promise<string> {
  const { hostname, port } = new URL(redis.url);
  const address = `${hostname}:${port || 6379}`;
  const client = await clientOf(redis);
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
