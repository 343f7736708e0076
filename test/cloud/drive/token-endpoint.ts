/** POST /token and POST /revoke, https://developers.google.com/identity/protocols/oauth2. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, sendJson } from '../service.ts';
import type { Accounts, OAuthClient } from './accounts.ts';
import { grantOfAssertion } from './assertion.ts';
import type { ConsentPage } from './consent.ts';
import { OAuthError } from './oauth-error.ts';
import { exchange } from './token-exchange.ts';
import type { TokenResponse, Tokens } from './tokens.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export class TokenEndpoint {
  readonly #accounts: Accounts;
  readonly #tokens: Tokens;
  readonly #consentPage: ConsentPage;
  readonly #now: () => number;

  constructor(accounts: Accounts, tokens: Tokens, consentPage: ConsentPage, now: () => number) {
    this.#accounts = accounts;
    this.#tokens = tokens;
    this.#consentPage = consentPage;
    this.#now = now;
  }

  handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return this.#respond(request, response, form => this.#answer(form, request.headers.authorization));
  }

  exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return this.#respond(request, response, form => exchange(form, this.#accounts, this.#tokens));
  }

  async #respond(
    request: IncomingMessage,
    response: ServerResponse,
    answer: (form: URLSearchParams) => TokenResponse,
  ): Promise<void> {
    try {
      sendJson(response, 200, answer(await formOf(request)), { 'cache-control': 'no-store' });
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      sendJson(response, error.httpStatus, { error: error.code, error_description: error.message });
    }
  }

  /** The token may stand in the URL or in the body; Google's own library does the one, its documentation the other. */
  async revoke(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const body = new URLSearchParams((await bodyOf(request)).toString());
    const token = url.searchParams.get('token') ?? body.get('token') ?? '';
    if (this.#tokens.revoke(token)) sendJson(response, 200, {});
    else sendJson(response, 400, { error: 'invalid_token', error_description: 'Token expired or revoked' });
  }

  #answer(form: URLSearchParams, authorization: string | undefined): TokenResponse {
    switch (form.get('grant_type')) {
      case 'refresh_token':
        return this.#refresh(form, this.#clientOf(form, authorization));
      case 'authorization_code': {
        const grant = this.#consentPage.redeem(form, this.#clientOf(form, authorization));
        const refresh_token = this.#tokens.newRefreshToken(grant);
        return { ...this.#tokens.issue(grant, refresh_token), refresh_token };
      }
      case JWT_BEARER:
        return this.#tokens.issue(grantOfAssertion(required(form, 'assertion'), this.#accounts, this.#now()));
      default:
        throw new OAuthError('unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type') ?? ''}`);
    }
  }

  /** Google never sends a new refresh token along. */
  #refresh(form: URLSearchParams, client: OAuthClient): TokenResponse {
    const refreshToken = required(form, 'refresh_token');
    const grant = this.#tokens.refreshGrant(refreshToken);
    if (!grant) throw new OAuthError('invalid_grant', 'Token has been expired or revoked.');
    if (grant.clientId !== client.client_id) throw new OAuthError('unauthorized_client', 'Unauthorized', 401);
    return this.#tokens.issue(grant, refreshToken);
  }

  #clientOf(form: URLSearchParams, authorization: string | undefined): OAuthClient {
    const basic = /^Basic (\S+)$/i.exec(authorization ?? '')?.[1];
    const [id, secret] = basic
      ? Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent)
      : [required(form, 'client_id'), form.get('client_secret') ?? ''];
    const client = this.#accounts.clientOf(id ?? '');
    if (!client) throw new OAuthError('invalid_client', 'The OAuth client was not found.', 401);
    if (client.client_secret !== secret) {
      throw new OAuthError('invalid_client', 'The provided client secret is invalid.', 401);
    }
    return client;
  }
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const body = await bodyOf(request);
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) {
    throw new OAuthError('invalid_request', `Send a form, not ${type || 'a body without content type'}.`);
  }
  return new URLSearchParams(body.toString());
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (!value) throw new OAuthError('invalid_request', `Missing required parameter: ${name}`);
  return value;
}
