import { aboutListing } from './errors.ts';
import { type DriveAuth, DriveHttp, textOf } from './http.ts';

const TIMEOUT_MS = 15_000;

/**
 * E-mail address of the signed-in account, as Drive itself sees it: proves at the same time that the Drive API is
 * switched on for the project. Throws RunError.
 */
export async function accountOf(auth: DriveAuth, apiUrl: string): Promise<string> {
  const url = `${apiUrl.replace(/\/+$/, '')}/drive/v3/about?fields=user(emailAddress)`;
  const http = new DriveHttp(auth, TIMEOUT_MS);
  try {
    const response = await http.get({ url, headers: {}, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return emailIn(await textOf(response)) ?? 'an account without an e-mail address';
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
