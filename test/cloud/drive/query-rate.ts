import { DriveError } from './errors.ts';

/** Measures queries of each account over the last second. */
export class QueryRate {
  readonly #now: () => number;
  readonly #recent = new Map<string, number[]>();

  /** `now`: ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts a query, or throws 403 `userRateLimitExceeded`; what is refused does not count. */
  admit(account: string, queriesPerSecond: number): void {
    const now = this.#now();
    const recent = (this.#recent.get(account) ?? []).filter(time => time > now - 1000);
    this.#recent.set(account, recent);
    if (recent.length >= queriesPerSecond) {
      throw new DriveError(403, 'userRateLimitExceeded', 'User Rate Limit Exceeded', {
        domain: 'usageLimits',
      });
    }
    recent.push(now);
  }
}
