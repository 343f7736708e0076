import { gaxios, OAuth2Client } from 'google-auth-library';
import type { Renewal } from '../renewal.ts';
import { redirectTarget } from './redirect.ts';

/** What a signed-in request carries; `x-goog-user-project` is the project that pays, where the credentials name one. */
export type SignInHeaders = Record<string, string> & { authorization: string };

type Response<T> = gaxios.GaxiosResponse<T>;

const MAX_REDIRECTS = 5;

/**
 * The Google sign-in for the `auth` option of @googleapis/drive (`request`), and for requests with another HTTP client
 * (`headers`, and `renewed` after a 401).
 *
 * What differs from the base class with `forceRefreshOnFailure`: only a 401 renews the token, not every 403 (Drive
 * answers 403 to queries that come too fast); one renewal serves all requests that were refused with the same token;
 * neither the token nor any other header is sent to another origin.
 */
export class DriveAuth extends OAuth2Client {
  readonly #tokens: Renewal<SignInHeaders>;

  constructor(tokens: Renewal<SignInHeaders>) {
    super();
    this.#tokens = tokens;
  }

  /** Headers for a request to Drive. Throws RunError if the sign-in has ended and cannot be renewed. */
  headers(): Promise<SignInHeaders> {
    return this.#tokens.get();
  }

  /** After a 401: headers with another token than the rejected ones. Throws RunError if none can be had. */
  renewed(rejected: SignInHeaders): Promise<SignInHeaders> {
    return this.#tokens.replace(({ authorization }) => authorization === rejected.authorization);
  }

  override async getRequestHeaders(): Promise<Headers> {
    return new Headers(await this.headers());
  }

  protected override async requestAsync<T>(options: gaxios.GaxiosOptions): Promise<Response<T>> {
    const headers = await this.headers();
    try {
      return await this.#send<T>(options, headers);
    } catch (error) {
      if ((error as { status?: number }).status !== 401) throw error;
      return this.#send<T>(options, await this.renewed(headers));
    }
  }

  async #send<T>(
    options: gaxios.GaxiosOptions,
    headers: Record<string, string>,
    redirects = 0,
  ): Promise<Response<T>> {
    try {
      return await this.transporter.request<T>({
        ...options,
        // A copy: merging changes its first argument, and with it the next request.
        headers: gaxios.Gaxios.mergeHeaders({}, options.headers, headers),
        redirect: 'manual',
      });
    } catch (error) {
      const { response } = error as { response?: Response<unknown> };
      const location = response?.headers.get('location');
      if (!response || !location || response.status < 300 || response.status >= 400) throw error;
      if (redirects === MAX_REDIRECTS) throw error;
      const from = new URL(response.config.url);
      const url = redirectTarget(from, location);
      const next = { ...options, url, params: undefined };
      if (url.origin === from.origin) return this.#send<T>(next, headers, redirects + 1);
      // Resource keys are secrets, too: with them anybody can read the files.
      return this.#send<T>({ ...next, headers: undefined }, {}, redirects + 1);
    }
  }
}
