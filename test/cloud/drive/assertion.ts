/**
 * The signed assertion with which a service account asks for a token,
 * https://developers.google.com/identity/protocols/oauth2/service-account#httprest.
 */
import { verify } from 'node:crypto';
import type { Accounts } from './accounts.ts';
import { OAuthError } from './oauth-error.ts';
import { CLOUD_SCOPE, FULL_SCOPE, type Grant, METADATA_SCOPE, READONLY_SCOPE } from './tokens.ts';

/** Clocks differ; Google does not say how much it forgives. */
const CLOCK_SKEW_SECONDS = 300;
const LONGEST_LIFE_SECONDS = 3600;

/** Checks an assertion, signature included, and returns what it grants. `now`: ms since 1970. Throws OAuthError. */
export function grantOfAssertion(assertion: string, accounts: Accounts, now: number): Grant {
  const parts = assertion.split('.');
  const [header, claims] = [decoded(parts[0]), decoded(parts[1])];
  if (parts.length !== 3 || !header || !claims) {
    throw new OAuthError('invalid_request', 'Invalid JWT: Failed audience check or malformed assertion.');
  }
  if (header.alg !== 'RS256') throw new OAuthError('invalid_grant', 'Invalid JWT: unsupported algorithm.');

  const keys = accounts.publicKeysOf(String(claims.iss));
  if (!keys) throw new OAuthError('invalid_grant', 'Invalid grant: account not found');
  const candidates = header.kid === undefined ? [...keys.values()] : [keys.get(String(header.kid))];
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
  const signature = Buffer.from(parts[2]!, 'base64url');
  if (!candidates.some(key => key && verify('RSA-SHA256', signed, key, signature))) {
    throw new OAuthError('invalid_grant', 'Invalid JWT Signature.');
  }

  if (claims.aud !== accounts.tokenUri) {
    throw new OAuthError('invalid_grant', 'Invalid JWT: Failed audience check.');
  }
  const { iat, exp } = claims;
  const seconds = now / 1000;
  const timely =
    typeof iat === 'number' &&
    typeof exp === 'number' &&
    iat <= seconds + CLOCK_SKEW_SECONDS &&
    exp >= seconds - CLOCK_SKEW_SECONDS &&
    exp > iat &&
    exp - iat <= LONGEST_LIFE_SECONDS;
  if (!timely) {
    throw new OAuthError(
      'invalid_grant',
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
    );
  }
  const scope = driveScope(claims.scope);
  const [email, subject] = [String(claims.iss), String(claims.sub ?? claims.iss)];
  if (subject !== email && !accounts.mayActFor(email, scope)) {
    throw new OAuthError(
      'unauthorized_client',
      'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.',
      401,
    );
  }
  return { email: subject, scope, clientId: null };
}

const SCOPES = [READONLY_SCOPE, FULL_SCOPE, METADATA_SCOPE, CLOUD_SCOPE];

/** The scope if it consists of known ones and has one. Throws invalid_scope. */
export function driveScope(scope: unknown): string {
  const scopes = typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [];
  if (scopes.length === 0 || !scopes.every(one => SCOPES.includes(one))) {
    throw new OAuthError('invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
  }
  return scopes.join(' ');
}

function decoded(part: string | undefined): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
