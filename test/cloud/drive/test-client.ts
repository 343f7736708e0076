/** Google's own client, pointed at the local Drive: what it understands, others will. */
import { drive, type drive_v3, auth as googleAuth } from '@googleapis/drive';
import type { AuthorizedUser } from './accounts.ts';
import type { DriveService } from './drive.ts';
import type { TokenResponse } from './tokens.ts';

/** A client signed in as this account. It never retries, so that a test sees each answer. */
export function clientFor(service: DriveService, email = 'person@example.com'): drive_v3.Drive {
  const user = service.accounts.addUser(email);
  const auth = new googleAuth.OAuth2({
    clientId: user.client_id,
    clientSecret: user.client_secret,
    endpoints: { oauth2TokenUrl: service.tokenUri },
  });
  auth.setCredentials({ refresh_token: user.refresh_token });
  return drive({ version: 'v3', auth, rootUrl: `${service.apiUrl}/`, retry: false });
}

type TokenAnswer = TokenResponse & { error?: string; error_description?: string };

/** POST /token with a form. */
export async function requestToken(
  tokenUri: string,
  form: Record<string, string>,
): Promise<{ status: number; body: TokenAnswer }> {
  const response = await fetch(tokenUri, { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, body: (await response.json()) as TokenAnswer };
}

/** The form that refreshes this user's token. */
export function refreshForm(user: AuthorizedUser): Record<string, string> {
  const { client_id, client_secret, refresh_token } = user;
  return { grant_type: 'refresh_token', client_id, client_secret, refresh_token };
}

/** `reason` and HTTP status of the refusal that the call must end with. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ status: number; reason: string; location?: string }> {
  try {
    await call;
  } catch (error) {
    const { response } = error as { response?: { status: number; data: unknown } };
    if (!response) throw error;
    const body = response.data as {
      error: { code: number; errors: { reason: string; location?: string }[] };
    };
    const { reason, location } = body.error.errors[0]!;
    return location === undefined
      ? { status: response.status, reason }
      : { status: response.status, reason, location };
  }
  throw new Error('the call succeeded');
}
