import { type Lease, Renewal } from '../renewal.ts';
import type { DriveAuth } from './drive-auth.ts';
import { type Grant, readGrant } from './google-files.ts';
import { requestAccessToken } from './token-request.ts';

export type { DriveAuth } from './drive-auth.ts';

/**
 * A Google sign-in that is ready for use: a refresh token (desktop client and token file, or an authorized_user file)
 * or a service-account key, asked for the scope drive.readonly. Reads the files and gets a first access token, so that
 * whatever is wrong is said before any work begins. Renews one request at a time, before the token expires.
 *
 * Paths as the configuration has them once loaded (absolute). Throws RunError with a remedy.
 */
export async function googleSignIn(options: {
  credentialsPath: string;
  tokenPath: string;
  /** ms since the epoch. */
  now?: () => number;
  /** How a token is asked for; tests put their own. */
  request?: (grant: Grant, now: () => number) => Promise<Lease<string>>;
}): Promise<DriveAuth> {
  const { now = Date.now, request = requestAccessToken } = options;
  const [grant, { DriveAuth }] = await Promise.all([readGrant(options), import('./drive-auth.ts')]);
  const tokens = new Renewal<string>(() => request(grant, now), now, leaseFromFile(grant, now()));
  await tokens.get();
  return new DriveAuth(tokens);
}

/** The access token of the file spares a request, if it is good for some while yet. */
function leaseFromFile(grant: Grant, now: number): Lease<string> | null {
  const token = grant.kind === 'refresh_token' ? grant.accessToken : null;
  return token && token.expiresAt > now + A_WHILE_MS
    ? { value: token.value, expiresAt: token.expiresAt }
    : null;
}

const A_WHILE_MS = 5 * 60_000;
