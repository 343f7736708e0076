/**
 * Sign-in to Google by a person in a browser: authorization code with PKCE, returned to a loopback address of
 * this machine (RFC 8252, RFC 7636; https://developers.google.com/identity/protocols/oauth2/native-app).
 *
 * The person is sent to Google with a `state` that only this process knows, and with the hash of a secret. Google sends
 * the browser back to 127.0.0.1 with a code, which is useless without the secret; that goes only to Google's token endpoint.
 * If the browser runs on another machine, the person pastes the address to which it was sent back.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { CodeChallengeMethod, Credentials, OAuth2Client } from 'google-auth-library';
import { RunError } from '../../../../stages/errors.ts';
import { withRetries } from '../../../../stages/retry/backoff.ts';
import { refuseForeignFile } from '../../../config/files/foreign-file.ts';
import { replaceFile, SIGN_INS } from '../../../config/files/private-files.ts';
import { oauthClient } from './client.ts';
import { canDownload, type DesktopClient, DRIVE_SCOPE, scopesIn } from './credentials.ts';
import { type Redirect, type RedirectServer, redirectServer } from './redirect-server.ts';
import { BACKOFF } from './sign-in.ts';
import { classifyTokenError, oauthErrorOf, tokenRetryPolicy } from './token-errors.ts';

export interface Browser {
  /** Shows the address, and opens it if possible; may last as long as the browser is open. Throws if it can do neither. */
  open(url: string): Promise<void>;
  /**
   * Asks for the address to which a browser on another machine was sent back; null without a terminal. `wrong`: what
   * was wrong with the last one. Returns null if standard input is closed.
   */
  paste: ((wrong: string | null, signal: AbortSignal) => Promise<string | null>) | null;
}

const TEN_MINUTES_MS = 10 * 60_000;
const WITHOUT_INPUT_MS = 60_000;
const AGAIN = 'Run "migrator login google" again';

/** Leaves a race to the other promises. */
const neverSettles = () => new Promise<never>(() => {});

/** Lets the person sign in and writes the refresh token to `tokenPath` (mode 0600). Throws {@link RunError}. */
export async function signInByBrowser(options: {
  client: DesktopClient;
  tokenPath: string;
  browser: Browser;
  timeoutMs?: number;
}): Promise<void> {
  const { client, tokenPath, browser, timeoutMs = TEN_MINUTES_MS } = options;
  refuseForeignFile(tokenPath, SIGN_INS);
  const state = randomBytes(32).toString('base64url');
  const server = await redirectServer(state);
  try {
    const oauth = oauthClient({ ...client, redirectUri: server.redirectUri });
    const { codeVerifier, codeChallenge } = await oauth.generateCodeVerifierAsync();
    const address = oauth.generateAuthUrl({
      scope: DRIVE_SCOPE,
      state,
      code_challenge: codeChallenge,
      code_challenge_method: 'S256' as CodeChallengeMethod,
      access_type: 'offline',
      // Without this parameter Google leaves out the refresh token for a person who has allowed the client before.
      prompt: 'consent',
    });
    const { code, error } = await firstRedirect(server, { address, browser, timeoutMs });
    if (error !== null) throw denied(error);
    const tokens = await redeem(oauth, client, { code: code ?? '', codeVerifier });
    await replaceFile(tokenPath, tokenFile(client, tokens, tokenPath), { mode: 0o600 }).catch(cause => {
      throw new RunError(
        'google_token_not_written',
        `The sign-in succeeded, but ${tokenPath} cannot be written: ${cause.message}.`,
        'Check the folder, or name another file with "migrator config --token-path FILE".',
        { cause },
      );
    });
  } finally {
    await server.close();
  }
}

/** The redirect that reaches the server or that the person pastes, whichever comes first. Throws RunError if none comes in time. */
async function firstRedirect(
  server: RedirectServer,
  { address, browser, timeoutMs }: { address: string; browser: Browser; timeoutMs: number },
): Promise<Redirect> {
  const over = new AbortController();
  const { signal } = over;
  let isInputClosed = false;
  const timeout = async (ms: number): Promise<never> => {
    await setTimeout(ms, undefined, { signal });
    throw abandoned(ms, isInputClosed);
  };
  const pasted = async (paste: NonNullable<Browser['paste']>) => {
    const redirect = await pastedRedirect(wrong => paste(wrong, signal), server);
    if (redirect) return redirect;
    isInputClosed = true;
    // Without standard input only a browser on this machine can finish the sign-in.
    return timeout(Math.min(timeoutMs, WITHOUT_INPUT_MS));
  };
  try {
    return await Promise.race([
      browser.open(address).then(neverSettles),
      server.redirect,
      ...(browser.paste ? [pasted(browser.paste)] : []),
      timeout(timeoutMs),
    ]);
  } finally {
    over.abort();
  }
}

/** Asks until an address is that of this sign-in. Null if standard input is closed. */
async function pastedRedirect(
  paste: (wrong: string | null) => Promise<string | null>,
  server: RedirectServer,
): Promise<Redirect | null> {
  let wrong: string | null = null;
  while (true) {
    const text: string | null = await paste(wrong);
    if (text === null) return null;
    const url: URL | null = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
    const redirect: Redirect | null = url && server.redirectIn(url.searchParams);
    if (redirect?.isOurs) return redirect;
    wrong = redirect
      ? 'That address is from another sign-in; take the one that belongs to the address above.'
      : `That is not the address where the browser ended; it begins with ${server.redirectUri}?`;
  }
}

async function redeem(
  oauth: OAuth2Client,
  client: DesktopClient,
  answer: { code: string; codeVerifier: string },
): Promise<Credentials> {
  try {
    return (await withRetries(() => oauth.getToken(answer), tokenRetryPolicy, BACKOFF)).tokens;
  } catch (error) {
    if (oauthErrorOf(error) === 'invalid_grant')
      throw new RunError(
        'google_code_refused',
        'Google does not accept the code of this sign-in: it was used before, or is too old.',
        `${AGAIN}.`,
      );
    const json = { type: 'authorized_user' as const, client_id: client.clientId };
    throw classifyTokenError(error, { json, path: '', accessToken: null }, '');
  }
}

/** The form that google-auth-library itself writes and reads, with the access token for the first command. */
function tokenFile(client: DesktopClient, answer: Credentials, tokenPath: string): string {
  if (!canDownload(scopesIn({ scope: answer.scope })))
    throw new RunError(
      'google_scope',
      'Google gave a token without access to Drive: the Drive checkbox was not selected on the consent page.',
      `${AGAIN} and leave the Drive checkbox selected.`,
    );
  if (!answer.refresh_token)
    throw new RunError(
      'google_no_refresh_token',
      `Google gave no refresh token, so there is nothing to keep in ${tokenPath}.`,
      'Remove the access at https://myaccount.google.com/permissions, then run "migrator login google" again.',
    );
  const content = {
    type: 'authorized_user',
    client_id: client.clientId,
    client_secret: client.clientSecret || undefined,
    refresh_token: answer.refresh_token,
    token_uri: client.tokenUri,
    access_token: answer.access_token,
    expiry_date: answer.expiry_date,
    scope: answer.scope ?? DRIVE_SCOPE,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function abandoned(waitedMs: number, inputClosed: boolean): RunError {
  const minutes = Math.round(waitedMs / 60_000);
  const within = minutes === 1 ? 'a minute' : `${minutes} minutes`;
  const what = `Timed out after ${within}: the Google sign-in was not completed`;
  return inputClosed
    ? new RunError(
        'google_sign_in_abandoned',
        `${what} in a browser on this machine, and no address can be pasted because standard input is closed.`,
        'Run "migrator login google --no-browser" at a terminal, or pipe the address in where the browser ended. A scheduled job needs a sign-in from before, or a service-account key.',
      )
    : new RunError(
        'google_sign_in_abandoned',
        `${what}.`,
        `${AGAIN}; with --no-browser it prints the address for a browser on any machine.`,
      );
}

function denied(error: string): RunError {
  return error === 'access_denied'
    ? new RunError(
        'google_access_denied',
        'Google did not allow the access: it was denied on the consent page.',
        `${AGAIN} and press "Allow". While the consent screen is in "testing", only its test users may: add the account under Audience in the Google Cloud console.`,
      )
    : new RunError(
        'google_sign_in_refused',
        `Google ended the sign-in: ${error.replace(/[^\w .-]/g, '').slice(0, 60)}.`,
        `${AGAIN}; if it happens again, make a new OAuth client of type "Desktop app".`,
      );
}
