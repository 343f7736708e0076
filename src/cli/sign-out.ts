/** Signs out: revokes tokens at the service and deletes the local files. */
import { rm } from 'node:fs/promises';
import { RunError } from '../../stages/errors.ts';
import { refuseForeignFile } from '../config/files/foreign-file.ts';
import { SIGN_INS } from '../config/files/private-files.ts';
import type { Config } from '../config/settings.ts';

export interface Ended {
  /** The service and the account, as messages name them. */
  who: string;
  /** Why it could not be revoked, with what to do; null if it was. The file is deleted in both cases, unless it is no token file. */
  fault: string | null;
}

/** Revokes the refresh token in `token_path`; empty if there is none. Throws RunError if it cannot be removed. */
export async function signOutOfGoogle(
  { google_drive }: Config,
  warn: (message: string) => void,
): Promise<Ended[]> {
  const { credentials_path: credentialsPath, token_path: tokenPath } = google_drive;
  const [{ readDesktopClient }, { revokeGoogleSignIn }] = await Promise.all([
    import('../services/drive/sign-in/credentials.ts'),
    import('../services/drive/sign-in/sign-in.ts'),
  ]);
  // A service account has no token to revoke.
  const client = await readDesktopClient(credentialsPath).catch(() => undefined);
  if (client === null) return [];
  const who = `Google, ${tokenPath}`;
  if (isForeign(tokenPath)) {
    warn(`${tokenPath} is no Google sign-in, and was left as it is. Check google_drive.token_path.`);
    return [];
  }
  const fault = await revocationFailure(revokeGoogleSignIn(google_drive), AT_GOOGLE);
  const removed = await remove(tokenPath);
  return removed || !fault ? [{ who, fault }] : [];
}

const AT_GOOGLE = 'Remove the access at https://myaccount.google.com/permissions.';
const AT_COGNITO = 'It ends by itself, 30 days after the sign-in unless the user pool says otherwise.';

/** Revokes every stored Cognito sign-in; empty if there is none. Throws RunError if the file cannot be removed. */
export async function signOutOfCognito(home: string, warn: (message: string) => void): Promise<Ended[]> {
  const [{ TokenStore }, { revokeCognitoSignIn }] = await Promise.all([
    import('../services/cognito/token-store.ts'),
    import('../services/cognito/tokens.ts'),
  ]);
  const store = new TokenStore({ home, warn });
  return store.exclusively(async () => {
    if (isForeign(store.path)) {
      warn(`${store.path} was not written by this program, and was left as it is.`);
      return [];
    }
    const kept = await store.all();
    await remove(store.path);
    return Promise.all(
      kept.map(async signIn => {
        const who = `Cognito, ${signIn.username} (${signIn.userPoolId})`;
        return { who, fault: await revocationFailure(revokeCognitoSignIn(signIn), AT_COGNITO) };
      }),
    );
  });
}

/** Null if the sign-in was revoked. */
async function revocationFailure(revoking: Promise<unknown>, remedy: string): Promise<string | null> {
  try {
    await revoking;
    return null;
  } catch (error) {
    const reason = (error as Error).message.replace(/\.$/, '');
    return `the sign-in was removed here, but could not be revoked (${reason}). ${remedy}`;
  }
}

/** True if the path exists and is no token file. */
function isForeign(path: string): boolean {
  try {
    refuseForeignFile(path, SIGN_INS);
    return false;
  } catch {
    return true;
  }
}

/** False if there was no such file. */
async function remove(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new RunError(
      'sign_in_not_removed',
      `${path} cannot be removed: ${(error as Error).message}.`,
      'Delete the file yourself: anyone who can read it is signed in.',
      { cause: error },
    );
  }
}
