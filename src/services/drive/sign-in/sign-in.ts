import { RunError } from '../../../../stages/errors.ts';
import { type Backoff, withRetries } from '../../../../stages/retry/backoff.ts';
import type { Config } from '../../../config/settings.ts';
import { type Lease, Renewal } from '../../renewal.ts';
import { googleClient, OAuth2Client, requireSameUniverse } from './client.ts';
import {
  type CredentialPaths,
  DRIVE_SCOPE,
  type GoogleCredentials,
  readCredentials,
  requireSufficientScopes,
  type SignInHeaders,
  scopesIn,
} from './credentials.ts';
import { classifyTokenError, oauthErrorOf, tokenRetryPolicy } from './token-errors.ts';

type GoogleSettings = CredentialPaths & Pick<Config['google_drive'], 'impersonate' | 'api_url'>;

/** A Google sign-in, renewed in time and once for all requests that were refused with the same token. */
export type DriveAuth = Renewal<SignInHeaders>;

/** A sign-in by any kind of credentials, with a first access token, so that errors show at once. Throws RunError. */
export async function googleSignIn(
  settings: GoogleSettings,
  options: { backoff?: Backoff; now?: () => number } = {},
): Promise<DriveAuth> {
  const { backoff = BACKOFF, now = Date.now } = options;
  const { impersonate: subject } = settings;
  const credentials = await readCredentials(settings);
  const { json, path, accessToken } = credentials;
  if (subject && json.type !== 'service_account')
    throw new RunError(
      'google_impersonate',
      `google_drive.impersonate is ${subject}, but the credentials in ${path} are of type "${json.type}": only a service-account key with domain-wide delegation can act for another user.`,
      'Unset it with "migrator config --impersonate \'\'", or name the key of the service account with "migrator config --credentials-path FILE".',
    );
  requireSameUniverse(json, settings.api_url);
  const tokens = new Renewal<SignInHeaders>(
    () => requestToken(credentials, subject, { backoff, now }),
    now,
    // The access token of the file saves a request, if it is valid for a while.
    accessToken && accessToken.expiresAt >= now() + FIVE_MINUTES_MS ? accessToken : null,
  );
  await tokens.get();
  return tokens;
}

const FIVE_MINUTES_MS = 5 * 60_000;
/** Retries of commands that only sign in. */
export const BACKOFF: Backoff = { retries: 3, baseMs: 500, capMs: 8_000 };
/** Only STS lacks a timeout of its own; a program that supplies a subject token may take 30 s. */
const LONGEST_REQUEST_MS = 60_000;
/** Google's tokens live an hour; only used if the library does not say. */
const USUAL_LIFE_MS = 3_600_000;

/** A new client each time: each kind of client caches its tokens in another way, and none can drop them. */
async function requestToken(
  credentials: GoogleCredentials,
  subject: string,
  { backoff, now }: { backoff: Backoff; now: () => number },
): Promise<Lease<SignInHeaders>> {
  const attempt = async () => {
    const user = { scope: DRIVE_SCOPE, subject: subject || undefined };
    const client = await googleClient(credentials.json, user);
    const headers = await within(LONGEST_REQUEST_MS, client.getRequestHeaders());
    return { headers, ...client.credentials };
  };
  try {
    const { headers, scope, expiry_date } = await withRetries(attempt, tokenRetryPolicy, backoff);
    requireSufficientScopes(scopesIn({ scope }), credentials.path);
    const lifeMs = (expiry_date ?? 0) - Date.now();
    const value = { authorization: '', ...Object.fromEntries(headers) };
    return { value, expiresAt: now() + (lifeMs > 0 ? lifeMs : USUAL_LIFE_MS) };
  } catch (error) {
    throw classifyTokenError(error, credentials, subject);
  }
}

/** Ends the sign-in of a token file at Google (RFC 7009). One that has already ended is no error. Throws RunError. */
export async function revokeGoogleSignIn(paths: CredentialPaths): Promise<void> {
  const credentials = await readCredentials(paths);
  const client = await googleClient(credentials.json, { scope: DRIVE_SCOPE });
  if (!(client instanceof OAuth2Client)) return;
  try {
    const token = client.credentials.refresh_token ?? '';
    await withRetries(() => client.revokeToken(token), tokenRetryPolicy, BACKOFF);
  } catch (error) {
    if (oauthErrorOf(error) !== 'invalid_token') throw classifyTokenError(error, credentials, '');
  }
}

function within<T>(ms: number, request: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error('no response'), { code: 'ETIMEDOUT' });
    AbortSignal.timeout(ms).addEventListener('abort', () => reject(error));
  });
  return Promise.race([request, late]);
}
