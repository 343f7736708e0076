import { type gaxios, OAuth2Client } from 'google-auth-library';
import type { Renewal } from '../renewal.ts';

/** The base class is not to judge by this field; see `isTokenExpiring`. */
const NEVER = Number.MAX_SAFE_INTEGER;

type Response<T> = gaxios.GaxiosResponse<T>;

/**
 * Google's OAuth2Client with the tokens of a {@link Renewal}: for the `auth` option of @googleapis/drive, and for
 * requests made by hand (`getAccessToken`, `getRequestHeaders`, `renewAccessToken`).
 *
 * What differs from the base class with `forceRefreshOnFailure`: only a 401 renews the token, not every 403 (Drive
 * answers 403 to queries that come too fast); one renewal serves all requests that were refused with the same token; a
 * token serves until shortly before its end, not only until five minutes before, so that short-lived ones work.
 */
export class DriveAuth extends OAuth2Client {
  readonly #tokens: Renewal<string>;

  constructor(tokens: Renewal<string>) {
    super();
    this.#tokens = tokens;
    this.refreshHandler = async () => ({ access_token: await this.#token(), expiry_date: NEVER });
  }

  /**
   * After a 401: another token than the rejected one. Throws RunError if none can be had.
   */
  renewAccessToken(rejected: string): Promise<string> {
    return this.#tokens.replace(token => token === rejected);
  }

  /** Whoever sets `credentials.expiry_date` to a time gone by, as one does with the base class, gets a new token. */
  #token(): Promise<string> {
    const { access_token: held, expiry_date: end } = this.credentials;
    return held && end && end < Date.now() ? this.renewAccessToken(held) : this.#tokens.get();
  }

  /** Makes the base class ask the refresh handler every time: the Renewal alone knows what is still good. */
  protected override isTokenExpiring(): boolean {
    return true;
  }

  protected override async requestAsync<T>(
    opts: gaxios.GaxiosOptions,
    isRetry = false,
  ): Promise<Response<T>> {
    try {
      // `true`: the base class takes it for a retry already and leaves 401 and 403 to this class.
      return await super.requestAsync<T>(opts, true);
    } catch (error) {
      const rejected = bearerOf(opts);
      if (isRetry || !rejected || (error as { status?: number }).status !== 401) throw error;
      await this.renewAccessToken(rejected);
      return super.requestAsync<T>(opts, true);
    }
  }
}

function bearerOf({ headers }: gaxios.GaxiosOptions): string | null {
  const value = new Headers(headers as ConstructorParameters<typeof Headers>[0]).get('authorization');
  return /^Bearer (.+)$/.exec(value ?? '')?.[1] ?? null;
}
