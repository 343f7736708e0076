/**
 * Google's consent page with a person before it who decides at once, and the codes it hands out (RFC 6749, 4.1, with
 * PKCE, RFC 7636). https://developers.google.com/identity/protocols/oauth2/native-app.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Accounts, OAuthClient } from './accounts.ts';
import { driveScope } from './assertion.ts';
import { OAuthError } from './oauth-error.ts';
import type { Grant } from './tokens.ts';

interface Code {
  grant: Grant;
  redirectUri: string;
  /** Null if the client did not use PKCE. */
  challenge: string | null;
  expiresAt: number;
}

const CODE_LIFETIME_MS = 10 * 60_000;

export class ConsentPage {
  readonly #accounts: Accounts;
  readonly #now: () => number;
  readonly #codes = new Map<string, Code>();

  constructor(accounts: Accounts, now: () => number) {
    this.#accounts = accounts;
    this.#now = now;
  }

  /** Redirects to the client with `code`, or with `error=access_denied`; a page with status 400 if it may not. */
  open(parameters: URLSearchParams, response: ServerResponse): void {
    let location: URL;
    try {
      location = this.#decide(parameters);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      response.writeHead(400, { 'content-type': 'text/html; charset=utf-8' });
      response.end(`<title>Error 400: ${error.code}</title><h1>Access blocked</h1><p>${error.message}`);
      return;
    }
    response.writeHead(302, { location: location.href }).end();
  }

  #decide(parameters: URLSearchParams): URL {
    const client = this.#accounts.clientOf(parameters.get('client_id') ?? '');
    if (!client) throw new OAuthError('invalid_client', 'The OAuth client was not found.');
    const redirectUri = parameters.get('redirect_uri') ?? '';
    if (!isLoopback(redirectUri)) {
      throw new OAuthError('redirect_uri_mismatch', 'A desktop client is redirected to a loopback address.');
    }
    if (parameters.get('response_type') !== 'code') {
      throw new OAuthError('unsupported_response_type', 'Invalid response_type.');
    }
    const challenge = parameters.get('code_challenge');
    const method = parameters.get('code_challenge_method') ?? (challenge === null ? 'S256' : 'plain');
    if (method !== 'S256') throw new OAuthError('invalid_request', 'Use the code challenge method S256.');
    const scope = driveScope(parameters.get('scope'));

    const { email, allows } = this.#accounts.consent;
    const location = new URL(redirectUri);
    const state = parameters.get('state');
    if (state !== null) location.searchParams.set('state', state);
    if (!allows) {
      location.searchParams.set('error', 'access_denied');
      return location;
    }
    const code = `4/0A${randomBytes(36).toString('base64url')}`;
    this.#codes.set(code, {
      grant: { email: parameters.get('login_hint') ?? email, scope, clientId: client.client_id },
      redirectUri,
      challenge,
      expiresAt: this.#now() + CODE_LIFETIME_MS,
    });
    location.searchParams.set('code', code);
    location.searchParams.set('scope', scope);
    return location;
  }

  /** What a code stands for; each can be redeemed once, also in vain. Throws OAuthError. */
  redeem(form: URLSearchParams, client: OAuthClient): Grant {
    const given = form.get('code') ?? '';
    const code = this.#codes.get(given);
    this.#codes.delete(given);
    if (!code || code.expiresAt <= this.#now() || code.grant.clientId !== client.client_id) {
      throw new OAuthError('invalid_grant', 'Malformed auth code.');
    }
    if (code.redirectUri !== form.get('redirect_uri')) {
      throw new OAuthError('redirect_uri_mismatch', 'Bad Request');
    }
    const verifier = form.get('code_verifier');
    if (code.challenge === null ? verifier !== null : !answers(verifier, code.challenge)) {
      throw new OAuthError('invalid_grant', verifier ? 'Invalid code verifier.' : 'Missing code verifier.');
    }
    return code.grant;
  }
}

function answers(verifier: string | null, challenge: string): boolean {
  if (!verifier || !/^[\w.~-]{43,128}$/.test(verifier)) return false;
  return createHash('sha256').update(verifier).digest('base64url') === challenge;
}

function isLoopback(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}
