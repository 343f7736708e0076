export interface Lease<T> {
  value: T;
  /** Milliseconds since the epoch, by the clock of this machine. */
  expiresAt: number;
}

const FIVE_MINUTES_MS = 5 * 60_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Keeps a token or keys and renews them 5 minutes before they expire, or in the last tenth of their life if that is shorter. One
 * renewal at a time. One that fails while the old value is still good is no error (docs/services.md, Cognito).
 */
export class Renewal<T> {
  readonly #fetch: (old: T | null) => Promise<Lease<T>>;
  readonly #now: () => number;
  #current: (Lease<T> & { renewAt: number }) | null = null;
  #pending: Promise<T> | null = null;

  constructor(
    fetch: (old: T | null) => Promise<Lease<T>>,
    now: () => number = Date.now,
    first: Lease<T> | null = null,
  ) {
    this.#fetch = fetch;
    this.#now = now;
    if (first) this.#hold(first, now());
  }

  /** A value that is still good. Throws what `fetch` throws when there is none and none can be had. */
  async get(): Promise<T> {
    const current = this.#current;
    if (current && this.#now() < current.renewAt) return current.value;
    try {
      return await this.#renew();
    } catch (error) {
      const left = current ? current.expiresAt - this.#now() : 0;
      if (!current || left <= 0 || current !== this.#current) throw error;
      current.renewAt = this.#now() + Math.min(LONGEST_PAUSE_MS, left / 4);
      return current.value;
    }
  }

  /** A value other than the rejected one; callers that were refused with the same value cause one renewal. */
  async replace(isRejected: (value: T) => boolean): Promise<T> {
    if (this.#current && !isRejected(this.#current.value)) return this.get();
    return this.#renew();
  }

  /** Forgets the value if it is the rejected one; the next caller gets a new one. */
  drop(isRejected: (value: T) => boolean): void {
    if (this.#current && isRejected(this.#current.value)) this.#current = null;
  }

  #renew(): Promise<T> {
    this.#pending ??= this.#fetchAndHold().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #fetchAndHold(): Promise<T> {
    const askedAt = this.#now();
    const lease = await this.#fetch(this.#current?.value ?? null);
    this.#hold(lease, askedAt);
    return lease.value;
  }

  #hold(lease: Lease<T>, since: number): void {
    this.#current = { ...lease, renewAt: renewalTime(since, lease.expiresAt) };
  }
}

/** When a value that was fetched at `since` has to be renewed. */
export function renewalTime(since: number, expiresAt: number): number {
  return expiresAt - Math.min(FIVE_MINUTES_MS, Math.max(0, expiresAt - since) / 10);
}
