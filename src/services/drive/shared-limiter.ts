/**
 * One query rate for all processes that use one Google account, through Redis (bottleneck's clustering). While Redis is out
 * of reach a process goes on by itself, with its part of the rate.
 */
import { createHash } from 'node:crypto';
import Bottleneck from 'bottleneck';
import type { Redis } from 'ioredis';
import { orAborted, pause } from '../../../stages/retry/backoff.ts';
import { type RedisAddress, ready, redisClient } from './redis.ts';

export interface SharedLimiterOptions {
  redis: RedisAddress;
  account: string;
  warn: (message: string) => void;
  /** The current rate of all processes together. */
  perSecond: () => number;
  /** Another process has changed the share of the whole rate that is used. */
  onShare: (share: number) => void;
}

/** Turns are whole milliseconds apart, and cost Redis a script each: at higher rates one turn is for several queries. */
const MOST_TURNS_PER_SECOND = 50;
/** How long Drive still counts a query. */
const COUNTED_MS = 1_000;
const RECONNECT_AFTER_MS = 1_000;
/** Time for every process to reconnect. */
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
  /** Null while Redis is there, or before the first attempt. */
  #lostAtMs: number | null = null;

  constructor(options: SharedLimiterOptions) {
    this.#options = options;
  }

  /** Resolves when Redis is there or the attempt has failed; then there will be others. */
  async connect(): Promise<void> {
    const client = await redisClient(this.#options.redis);
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
    if (this.#lostAtMs !== null)
      this.#options.warn('Redis is back: all processes share the query rate again.');
    this.#lostAtMs = null;
  }

  /**
   * Resolves when the query may be sent. `ownTurn` waits for a turn in this process's own part of the rate.
   *
   * - Connected to Redis for some time: a turn from Redis.
   * - Connected just now: a turn of its own, then one from Redis. Other processes may not have reconnected yet.
   * - Not connected: a turn of its own, when Drive no longer counts the queries that had turns from Redis.
   */
  async turn(ownTurn: () => Promise<unknown>): Promise<void> {
    while (true) {
      if ((!this.#turns || performance.now() >= this.#settledAtMs) && (await this.#sharedTurn())) return;
      await ownTurn();
      // The connection may have changed during the wait. If it was lost just now, start again.
      if (this.#turns ? await this.#sharedTurn() : this.#lostForMs >= COUNTED_MS) return;
    }
  }

  /** False without a connection to Redis; after a loss, only when Drive no longer counts queries that had turns from Redis. */
  async #sharedTurn(): Promise<boolean> {
    if (await this.#turns?.next()) return true;
    await pause(Math.max(0, COUNTED_MS - this.#lostForMs));
    return false;
  }

  get #lostForMs(): number {
    return performance.now() - (this.#lostAtMs ?? Number.NEGATIVE_INFINITY);
  }

  /** Tells all processes which share of the whole rate is used from now on. */
  announce(share: number): void {
    this.#turns?.announce(share);
  }

  #lose(client: Redis): void {
    if (client !== this.#client) return;
    this.#drop();
    if (this.#lostAtMs === null) {
      this.#lostAtMs = performance.now();
      this.#options.warn(
        'Redis (google_drive.quota_redis_url) cannot be reached: this process continues with its own part of the query rate until Redis is back.',
      );
    }
    this.#reconnecting = setTimeout(() => void this.connect(), RECONNECT_AFTER_MS).unref();
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
      const share = Number(text);
      if (share > 0 && share <= 1) onShare(share);
    });
    // The settings in Redis may be those of an earlier run.
    this.#update();
  }

  /** How far turns are apart, in ms, and for how many queries each is. Bottleneck's scripts in Redis take whole numbers only. */
  get #rate(): { minTime: number; queries: number } {
    const perSecond = this.#perSecond();
    const queries = Math.ceil(perSecond / MOST_TURNS_PER_SECOND);
    return { minTime: Math.ceil((1000 * queries) / perSecond), queries };
  }

  /** False if Redis is lost before the turn comes. */
  next(): Promise<boolean> {
    const turn = this.#last.then(() => this.#take());
    this.#last = turn;
    return turn;
  }

  async #take(): Promise<boolean> {
    const { signal } = this.#closed;
    if (signal.aborted) return false;
    if (this.#left.queries === 0 || performance.now() > this.#left.untilMs) {
      try {
        // Bottleneck may wait forever if the connection is lost.
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
    this.#limiter.publish(String(share)).catch(() => {});
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
