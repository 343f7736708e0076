import type { DriveAuth } from './drive-auth.ts';
import { aboutListing, DriveRefusal } from './errors.ts';

const TIMEOUT_MS = 15_000;

/**
 * E-mail address of the signed-in account, as Drive itself sees it: proves at the same time that the Drive API is
 * switched on for the project. Throws RunError.
 */
export async function accountOf(auth: DriveAuth, apiUrl: string): Promise<string> {
  const url = `${apiUrl.replace(/\/+$/, '')}/drive/v3/about?fields=user(emailAddress)`;
  const { data } = await auth
    .request<string>({ url, responseType: 'text', timeout: TIMEOUT_MS })
    .catch(error => {
      const { status, data } = (error as { response?: { status: number; data: unknown } }).response ?? {};
      throw aboutListing(status ? new DriveRefusal(status, String(data)) : error, 'ask who is signed in');
    });
  const { user } = aboutIn(String(data));
  return user?.emailAddress ?? 'an account without an e-mail address';
}

function aboutIn(body: string): { user?: { emailAddress?: string } } {
  try {
    return JSON.parse(body);
  } catch {
    throw aboutListing(new Error('the response is not from Google Drive'), 'ask who is signed in');
  }
}
