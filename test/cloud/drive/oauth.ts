/**
 * Google's authorization server: the consent page, with a person before it who decides at once, and the endpoints that give
 * tokens. https://developers.google.com/identity/protocols/oauth2, for desktop clients with PKCE (RFC 7636), service accounts,
 * and workload identity federation (RFC 8693) through the Security Token Service and the IAM credentials API.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { claimsOf } from '../cognito/jwt.ts';
import { bodyOf, sendJson } from '../service.ts';
import type { Accounts } from './accounts.ts';
import {
  CLOUD_SCOPE,
  FULL_SCOPE,
  type Grant,
  METADATA_SCOPE,
  READONLY_SCOPE,
  type TokenResponse,
  type Tokens,
} from './tokens.ts';

/** Refusals of the authorization server, RFC 6749, 5.2: `{error, error_description}`. */
class OAuthError extends Error {
  readonly code: string;
  readonly httpStatus: number;

  constructor(code: string, description: string, httpStatus = 400) {
    super(description);
    this.code = code;
    this.httpStatus = httpStatus;
  }
}

interface Code {
  grant: Grant;
  redirectUri: string;
  challenge: string;
}

const SCOPES = [READONLY_SCOPE, FULL_SCOPE, METADATA_SCOPE, CLOUD_SCOPE];
/** Clocks differ; Google does not say how much it forgives. */
const CLOCK_SKEW_SECONDS = 300;

/** The scope if it consists of known ones and has one. Throws invalid_scope. */
function driveScope(scope: unknown): string {
  const scopes = String(scope).split(' ');
  if (scopes.every(one => SCOPES.includes(one))) return scopes.join(' ');
  throw new OAuthError('invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
}

function isLoopback(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

/** Handlers by the names of their operations; `now` is ms since 1970. */
export function createOAuth(accounts: Accounts, tokens: Tokens, now: () => number) {
  const codes = new Map<string, Code>();

  /** Where the client is led with `code`, or with `error=access_denied`. */
  function decide(parameters: URLSearchParams): URL {
    const given = (name: string) => parameters.get(name) ?? '';
    if (!accounts.clients.has(given('client_id')))
      throw new OAuthError('invalid_client', 'The OAuth client was not found.');
    const redirectUri = given('redirect_uri');
    if (!isLoopback(redirectUri))
      throw new OAuthError('redirect_uri_mismatch', 'A desktop client is redirected to a loopback address.');
    if (given('response_type') !== 'code')
      throw new OAuthError('unsupported_response_type', 'Invalid response_type.');
    if (given('code_challenge_method') !== 'S256')
      throw new OAuthError('invalid_request', 'Use the code challenge method S256.');
    const scope = driveScope(given('scope'));
    const { email, allows } = accounts.consent;
    const location = new URL(redirectUri);
    location.searchParams.set('state', given('state'));
    if (!allows) location.searchParams.set('error', 'access_denied');
    else {
      const code = `4/0A${randomBytes(36).toString('base64url')}`;
      const grant = { email: given('login_hint') || email, scope, clientId: given('client_id') };
      codes.set(code, { grant, redirectUri, challenge: given('code_challenge') });
      location.searchParams.set('code', code);
      location.searchParams.set('scope', scope);
    }
    return location;
  }

  /** What a code stands for; each can be redeemed once, also in vain. Throws OAuthError. */
  function redeem(form: URLSearchParams): Grant {
    const given = form.get('code') ?? '';
    const code = codes.get(given);
    codes.delete(given);
    if (code?.grant.clientId !== form.get('client_id'))
      throw new OAuthError('invalid_grant', 'Malformed auth code.');
    if (code.redirectUri !== form.get('redirect_uri'))
      throw new OAuthError('redirect_uri_mismatch', 'Bad Request');
    const verifier = form.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    if (!/^[\w.~-]{43,128}$/.test(verifier) || challenge !== code.challenge)
      throw new OAuthError('invalid_grant', 'Invalid code verifier.');
    return code.grant;
  }

  /** What the signed assertion of a service account grants. Throws OAuthError. */
  function grantOfAssertion(assertion: string): Grant {
    const claims = claimsOf(assertion, (_, { iss }) => accounts.keys.get(iss));
    if (!claims) throw new OAuthError('invalid_grant', 'Invalid JWT Signature.');
    const { iss, aud, iat, exp } = claims;
    if (aud !== accounts.tokenUri)
      throw new OAuthError('invalid_grant', 'Invalid JWT: Failed audience check.');
    const seconds = now() / 1000;
    const isTimely = iat <= seconds + CLOCK_SKEW_SECONDS && exp >= seconds - CLOCK_SKEW_SECONDS;
    if (!isTimely || exp - iat > 3600)
      throw new OAuthError(
        'invalid_grant',
        'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
      );
    const scope = driveScope(claims.scope);
    const email = String(claims.sub ?? iss);
    if (email !== iss && accounts.delegations.get(iss) !== scope)
      throw new OAuthError(
        'unauthorized_client',
        'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.',
        401,
      );
    return { email, scope, clientId: null };
  }

  /** A client says who it is in the form, or in the header. */
  function tokenFor(form: URLSearchParams, authorization = ''): TokenResponse {
    const type = form.get('grant_type');
    if (type === 'urn:ietf:params:oauth:grant-type:jwt-bearer')
      return tokens.issue(grantOfAssertion(form.get('assertion') ?? ''));
    const basic = Buffer.from(/^Basic (\S+)$/.exec(authorization)?.[1] ?? '', 'base64').toString();
    const [id, secret] = basic ? basic.split(':') : [form.get('client_id'), form.get('client_secret')];
    const client = accounts.clients.get(id ?? '');
    if (!client) throw new OAuthError('invalid_client', 'The OAuth client was not found.', 401);
    if (client.client_secret !== secret)
      throw new OAuthError('invalid_client', 'The provided client secret is invalid.', 401);
    if (type === 'authorization_code') {
      const grant = redeem(form);
      const refresh_token = tokens.newRefreshToken(grant);
      return { ...tokens.issue(grant, refresh_token), refresh_token };
    }
    if (type !== 'refresh_token')
      throw new OAuthError('unsupported_grant_type', `Invalid grant_type: ${type}`);
    // Google never sends a new refresh token along.
    const refreshToken = form.get('refresh_token') ?? '';
    const grant = tokens.refreshGrant(refreshToken);
    if (!grant) throw new OAuthError('invalid_grant', 'Token has been expired or revoked.');
    if (grant.clientId !== client.client_id) throw new OAuthError('unauthorized_client', 'Unauthorized', 401);
    return tokens.issue(grant, refreshToken);
  }

  function exchanged(form: URLSearchParams): TokenResponse {
    const audience = form.get('audience') ?? '';
    const isExchange = form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:token-exchange';
    if (!isExchange || accounts.subjectTokens.get(audience) !== form.get('subject_token'))
      throw new OAuthError('invalid_grant', "Error connecting to the given credential's issuer.");
    const scope = driveScope(form.get('scope'));
    return tokens.issue({ email: accounts.principalOf(audience), scope, clientId: null });
  }

  const answering =
    (answer: (form: URLSearchParams, authorization?: string) => TokenResponse) =>
    async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      try {
        const form = new URLSearchParams((await bodyOf(request)).toString());
        sendJson(response, 200, answer(form, request.headers.authorization));
      } catch (error) {
        if (!(error instanceof OAuthError)) throw error;
        sendJson(response, error.httpStatus, { error: error.code, error_description: error.message });
      }
    };

  return {
    token: answering(tokenFor),
    exchange: answering(exchanged),
    /** Redirects to the client; a page with status 400 if it may not. */
    consent(_: IncomingMessage, response: ServerResponse, { url }: { url: URL }): void {
      try {
        response.writeHead(302, { location: decide(url.searchParams).href }).end();
      } catch (error) {
        if (!(error instanceof OAuthError)) throw error;
        response.writeHead(400, { 'content-type': 'text/html; charset=utf-8' });
        response.end(`<title>Error 400: ${error.code}</title><h1>Access blocked</h1><p>${error.message}`);
      }
    },
    /** The token is in the URL or in the body; Google's own library does the one, its documentation the other. */
    async revoke(request: IncomingMessage, response: ServerResponse, { url }: { url: URL }): Promise<void> {
      const body = new URLSearchParams((await bodyOf(request)).toString());
      const token = url.searchParams.get('token') ?? body.get('token') ?? '';
      if (tokens.revoke(token)) sendJson(response, 200, {});
      else sendJson(response, 400, { error: 'invalid_token', error_description: 'Token expired or revoked' });
    },
    /** POST /v1/projects/-/serviceAccounts/{email}:generateAccessToken */
    async generateAccessToken(
      request: IncomingMessage,
      response: ServerResponse,
      { id: email }: { id: string },
    ): Promise<void> {
      const { scope } = JSON.parse((await bodyOf(request)).toString()) as { scope: string[] };
      const caller = tokens.grantOf(request.headers.authorization);
      if (
        !caller?.scope.split(' ').includes(CLOUD_SCOPE) ||
        accounts.tokenCreators.get(email) !== caller.email
      ) {
        const message = `Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).`;
        return sendJson(response, 403, { error: { code: 403, message, status: 'PERMISSION_DENIED' } });
      }
      const issued = tokens.issue({ email, scope: driveScope(scope.join(' ')), clientId: null });
      const expireTime = new Date(Date.now() + 3_600_000).toISOString();
      sendJson(response, 200, { accessToken: issued.access_token, expireTime });
    },
  };
}
