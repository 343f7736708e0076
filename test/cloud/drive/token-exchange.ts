/**
 * Google's Security Token Service (RFC 8693, https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token) and
 * the IAM credentials API, which gives tokens of one service account to another account.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, sendJson } from '../service.ts';
import type { Accounts } from './accounts.ts';
import { driveScope } from './assertion.ts';
import { OAuthError } from './oauth-error.ts';
import { CLOUD_SCOPE, type TokenResponse, type Tokens } from './tokens.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** What a token-exchange form grants. Throws OAuthError. */
export function exchange(form: URLSearchParams, accounts: Accounts, tokens: Tokens): TokenResponse {
  if (form.get('grant_type') !== TOKEN_EXCHANGE) {
    throw new OAuthError('invalid_request', 'Invalid value for "grant_type".');
  }
  const audience = form.get('audience') ?? '';
  if (!accounts.isSubjectToken(audience, form.get('subject_token') ?? '')) {
    throw new OAuthError('invalid_grant', "Error connecting to the given credential's issuer.");
  }
  return tokens.issue({
    email: accounts.principalOf(audience),
    scope: driveScope(form.get('scope')),
    clientId: null,
  });
}

/** POST /v1/projects/-/serviceAccounts/{email}:generateAccessToken */
export async function generateAccessToken(
  request: IncomingMessage,
  response: ServerResponse,
  { email, accounts, tokens }: { email: string; accounts: Accounts; tokens: Tokens },
): Promise<void> {
  const { scope = [], lifetime = '3600s' } = JSON.parse((await bodyOf(request)).toString()) as {
    scope?: string[];
    lifetime?: string;
  };
  const caller = tokens.grantOf(request.headers.authorization);
  if (!caller?.scope.split(' ').includes(CLOUD_SCOPE) || !accounts.mayCreateTokens(caller.email, email)) {
    const message = `Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).`;
    sendJson(response, 403, { error: { code: 403, message, status: 'PERMISSION_DENIED' } });
    return;
  }
  const { access_token } = tokens.issue({ email, scope: driveScope(scope.join(' ')), clientId: null });
  const expireTime = new Date(Date.now() + Number.parseInt(lifetime, 10) * 1000).toISOString();
  sendJson(response, 200, { accessToken: access_token, expireTime });
}
