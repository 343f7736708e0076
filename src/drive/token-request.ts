import { RunError } from '../../stages/errors.ts';
import type { Lease } from '../renewal.ts';
import { type Backoff, withRetries } from '../retry/backoff.ts';
import type { Grant } from './google-files.ts';
import { assertionOf } from './service-account.ts';

export const DRIVE_SCOPE = 'https://www.googleapis.com/auth/drive.readonly';

const TIMEOUT_MS = 15_000;
const BACKOFF: Backoff = { retries: 3, baseMs: 500, capMs: 8_000 };
/** Google's tokens live an hour; only used if an answer does not say. */
const USUAL_LIFE_SECONDS = 3600;

/** What Google's token endpoint gives. */
export interface TokenAnswer {
  accessToken: string;
  /** Ms since the epoch, by this machine's clock. */
  expiresAt: number;
  /** Null where Google sends none: with a refresh it never does. */
  refreshToken: string | null;
  /** What was granted; empty if the answer does not say. */
  scopes: string[];
}

/**
 * Asks Google for an access token (RFC 6749 section 6, RFC 7523 section 2.1). Lost connections, 429 and 5xx are tried
 * again a few times. Throws {@link RunError}; no message carries a token, a secret or a key.
 */
export async function requestAccessToken(
  grant: Grant,
  now: () => number = Date.now,
  backoff: Backoff = BACKOFF,
): Promise<Lease<string>> {
  try {
    const answer = await askTokenEndpoint(grant.tokenUri, () => formOf(grant, now()), now, backoff);
    return { value: answer.accessToken, expiresAt: answer.expiresAt };
  } catch (error) {
    throw classifyTokenError(error, grant);
  }
}

/** One request to a token endpoint, with its retries. Throws {@link NoAnswer}, {@link Refusal}, or what `form` throws. */
export async function askTokenEndpoint(
  tokenUri: string,
  form: () => URLSearchParams,
  now: () => number = Date.now,
  backoff: Backoff = BACKOFF,
): Promise<TokenAnswer> {
  return withRetries(
    async () => {
      const askedAt = now();
      const { status, body } = await post(tokenUri, form());
      if (status === 200 && typeof body.access_token === 'string') {
        const seconds = Number(body.expires_in);
        const lifeMs = (seconds > 0 ? seconds : USUAL_LIFE_SECONDS) * 1000;
        return {
          accessToken: body.access_token,
          expiresAt: askedAt + lifeMs,
          refreshToken: textOf(body.refresh_token) || null,
          scopes: textOf(body.scope).split(' ').filter(Boolean),
        };
      }
      throw new Refusal(status, textOf(body.error), textOf(body.error_description));
    },
    error => ({ again: isPassing(error), afterMs: null }),
    backoff,
  );
}

/** Ends a refresh token at Google (RFC 7009). One that has ended already is no error. Throws as askTokenEndpoint does. */
export async function revokeToken(tokenUri: string, token: string): Promise<void> {
  // Google's two generations of addresses both end so.
  const revokeUri = tokenUri.replace(/\/token(?=$|\?)/, '/revoke');
  const { status, body } = await post(revokeUri, new URLSearchParams({ token }));
  const error = textOf(body.error);
  if (status !== 200 && error !== 'invalid_token') throw new Refusal(status, error, '');
}

async function post(
  url: string,
  data: URLSearchParams,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const { gaxios } = await import('google-auth-library');
  const transport = new gaxios.Gaxios();
  const answer = await transport
    .request<string>({
      method: 'POST',
      url,
      data,
      responseType: 'text',
      timeout: TIMEOUT_MS,
      validateStatus: () => true,
      // A redirect would carry the secrets elsewhere.
      redirect: 'error',
    })
    .catch(error => {
      throw new NoAnswer(codeOf(error));
    });
  return { status: answer.status, body: bodyOf(answer.data) };
}

function formOf(grant: Grant, nowMs: number): URLSearchParams {
  if (grant.kind === 'service_account') {
    return new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: assertionOf(grant, DRIVE_SCOPE, nowMs),
    });
  }
  const { clientId, clientSecret, refreshToken } = grant;
  return new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    ...(clientSecret ? { client_secret: clientSecret } : {}),
    refresh_token: refreshToken,
  });
}

/** The connection failed; the code is Node's, or the name of the fault. */
export class NoAnswer extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** An answer without a token. `code` and `description` as in RFC 6749 section 5.2, '' if the answer is in no such form. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly description: string;

  constructor(status: number, code: string, description: string) {
    super(code || `HTTP ${status}`);
    this.status = status;
    this.code = code;
    this.description = description;
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof NoAnswer) return !isDistrust(error.code);
  return error instanceof Refusal && (error.status === 429 || error.status >= 500);
}

function isDistrust(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS/.test(code);
}

/** What a failed token request means and what to do about it, read from the top. */
export function classifyTokenError(error: unknown, grant: Grant): RunError {
  if (error instanceof RunError) return error;
  const who = grant.kind === 'service_account' ? grant.email : 'the Google account';
  if (error instanceof NoAnswer) {
    return isDistrust(error.code)
      ? new RunError(
          'google_not_trusted',
          `The certificate of ${grant.tokenUri} cannot be trusted (${error.code}).`,
          'If a proxy of your network stands between, name its certificate in NODE_EXTRA_CA_CERTS.',
        )
      : new RunError(
          'google_not_answering',
          `Google's sign-in at ${grant.tokenUri} does not answer (${error.code}).`,
          'Check the network connection, then run the command again.',
        );
  }
  const { status, code, description } = error instanceof Refusal ? error : new Refusal(0, '', '');
  const said = [code || `HTTP ${status}`, withoutSecrets(description)].filter(Boolean).join(': ');
  if (code === 'invalid_grant' && /reasonable timeframe|iat and exp/i.test(description)) {
    return new RunError(
      'clock_skew',
      `Google refused the sign-in of ${who}, because the clock of this machine is wrong (${said}).`,
      'Set the clock of this machine (switch on automatic time) and run the command again.',
    );
  }
  if (code === 'invalid_grant' && grant.kind === 'service_account') {
    return new RunError(
      'google_key_refused',
      `Google does not accept the key of ${who} (${said}).`,
      'The key or the account was deleted or disabled: make a new key in the Google Cloud console (IAM, Service accounts, Keys) and put it at google_drive.credentials_path.',
    );
  }
  if (code === 'invalid_grant') {
    return new RunError(
      'google_sign_in_expired',
      `The Google sign-in is no longer valid (${said}): it was revoked, the password was changed, or the seven days are over for which a consent screen in "testing" lets it live.`,
      'Sign in again with "migrator login google", then run the command again. To be spared the seven days, publish the consent screen (Google Cloud console, OAuth consent screen, "Publish app"), or use a service-account key.',
    );
  }
  if (code === 'invalid_client' || code === 'unauthorized_client' || code === 'deleted_client') {
    return new RunError(
      'google_client_refused',
      `Google does not accept the OAuth client ${grant.kind === 'refresh_token' ? grant.clientId : who} (${said}).`,
      `The client was deleted, its secret was changed, or the token was made with another client: download the client's JSON again (Google Cloud console, Credentials) and sign in anew with "migrator login google".`,
    );
  }
  if (status === 429 || status >= 500) {
    return new RunError(
      'google_failing',
      `Google's sign-in at ${grant.tokenUri} goes on answering with HTTP ${status}.`,
      'Wait some minutes and run the command again.',
    );
  }
  return new RunError(
    'google_sign_in_refused',
    `Google refused the sign-in of ${who} (${said}).`,
    'Check the files at google_drive.credentials_path and google_drive.token_path ("migrator show").',
  );
}

function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string' && code) return code;
  }
  return error instanceof Error ? error.name : 'unknown';
}

function bodyOf(text: unknown): Record<string, unknown> {
  try {
    const body: unknown = typeof text === 'string' ? JSON.parse(text) : text;
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function withoutSecrets(text: string): string {
  return text.replace(/[^\s'"]{40,}/g, '…').slice(0, 200);
}
