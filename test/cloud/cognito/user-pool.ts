/** A Cognito user pool as Amplify Gen 2 sets it up, with one app client that has no secret. */
import { type Service, sendJson, serve } from '../service.ts';
import { AwsError, type AwsInput, awsJson, textOf } from './aws-json.ts';
import { createDevices, type DeviceMode, type Devices } from './devices.ts';
import { type Claims, createSigningKey, type SigningKey } from './jwt.ts';
import { createSignIn } from './sign-in.ts';
import { type AuthenticationResult, createTokens } from './tokens.ts';
import { totp } from './totp.ts';
import { createUsers, type PoolUser, type UserSeed } from './users.ts';

export interface UserPoolOptions {
  /** us-east-1 when absent. */
  region?: string;
  /** ID and access tokens; 3600 when absent, as in Cognito. */
  tokenLifetimeSeconds?: number;
  /** 30 days when absent, as in Cognito. */
  refreshTokenLifetimeSeconds?: number;
  /** Whether a refresh replaces the refresh token; off when absent, as in Amplify. */
  rotation?: boolean;
  /** How long a replaced refresh token still works; 0 when absent. */
  rotationGraceSeconds?: number;
  /** How long a challenge may be answered; 180 when absent, as in Cognito. */
  sessionLifetimeSeconds?: number;
  /** Whether the pool remembers devices; off when absent, as in Amplify. */
  devices?: DeviceMode;
  /** True when absent: an unknown user is not told from a wrong password. */
  preventUserExistenceErrors?: boolean;
  /** A new one when absent. */
  key?: SigningKey;
  /** Milliseconds since 1970; the machine's clock when absent. */
  now?: () => number;
}

export interface UserPool {
  /** Requests are counted by operation: `InitiateAuth`, …, and `jwks` for the key set. */
  readonly service: Service;
  readonly devices: Devices;
  readonly region: string;
  /** `us-east-1_…` */
  readonly poolId: string;
  readonly clientId: string;
  /** `iss` of its tokens, without the scheme the key of `Logins` at an identity pool. */
  readonly issuer: string;
  addUser(seed: UserSeed): PoolUser;
  /** A user by e-mail address or `sub`. @throws Error when there is none */
  user(name: string): PoolUser;
  /** The code that the user's authenticator app would show now. */
  totpCode(name: string): string;
  /** Tokens without the ceremony, for tests of what comes after it. */
  tokensFor(name: string): AuthenticationResult;
  /** The claims of an ID or access token. @throws TokenError: malformed, other signer or issuer, expired */
  verifyToken(token: string): Claims;
  /** Every ID and access token issued so far is expired from now on; refresh tokens still work. */
  expireTokens(): void;
  /** Every refresh token issued so far is revoked. */
  revokeAll(): void;
  close(): Promise<void>;
}

const TARGET = 'AWSCognitoIdentityProviderService';

/** Starts a user pool without users. */
export async function createUserPool(options: UserPoolOptions = {}): Promise<UserPool> {
  const region = options.region ?? 'us-east-1';
  const now = options.now ?? Date.now;
  const poolName = 'LocalPool';
  const poolId = `${region}_${poolName}`;
  const clientId = '1local2client3of4the5pool6';
  const issuer = `https://cognito-idp.${region}.amazonaws.com/${poolId}`;
  const rotation = options.rotation ?? false;
  const key = options.key ?? (await createSigningKey());
  const users = createUsers(poolName);
  const devices = createDevices(options.devices ?? 'off', region);
  const tokens = createTokens({
    devices,
    key,
    issuer,
    clientId,
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 3600,
    refreshTokenLifetimeSeconds: options.refreshTokenLifetimeSeconds ?? 30 * 24 * 3600,
    rotation,
    rotationGraceSeconds: options.rotationGraceSeconds ?? 0,
    now,
  });
  const signIn = createSignIn({
    devices,
    poolId,
    clientId,
    users,
    tokens,
    preventUserExistenceErrors: options.preventUserExistenceErrors ?? true,
    sessionLifetimeSeconds: options.sessionLifetimeSeconds ?? 180,
    rotation,
    now,
  });
  const user = (name: string): PoolUser => {
    const found = users.find(name);
    if (!found) throw new Error(`The local user pool has no user ${name}.`);
    return found;
  };
  const refuseOtherClient = (input: AwsInput): void => {
    if (textOf(input, 'ClientId') === clientId) return;
    throw new AwsError('ResourceNotFoundException', `User pool client ${input.ClientId} does not exist.`);
  };

  const handler = awsJson(TARGET, {
    InitiateAuth: input => signIn.initiateAuth(input),
    RespondToAuthChallenge: input => signIn.respondToAuthChallenge(input),
    GetTokensFromRefreshToken(input) {
      refuseOtherClient(input);
      return {
        AuthenticationResult: tokens.refresh(
          textOf(input, 'RefreshToken'),
          input.DeviceKey === undefined ? undefined : textOf(input, 'DeviceKey'),
        ),
      };
    },
    RevokeToken(input) {
      refuseOtherClient(input);
      const token = textOf(input, 'Token');
      if (key.read(token)) throw new AwsError('UnsupportedTokenTypeException', 'Unsupported token type.');
      tokens.revoke(token);
    },
    GetUser(input) {
      const { email, sub, mfa } = user(tokens.verifyAccess(textOf(input, 'AccessToken')).sub);
      const setting = mfa === 'totp' ? 'SOFTWARE_TOKEN_MFA' : 'SMS_MFA';
      return {
        Username: sub,
        UserAttributes: [
          { Name: 'email', Value: email },
          { Name: 'email_verified', Value: 'true' },
          { Name: 'sub', Value: sub },
        ],
        ...(mfa ? { PreferredMfaSetting: setting, UserMFASettingList: [setting] } : {}),
      };
    },
    ConfirmDevice(input) {
      const { sub } = tokens.verifyAccess(textOf(input, 'AccessToken'));
      const key = textOf(input, 'DeviceKey');
      return { UserConfirmationNecessary: devices.confirm(user(sub), key, input.DeviceSecretVerifierConfig) };
    },
  });

  const isKeySet = (url: string | undefined) => url === `/${poolId}/.well-known/jwks.json`;
  const service = await serve({
    operationOf: request => (isKeySet(request.url) ? 'jwks' : handler.operationOf(request)),
    handle: (request, response) =>
      isKeySet(request.url) ? sendJson(response, 200, key.jwks) : handler.handle(request, response),
  });
  return {
    service,
    devices,
    region,
    poolId,
    clientId,
    issuer,
    addUser: seed => users.add(seed),
    user,
    totpCode: name => totp(user(name).totpSecret, now()),
    tokensFor: name => tokens.issue(user(name)),
    verifyToken: token => tokens.verify(token),
    expireTokens: () => tokens.expireAll(),
    revokeAll: () => tokens.revokeAll(),
    close: () => service.close(),
  };
}
