/**
 * Sign-in to Google by a person in a browser: authorization code with PKCE, the answer comes to a loopback address of
 * this machine (RFC 8252, RFC 7636; https://developers.google.com/identity/protocols/oauth2/native-app).
 *
 * The person is sent to Google with a `state` that only this process knows, and with the hash of a secret. Google sends
 * the browser back to 127.0.0.1 with a code. Whoever else might see the code cannot use it: the secret goes only to
 * Google's token endpoint. Where the browser runs on another machine, the address at which it ends up in vain is pasted.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { RunError } from '../../stages/errors.ts';
import { replacePrivateFile } from '../config/private-file.ts';
import type { DesktopClient } from './google-files.ts';
import { type Redirect, redirectServer } from './redirect-server.ts';
import { askTokenEndpoint, classifyTokenError, DRIVE_SCOPE, type TokenAnswer } from './token-request.ts';

export interface Browser {
  /**
   * Shows this address to the person, and opens it if it can; may last as long as the browser is open. Throws if it can
   * neither be opened nor be read by anybody.
   */
  open(url: string): Promise<void>;
  /**
   * Asks for the address at which a browser on another machine ended; null where nobody is asked. Aborted when the
   * answer has come by itself. `wrong`: what was wrong with the last one.
   */
  paste: ((wrong: string | null, signal: AbortSignal) => Promise<string>) | null;
}

const TEN_MINUTES_MS = 10 * 60_000;

/**
 * Lets the person sign in and writes the refresh token to `tokenPath` (mode 0600). Throws {@link RunError}: access
 * denied, nobody came, Google refuses the code, Drive was not among what was allowed.
 */
export async function signInByBrowser(options: {
  client: DesktopClient;
  tokenPath: string;
  browser: Browser;
  timeoutMs?: number;
}): Promise<void> {
  const { client, tokenPath, browser, timeoutMs = TEN_MINUTES_MS } = options;
  const verifier = randomBytes(48).toString('base64url');
  const state = randomBytes(32).toString('base64url');
  const server = await redirectServer();
  const done = new AbortController();
  const timer = setTimeout(() => done.abort(new Error('time is up')), timeoutMs);
  try {
    const opened = browser.open(consentUrl(client, server.redirectUri, state, verifier));
    const redirect = await Promise.race([
      opened.then(() => new Promise<never>(() => {})),
      answerAt(server.redirects, state),
      ...(browser.paste ? [pasted(browser.paste, server.redirectUri, state, done.signal)] : []),
      aborted(done.signal, timeoutMs),
    ]);
    if (redirect.error !== null) throw denied(redirect.error);
    const code = redirect.code ?? '';
    const answer = await redeem(client, { code, verifier, redirectUri: server.redirectUri });
    await replacePrivateFile(tokenPath, tokenFile(client, answer, tokenPath)).catch(error => {
      throw unwritten(tokenPath, error);
    });
  } finally {
    clearTimeout(timer);
    done.abort();
    await server.close();
  }
}

function consentUrl(client: DesktopClient, redirectUri: string, state: string, verifier: string): string {
  const url = new URL(client.authUri);
  const parameters = {
    client_id: client.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: DRIVE_SCOPE,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    access_type: 'offline',
    // Without it Google leaves the refresh token out for somebody who has allowed the client before.
    prompt: 'consent',
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** The first redirect that bears our state. Any other is somebody else's and changes nothing. */
async function answerAt(redirects: AsyncIterable<Redirect>, state: string): Promise<Redirect> {
  for await (const redirect of redirects) {
    const ours = isSame(redirect.state, state);
    redirect.reply(ours ? (redirect.error === null ? 'accepted' : 'denied') : 'foreign');
    if (ours) return redirect;
  }
  // The server was closed, so somebody else has the answer.
  return new Promise(() => {});
}

async function pasted(
  paste: NonNullable<Browser['paste']>,
  redirectUri: string,
  state: string,
  signal: AbortSignal,
): Promise<Redirect> {
  let wrong: string | null = null;
  while (true) {
    const text: string = await paste(wrong, signal).catch(error => {
      // Not an answer, and nobody waits for one any more.
      if (signal.aborted) return new Promise<string>(() => {});
      throw error;
    });
    const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
    const parameters = url?.searchParams;
    if (!parameters?.has('code') && !parameters?.has('error')) {
      wrong = `That is not the address where the browser ended; it begins with ${redirectUri}?`;
    } else if (!isSame(parameters.get('state') ?? '', state)) {
      wrong = 'That address is from another sign-in; take the one that belongs to the address above.';
    } else {
      return {
        code: parameters.get('code'),
        error: parameters.get('error'),
        state,
        reply: () => {},
      };
    }
  }
}

function aborted(signal: AbortSignal, timeoutMs: number): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(
        new RunError(
          'google_sign_in_abandoned',
          `Nobody signed in to Google within ${Math.round(timeoutMs / 60_000)} minutes.`,
          'Run "migrator login google" again; with --no-browser it prints the address for a browser on any machine.',
        ),
      ),
    );
  });
}

async function redeem(
  client: DesktopClient,
  { code, verifier, redirectUri }: { code: string; verifier: string; redirectUri: string },
): Promise<TokenAnswer> {
  const { clientId, clientSecret, tokenUri } = client;
  const form = () =>
    new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      client_id: clientId,
      ...(clientSecret ? { client_secret: clientSecret } : {}),
      code_verifier: verifier,
    });
  try {
    return await askTokenEndpoint(tokenUri, form);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'invalid_grant') throw codeRefused();
    throw classifyTokenError(error, {
      kind: 'refresh_token',
      ...{ tokenUri, clientId, clientSecret, refreshToken: '', accessToken: null },
    });
  }
}

/** The form that google-auth-library itself writes and reads, with the access token for the first command. */
function tokenFile(client: DesktopClient, answer: TokenAnswer, tokenPath: string): string {
  if (answer.scopes.length > 0 && !answer.scopes.includes(DRIVE_SCOPE)) throw driveLeftOut();
  if (!answer.refreshToken) throw withoutRefreshToken(tokenPath);
  const content = {
    type: 'authorized_user',
    client_id: client.clientId,
    ...(client.clientSecret ? { client_secret: client.clientSecret } : {}),
    refresh_token: answer.refreshToken,
    token_uri: client.tokenUri,
    access_token: answer.accessToken,
    expiry_date: answer.expiresAt,
    scope: DRIVE_SCOPE,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map(text => createHash('sha256').update(text).digest());
  return timingSafeEqual(a!, b!);
}

function denied(error: string): RunError {
  if (error === 'access_denied') {
    return new RunError(
      'google_access_denied',
      'Google did not allow the access: it was denied on the consent page.',
      'Run "migrator login google" again and press "Allow". While the consent screen is in "testing", only its test users may: add the account under Audience in the Google Cloud console.',
    );
  }
  return new RunError(
    'google_sign_in_refused',
    `Google ended the sign-in: ${error.replace(/[^\w .-]/g, '').slice(0, 60)}.`,
    'Run "migrator login google" again; if it stays so, make a new OAuth client of type "Desktop app".',
  );
}

function codeRefused(): RunError {
  return new RunError(
    'google_code_refused',
    'Google does not take the code of this sign-in: it was used before, or is too old.',
    'Run "migrator login google" again.',
  );
}

function driveLeftOut(): RunError {
  return new RunError(
    'google_scope',
    'Google gave a token without access to Drive: its box was not ticked on the consent page.',
    'Run "migrator login google" again and leave the box for Drive ticked.',
  );
}

function withoutRefreshToken(tokenPath: string): RunError {
  return new RunError(
    'google_no_refresh_token',
    `Google gave no refresh token, so there is nothing to keep in ${tokenPath}.`,
    'Remove the access at https://myaccount.google.com/permissions, then run "migrator login google" again.',
  );
}

function unwritten(tokenPath: string, error: unknown): RunError {
  return new RunError(
    'google_token_not_written',
    `The sign-in succeeded, but ${tokenPath} cannot be written: ${(error as Error).message}.`,
    'Check the folder, or name another file with "migrator config --token-path FILE".',
    { cause: error },
  );
}
