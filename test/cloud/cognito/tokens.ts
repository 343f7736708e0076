/** The pool's tokens: signed ID and access tokens, opaque refresh tokens, their ends. */
import { randomBytes, randomUUID } from 'node:crypto';
import { AwsError } from './aws-json.ts';
import type { Devices } from './devices.ts';
import type { Claims, SigningKey } from './jwt.ts';
import type { PoolUser } from './users.ts';

/** Why a token is not believed. */
export class TokenError extends Error {
  readonly reason: 'malformed' | 'expired';

  constructor(reason: TokenError['reason']) {
    super(`the token is ${reason}`);
    this.reason = reason;
  }
}

/** `AuthenticationResult` of Cognito's API. `ExpiresIn` is in seconds. */
export interface AuthenticationResult {
  AccessToken: string;
  IdToken: string;
  /** Absent from a refresh, unless tokens rotate. */
  RefreshToken?: string;
  ExpiresIn: number;
  TokenType: 'Bearer';
  /** In pools that remember devices, at a sign-in from a new one. */
  NewDeviceMetadata?: { DeviceKey: string; DeviceGroupKey: string };
}

interface TokenOptions {
  key: SigningKey;
  issuer: string;
  clientId: string;
  /** ID and access tokens. */
  tokenLifetimeSeconds: number;
  /** Whether a refresh replaces the refresh token. */
  rotation: boolean;
  /** Milliseconds since 1970. */
  now: () => number;
  devices: Devices;
}

/** One sign-in; `origin_jti` of all its tokens. */
interface Grant {
  readonly origin: string;
  readonly user: PoolUser;
  readonly authTime: number;
  isReplaced: boolean;
  /** Null where the pool remembers no devices. */
  readonly deviceKey: string | null;
}

export type Tokens = ReturnType<typeof createTokens>;

/** In the ID token Cognito also names the roles of the groups: Amplify gives each group one. */
function groupClaims(groups: string[], withRoles: boolean): Record<string, unknown> {
  if (groups.length === 0) return {};
  const roles = groups.map(group => `arn:aws:iam::123456789012:role/amplify-local-${group}GroupRole`);
  return {
    'cognito:groups': [...groups],
    ...(withRoles ? { 'cognito:roles': roles, 'cognito:preferred_role': roles[0] } : {}),
  };
}

export function createTokens(options: TokenOptions) {
  const grants = new Map<string, Grant>();
  const revoked = new Set<string>();
  const issued = new Set<string>();
  const expired = new Set<string>();
  const seconds = () => Math.floor(options.now() / 1000);

  const openGrant = (grant: Omit<Grant, 'isReplaced'>): string => {
    // Cognito's is a JWE of five parts; nobody outside reads it.
    const token = [26, 342, 16, 800, 22].map(size => randomBytes(size).toString('base64url')).join('.');
    grants.set(token, { ...grant, isReplaced: false });
    return token;
  };

  const signed = (
    grant: Pick<Grant, 'origin' | 'user' | 'authTime'>,
    own: Record<string, unknown>,
  ): string => {
    const jti = randomUUID();
    issued.add(jti);
    return options.key.sign({
      sub: grant.user.sub,
      ...groupClaims(grant.user.groups, own.token_use === 'id'),
      iss: options.issuer,
      origin_jti: grant.origin,
      event_id: randomUUID(),
      auth_time: grant.authTime,
      exp: seconds() + options.tokenLifetimeSeconds,
      iat: seconds(),
      jti,
      ...own,
    });
  };

  const result = (grant: Pick<Grant, 'origin' | 'user' | 'authTime'>): AuthenticationResult => ({
    AccessToken: signed(grant, {
      client_id: options.clientId,
      token_use: 'access',
      scope: 'aws.cognito.signin.user.admin',
      username: grant.user.sub,
    }),
    IdToken: signed(grant, {
      aud: options.clientId,
      token_use: 'id',
      email: grant.user.email,
      email_verified: true,
      'cognito:username': grant.user.sub,
    }),
    ExpiresIn: options.tokenLifetimeSeconds,
    TokenType: 'Bearer',
  });

  return {
    /** Tokens of a new sign-in. */
    issue(user: PoolUser, knownDevice: string | null = null): AuthenticationResult {
      const NewDeviceMetadata = knownDevice ? null : options.devices.add(user);
      const deviceKey = knownDevice ?? NewDeviceMetadata?.DeviceKey ?? null;
      const grant = { origin: randomUUID(), user, authTime: seconds(), deviceKey };
      const RefreshToken = openGrant(grant);
      return { ...result(grant), RefreshToken, ...(NewDeviceMetadata && { NewDeviceMetadata }) };
    },
    /** @throws AwsError NotAuthorizedException, RefreshTokenReuseException */
    refresh(refreshToken: string, deviceKey: string | undefined): AuthenticationResult {
      const grant = grants.get(refreshToken);
      if (!grant || !options.devices.mayRenew(grant.deviceKey, deviceKey))
        throw new AwsError('NotAuthorizedException', 'Invalid Refresh Token');
      if (revoked.has(grant.origin)) {
        throw new AwsError('NotAuthorizedException', 'Refresh Token has been revoked');
      }
      if (grant.isReplaced)
        throw new AwsError('RefreshTokenReuseException', 'Refresh token has been invalidated by rotation.');
      if (!options.rotation) return result(grant);
      grant.isReplaced = true;
      return { ...result(grant), RefreshToken: openGrant(grant) };
    },
    /** Ends the sign-in of a refresh token; an unknown one is no error, as in Cognito. */
    revoke(refreshToken: string) {
      const grant = grants.get(refreshToken);
      if (grant) revoked.add(grant.origin);
    },
    revokeAll() {
      for (const grant of grants.values()) revoked.add(grant.origin);
    },
    /** The claims of an ID or access token. @throws TokenError */
    verify(token: string): Claims {
      const claims = options.key.read(token);
      if (claims?.iss !== options.issuer) throw new TokenError('malformed');
      if (expired.has(String(claims.jti)) || seconds() >= claims.exp) throw new TokenError('expired');
      return claims;
    },
    /** The claims of an access token that was not revoked. @throws AwsError NotAuthorizedException */
    verifyAccess(token: string): Claims {
      const claims = options.key.read(token);
      if (claims?.token_use !== 'access' || seconds() >= claims.exp || revoked.has(String(claims.origin_jti)))
        throw new AwsError('NotAuthorizedException', 'Invalid Access Token');
      return claims;
    },
    /** All ID and access tokens issued so far count as expired from now on, whatever their `exp` says. */
    expireAll() {
      for (const jti of issued) expired.add(jti);
      issued.clear();
    },
  };
}
