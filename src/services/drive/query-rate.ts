import Bottleneck from 'bottleneck';
import { SharedLimiter, type SharedLimiterOptions } from './shared-limiter.ts';

/** Processes do not send exactly when they are allowed to: without this margin a second may see some queries too many. */
const MARGIN = 0.9;
const SLOWEST_SHARE = 1 / 32;
const RECOVERY_STEP = 1 / 10;
const SUCCESSES_PER_STEP = 20;
/** Refusals of queries that were sent together count once. */
const SAME_BURST_MS = 1000;

/**
 * One limit for all workers, and for all processes that share the rate. Every refusal because of the rate halves it, and it
 * recovers in small steps while queries succeed (additive increase, multiplicative decrease, as in RFC 5681).
 */
export class QueryRate {
  readonly #wholePerSecond: number;
  readonly #processes: number;
  readonly #limiter: Bottleneck;
  #shared: SharedLimiter | null = null;
  #share = 1;
  #successes = 0;
  #throttledAt = Number.NEGATIVE_INFINITY;

  /** `processes` share the rate; without {@link share} each takes an equal part of it. */
  constructor(queriesPerSecond: number, processes = 1) {
    this.#wholePerSecond = queriesPerSecond;
    this.#processes = processes;
    this.#limiter = new Bottleneck({ minTime: this.#minTime });
  }

  /** From now on the processes of one account share the rate exactly, through Redis. */
  async share(options: Omit<SharedLimiterOptions, 'perSecond' | 'onShare'>): Promise<void> {
    const perSecond = () => this.#wholePerSecond * this.#share * MARGIN;
    const onShare = (share: number) => this.#adopt(share);
    this.#shared = new SharedLimiter({ ...options, perSecond, onShare });
    await this.#shared.connect();
  }

  /** Queries a second that this process may send, when Drive has not refused any. */
  get ceiling(): number {
    return this.#wholePerSecond / this.#processes;
  }

  /** The current limit of this process; lower for a while after Drive has refused queries as too fast. */
  get perSecond(): number {
    return this.ceiling * this.#share;
  }

  /** Several processes together need a margin as they do with Redis. */
  get #minTime(): number {
    return 1000 / (this.perSecond * (this.#processes > 1 ? MARGIN : 1));
  }

  async turn(): Promise<void> {
    const ownTurn = () => this.#limiter.schedule(async () => {});
    await (this.#shared ? this.#shared.turn(ownTurn) : ownTurn());
  }

  /** Drive refused a query because of the rate. `nowMs` is for tests. */
  throttled(nowMs = performance.now()): void {
    this.#successes = 0;
    if (nowMs - this.#throttledAt < SAME_BURST_MS) return;
    this.#throttledAt = nowMs;
    this.#setShare(Math.max(SLOWEST_SHARE, this.#share / 2));
    this.#shared?.announce(this.#share);
  }

  succeeded(): void {
    if (this.#share === 1) return;
    this.#successes += 1;
    if (this.#successes < SUCCESSES_PER_STEP) return;
    this.#successes = 0;
    this.#setShare(Math.min(1, this.#share + RECOVERY_STEP));
    this.#shared?.announce(this.#share);
  }

  close(): void {
    this.#shared?.close();
  }

  #setShare(share: number): void {
    this.#share = share;
    this.#limiter.updateSettings({ minTime: this.#minTime });
  }

  /** What another process has seen counts here, too; its refusals and this one's of the same second count once. */
  #adopt(share: number): void {
    if (share === this.#share) return;
    if (share < this.#share) this.#throttledAt = performance.now();
    this.#successes = 0;
    this.#setShare(share);
  }
}
