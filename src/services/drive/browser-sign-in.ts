/**
 * Sign-in to Google by a person in a browser: authorization code with PKCE, returned to a loopback address of
 * this machine (RFC 8252, RFC 7636; https://developers.google.com/identity/protocols/oauth2/native-app).
 *
 * The person is sent to Google with a `state` that only this process knows, and with the hash of a secret. Google sends
 * the browser back to 127.0.0.1 with a code, which is useless without the secret; that goes only to Google's token endpoint.
 * If the browser runs on another machine, the person pastes the address to which it was sent back.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Credentials, OAuth2Client } from 'google-auth-library';
import { withRetries } from '../../../stages/retry/backoff.ts';
import { refuseForeignFile } from '../../config/files/foreign-file.ts';
import { SIGN_INS } from '../../config/files/private-file.ts';
import { replaceFile } from '../../config/files/replace-file.ts';
import {
  abandoned,
  codeRefused,
  denied,
  driveLeftOut,
  unwritten,
  withoutRefreshToken,
} from './browser-sign-in-errors.ts';
import { canDownload, type DesktopClient, DRIVE_SCOPE, scopesIn } from './google-files.ts';
import { type Redirect, redirectServer } from './redirect-server.ts';
import { BACKOFF } from './sign-in.ts';
import { classifyTokenError, oauthErrorOf, tokenRetryPolicy } from './token-errors.ts';

export interface Browser {
  /**
   * Shows this address to the person, and opens it if possible; may last as long as the browser is open. Throws if it can
   * neither be opened nor be shown.
   */
  open(url: string): Promise<void>;
  /**
   * Asks for the address to which a browser on another machine was sent back; null where there is nobody to ask. Aborted
   * when the sign-in is over. `wrong`: what was wrong with the last address. Returns null if standard input is closed.
   */
  paste: ((wrong: string | null, signal: AbortSignal) => Promise<string | null>) | null;
}

const TEN_MINUTES_MS = 10 * 60_000;
/** Without standard input only a browser on this machine can finish the sign-in. */
const WITHOUT_INPUT_MS = 60_000;

/**
 * Lets the person sign in and writes the refresh token to `tokenPath` (mode 0600). Throws {@link RunError}: access
 * denied, nobody signed in, Google refuses the code, Drive was not among what was allowed.
 */
export async function signInByBrowser(options: {
  client: DesktopClient;
  tokenPath: string;
  browser: Browser;
  timeoutMs?: number;
}): Promise<void> {
  const { client, tokenPath, browser, timeoutMs = TEN_MINUTES_MS } = options;
  refuseForeignFile(tokenPath, SIGN_INS);
  const [server, { oauthClient }] = await Promise.all([redirectServer(), import('./google-client.ts')]);
  const oauth = oauthClient({ ...client, redirectUri: server.redirectUri });
  const { codeVerifier, codeChallenge } = await oauth.generateCodeVerifierAsync();
  const state = randomBytes(32).toString('base64url');
  const deadline = deadlineIn(timeoutMs);
  try {
    const opened = browser.open(await consentUrl(oauth, state, codeChallenge));
    const redirect = await Promise.race([
      opened.then(() => new Promise<never>(() => {})),
      redirectWith(state, server.redirects),
      ...(browser.paste ? [pasted(browser.paste, server.redirectUri, state, deadline)] : []),
      deadline.passed,
    ]);
    if (redirect.error !== null) throw denied(redirect.error);
    const tokens = await redeem(oauth, client, { code: redirect.code ?? '', codeVerifier });
    await replaceFile(tokenPath, tokenFile(client, tokens, tokenPath), { mode: 0o600 }).catch(error => {
      throw unwritten(tokenPath, error);
    });
  } finally {
    deadline.clear();
    await server.close();
  }
}

/** When nobody is expected to sign in any more. */
function deadlineIn(timeoutMs: number) {
  const ended = new AbortController();
  const { signal } = ended;
  const passed = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  // Not an unhandled rejection when the sign-in is over.
  passed.catch(() => {});
  const start = (ms: number, isInputClosed: boolean) =>
    setTimeout(() => ended.abort(abandoned(ms, isInputClosed)), ms);
  let timer = start(timeoutMs, false);
  return {
    /** Rejects at the deadline. */
    passed,
    /** Aborts at the deadline, and when the sign-in is over. */
    signal,
    /** Nothing can be pasted any more: only a browser on this machine can still finish the sign-in. */
    inputClosed() {
      clearTimeout(timer);
      timer = start(Math.min(timeoutMs, WITHOUT_INPUT_MS), true);
    },
    clear() {
      clearTimeout(timer);
      ended.abort();
    },
  };
}

async function consentUrl(oauth: OAuth2Client, state: string, codeChallenge?: string): Promise<string> {
  const { CodeChallengeMethod } = await import('google-auth-library');
  return oauth.generateAuthUrl({
    scope: DRIVE_SCOPE,
    state,
    code_challenge: codeChallenge,
    code_challenge_method: CodeChallengeMethod.S256,
    access_type: 'offline',
    // Without it Google leaves out the refresh token for a person who has allowed the client before.
    prompt: 'consent',
  });
}

/** The first redirect with our state; others are not from this sign-in. */
async function redirectWith(state: string, redirects: AsyncIterable<Redirect>): Promise<Redirect> {
  for await (const redirect of redirects) {
    const isOurs = isSame(redirect.state, state);
    redirect.reply(isOurs ? (redirect.error === null ? 'accepted' : 'denied') : 'foreign');
    if (isOurs) return redirect;
  }
  // The server was closed because the sign-in ended in another way.
  return new Promise(() => {});
}

async function pasted(
  paste: NonNullable<Browser['paste']>,
  redirectUri: string,
  state: string,
  deadline: ReturnType<typeof deadlineIn>,
): Promise<Redirect> {
  let wrong: string | null = null;
  while (true) {
    const text: string | null = await paste(wrong, deadline.signal).catch(error => {
      // The prompt was closed because the sign-in is over.
      if (deadline.signal.aborted) return new Promise<string>(() => {});
      throw error;
    });
    if (text === null) {
      deadline.inputClosed();
      return new Promise(() => {});
    }
    const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
    const code = url?.searchParams.get('code') || null;
    const error = url?.searchParams.get('error') || null;
    if (!code && !error) {
      wrong = `That is not the address where the browser ended; it begins with ${redirectUri}?`;
    } else if (!isSame(url?.searchParams.get('state') ?? '', state)) {
      wrong = 'That address is from another sign-in; take the one that belongs to the address above.';
    } else return { code, error, state, reply: () => {} };
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
    if (oauthErrorOf(error) === 'invalid_grant') throw codeRefused();
    const json = { type: 'authorized_user' as const, client_id: client.clientId };
    throw classifyTokenError(error, { json, path: '', accessToken: null }, '');
  }
}

/** The form that google-auth-library itself writes and reads, with the access token for the first command. */
function tokenFile(client: DesktopClient, answer: Credentials, tokenPath: string): string {
  if (!canDownload(scopesIn({ scope: answer.scope }))) throw driveLeftOut();
  if (!answer.refresh_token) throw withoutRefreshToken(tokenPath);
  const content = {
    type: 'authorized_user',
    client_id: client.clientId,
    ...(client.clientSecret ? { client_secret: client.clientSecret } : {}),
    refresh_token: answer.refresh_token,
    token_uri: client.tokenUri,
    access_token: answer.access_token,
    expiry_date: answer.expiry_date,
    scope: answer.scope ?? DRIVE_SCOPE,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map(text => createHash('sha256').update(text).digest());
  return timingSafeEqual(a!, b!);
}
