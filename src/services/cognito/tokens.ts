/** ID and refresh tokens of the user pool: what is in them, how they are renewed and revoked. */
import type {
  AuthenticationResultType,
  CognitoIdentityProvider,
} from '@aws-sdk/client-cognito-identity-provider';
import { RunError } from '../../../stages/errors.ts';
import { addressOf } from '../aws/client.ts';
import { regionOfPool } from '../aws/regions.ts';
import { userPoolClient } from './clients.ts';
import { type Circumstances, classify } from './errors.ts';
import type { SignInKey } from './sign-in-key.ts';

/** The result of a sign-in or a renewal. Secrets: never logged, never in a message. */
export interface Tokens {
  idToken: string;
  refreshToken: string;
  /** When they were asked for, ms since the epoch, by this machine's clock. */
  issuedAt: number;
  /** End of the ID token's life, ms since the epoch, by this machine's clock (see {@link tokensFrom}). */
  expiresAt: number;
  /** How far Cognito's clock is ahead of this machine's, in ms; 0 where it is not known. */
  clockAheadMs: number;
  /** The device that renewals must name; null where the pool remembers none. */
  device: Device | null;
}

/** What a user pool that remembers devices knows this program by (Cognito developer guide, "Working with user devices"). */
export interface Device {
  key: string;
  groupKey: string;
  password: string;
}

interface IdClaims {
  iss?: string;
  /** Both in seconds since the epoch. */
  iat?: number;
  exp?: number;
  'cognito:groups'?: string[];
  /** ARN of the role that the identity pool gives to the first of the groups; absent without a group that has one. */
  'cognito:preferred_role'?: string;
  'cognito:roles'?: string[];
}

const REVOCATION_BACKOFF = { retries: 3, baseMs: 100, capMs: 8_000 };
const ONE_HOUR_MS = 3_600_000;

/**
 * Tokens with the time of their end. Only the length of life is taken from the token (`exp` − `iat`), and counted from
 * the moment of the request, so that a wrong clock on this machine does no harm. A renewal that brings no refresh token
 * keeps the old one; one that does (rotation) replaces it (docs/services.md, Cognito). Throws RunError if the response has
 * no ID token, or no refresh token is known.
 */
export function tokensFrom(
  result: AuthenticationResultType | undefined,
  { now: askedAt, endpoint, username }: Circumstances,
  old: { refreshToken: string | null; device: Device | null },
): Tokens {
  const refreshToken = result?.RefreshToken ?? old.refreshToken;
  if (!result?.IdToken || !refreshToken) {
    throw new RunError(
      'sign_in_failed',
      `The response of ${endpoint} has no tokens for ${username}.`,
      'Check the values under aws.cognito ("migrator show").',
    );
  }
  const { iat, exp } = claimsOf(result.IdToken);
  const seconds = iat !== undefined && exp !== undefined ? exp - iat : (result.ExpiresIn ?? 0);
  return {
    idToken: result.IdToken,
    refreshToken,
    issuedAt: askedAt,
    expiresAt: askedAt + (seconds > 0 ? seconds * 1000 : ONE_HOUR_MS),
    clockAheadMs: iat === undefined ? 0 : iat * 1000 - askedAt,
    device: old.device,
  };
}

/** The claims of a JWT, unverified: the services verify it, this side only reads it. `{}` if it is none. */
export function claimsOf(jwt: string): IdClaims {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    return {};
  }
}

/**
 * New tokens for a refresh token. App clients with rotation refuse REFRESH_TOKEN_AUTH and want GetTokensFromRefreshToken
 * (Cognito developer guide, "Refresh tokens"), so that is the second try.
 */
export async function renewTokens(
  client: CognitoIdentityProvider,
  old: Tokens,
  at: Circumstances,
): Promise<Tokens> {
  const { refreshToken, device } = old;
  const { clientId: ClientId } = at;
  const AuthParameters = { REFRESH_TOKEN: refreshToken, ...(device && { DEVICE_KEY: device.key }) };
  try {
    const renewal = { AuthFlow: 'REFRESH_TOKEN_AUTH', ClientId, AuthParameters } as const;
    return tokensFrom((await client.initiateAuth(renewal)).AuthenticationResult, at, old);
  } catch (refusal) {
    if ((refusal as Error).name !== 'InvalidParameterException') throw refusal;
    try {
      const renewal = { ClientId, RefreshToken: refreshToken, DeviceKey: device?.key };
      return tokensFrom((await client.getTokensFromRefreshToken(renewal)).AuthenticationResult, at, old);
    } catch (error) {
      // Neither flow is allowed to this client: the first refusal says so.
      const notAllowed = /InvalidParameter|UnsupportedOperation/.test((error as Error).name);
      throw notAllowed ? refusal : error;
    }
  }
}

/** Revokes the refresh token and its access tokens; ID tokens and AWS keys live on, an hour at most. Throws RunError. */
export async function revokeCognitoSignIn(signIn: SignInKey & Tokens): Promise<void> {
  const { userPoolId, clientId, refreshToken } = signIn;
  const client = await userPoolClient(regionOfPool(userPoolId) ?? '', REVOCATION_BACKOFF);
  try {
    await client.revokeToken({ ClientId: clientId, Token: refreshToken });
  } catch (error) {
    const endpoint = await addressOf(client, 'the user pool');
    throw classify(error, { ...signIn, step: 'renewal', endpoint, identityPoolId: '', now: Date.now() });
  } finally {
    client.destroy();
  }
}
