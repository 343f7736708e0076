/** Requests to Drive as the signed-in user, for the queries of Google's client and for downloads. */
import { constants, gunzipSync } from 'node:zlib';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { RunError } from '../../../stages/errors.ts';
import { isSafeEndpoint } from '../../config/endpoint.ts';
import { aboutListing, DriveRefusal } from './errors.ts';
import type { SignInHeaders } from './sign-in/credentials.ts';
import type { DriveAuth } from './sign-in/sign-in.ts';

export type DriveResponse = Pick<Dispatcher.ResponseData, 'headers' | 'body'>;

/** Error bodies are small; whatever is longer is not Google's. */
const MAX_ERROR_BODY = 64 * 1024;
const MAX_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 15_000;
const ACCOUNT_TIMEOUT_MS = 15_000;
/** What is buffered of one response. TLS delivers 16 KiB at a time; larger pieces cost fewer writes to S3. */
export const BUFFER_BYTES = 128 * 1024;
/** Headers that another origin may see. Resource keys are not among them: with them anybody can read the files. */
const PUBLIC_HEADERS = ['accept-encoding', 'range', 'user-agent'];

export class DriveHttp {
  readonly #auth: DriveAuth;
  readonly #dispatcher: Dispatcher;
  readonly #stallMs: number;

  /** A connection on which no byte arrives for `stallMs`, while somebody waits for one, is given up. */
  constructor(auth: DriveAuth, stallMs: number) {
    this.#auth = auth;
    this.#stallMs = stallMs;
    this.#dispatcher = new EnvHttpProxyAgent({
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: stallMs,
      bodyTimeout: stallMs,
    });
  }

  /**
   * Resolves when the body begins. A 401 renews the token, a 403 does not: Drive also sends 403 to queries that come too fast.
   * Throws DriveRefusal for a status that is not 2xx, RunError, and network errors as they are.
   */
  async get(url: string, headers: Record<string, string>, signal?: AbortSignal): Promise<DriveResponse> {
    const send = (signIn: SignInHeaders) =>
      this.#follow(new URL(url), { ...headers, ...signIn }, signal).catch(error => {
        throw this.explain(error);
      });
    const signIn = await this.#auth.get();
    try {
      return await send(signIn);
    } catch (error) {
      if (!(error instanceof DriveRefusal && error.status === 401)) throw error;
      const isRejected = ({ authorization }: SignInHeaders) => authorization === signIn.authorization;
      return send(await this.#auth.replace(isRejected));
    }
  }

  /**
   * Follows redirects itself: undici's interceptor also follows them to addresses that are not https, and sends resource keys to
   * other origins.
   */
  async #follow(
    url: URL,
    headers: Record<string, string>,
    signal?: AbortSignal,
    redirects = 0,
  ): Promise<DriveResponse> {
    const dispatcher = this.#dispatcher;
    const response = await request(url, { dispatcher, headers, signal, highWaterMark: BUFFER_BYTES });
    const { statusCode: status, body } = response;
    if (status >= 200 && status < 300) return response;
    const location = status >= 300 && status < 400 && headerOf(response, 'location');
    if (!location || redirects === MAX_REDIRECTS) {
      const text = await textOf(response, MAX_ERROR_BODY);
      throw new DriveRefusal(status, text, headerOf(response, 'retry-after'));
    }
    await body.dump();
    const target = redirectTarget(url, location);
    const isShown = (name: string) => target.origin === url.origin || PUBLIC_HEADERS.includes(name);
    const shown = Object.fromEntries(Object.entries(headers).filter(([name]) => isShown(name)));
    return this.#follow(target, shown, signal, redirects + 1);
  }

  /** undici's timeouts in words that say which one it was. */
  explain(error: unknown): unknown {
    const { code } = error as { code?: unknown };
    if (code !== 'UND_ERR_HEADERS_TIMEOUT' && code !== 'UND_ERR_BODY_TIMEOUT') return error;
    const message = `no data received for ${this.#stallMs / 1000} s`;
    return Object.assign(new Error(message, { cause: error }), { code: 'STALLED' });
  }

  close(): void {
    void this.#dispatcher.destroy();
  }
}

export function headerOf({ headers }: Pick<DriveResponse, 'headers'>, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** The body as text, decompressed; of a longer one about the first `maxBytes`. */
export async function textOf(response: DriveResponse, maxBytes = Number.POSITIVE_INFINITY): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) break;
  }
  const body = Buffer.concat(chunks);
  if (headerOf(response, 'content-encoding') !== 'gzip') return body.toString();
  // A body that was cut off gives the text before the cut.
  return gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
}

/** Throws RunError for an address that is not https (http only on loopback): anybody could answer there. */
function redirectTarget(from: URL, location: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : null;
  if (target && isSafeEndpoint(target.href)) return target;
  throw new RunError(
    'drive_redirected',
    `${from.origin} redirects to ${target ? `${target.origin}, which is not https` : 'an invalid address'}.`,
    'Check the network: the sign-in page of a Wi-Fi, or a proxy, may have answered instead of Google (and check google_drive.api_url, if you set it).',
  );
}

/** E-mail address of the signed-in account, as Drive itself sees it. Throws RunError, also if the Drive API is disabled. */
export async function accountOf(auth: DriveAuth, apiUrl: string): Promise<string> {
  const url = `${apiUrl.replace(/\/+$/, '')}/drive/v3/about?fields=user(emailAddress)`;
  const http = new DriveHttp(auth, ACCOUNT_TIMEOUT_MS);
  try {
    const signal = AbortSignal.timeout(ACCOUNT_TIMEOUT_MS);
    const body = await textOf(await http.get(url, {}, signal));
    return emailIn(body) ?? 'an account without an e-mail address';
  } catch (error) {
    throw aboutListing(error, 'ask who is signed in');
  } finally {
    http.close();
  }
}

function emailIn(body: string): string | undefined {
  try {
    return JSON.parse(body).user?.emailAddress;
  } catch {
    throw new Error('the response is not from Google Drive');
  }
}
