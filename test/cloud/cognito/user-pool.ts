/** A Cognito user pool as Amplify Gen 2 sets it up, with one app client that has no secret. */
import { sendJson, serve } from '../service.ts';
import { AwsError, type AwsInput, awsJson, textOf } from './aws-json.ts';
import { createDevices, type DeviceMode } from './devices.ts';
import { createSigningKey, type SigningKey } from './jwt.ts';
import { createSignIn } from './sign-in.ts';
import { createTokens } from './tokens.ts';
import { createUsers, type PoolUser, totp, type UserSeed } from './users.ts';

export interface UserPoolOptions {
  /** us-east-1 when absent. */
  region?: string;
  /** ID and access tokens; 3600 when absent, as in Cognito. */
  tokenLifetimeSeconds?: number;
  /** Whether a refresh replaces the refresh token; off when absent, as in Amplify. */
  rotation?: boolean;
  /** Whether the pool remembers devices; off when absent, as in Amplify. */
  devices?: DeviceMode;
  /** True when absent: an unknown user is not told from a wrong password. */
  preventUserExistenceErrors?: boolean;
  /** A new one when absent. */
  key?: SigningKey;
  /** Milliseconds since 1970; the machine's clock when absent. */
  now?: () => number;
}

export type UserPool = Awaited<ReturnType<typeof createUserPool>>;

/** Starts a user pool without users. */
export async function createUserPool(options: UserPoolOptions = {}) {
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
    rotation,
    now,
  });
  const signIn = createSignIn({
    devices,
    poolId,
    users,
    tokens,
    preventUserExistenceErrors: options.preventUserExistenceErrors ?? true,
    rotation,
    now,
  });
  const user = (name: string): PoolUser => {
    const found = users.find(name);
    if (!found) throw new Error(`The local user pool has no user ${name}.`);
    return found;
  };
  const ofClient = (operation: (input: AwsInput) => unknown) => (input: AwsInput) => {
    if (textOf(input, 'ClientId') === clientId) return operation(input);
    throw new AwsError('ResourceNotFoundException', `User pool client ${input.ClientId} does not exist.`);
  };

  const handler = awsJson('AWSCognitoIdentityProviderService', {
    InitiateAuth: ofClient(signIn.initiateAuth),
    RespondToAuthChallenge: ofClient(signIn.respondToAuthChallenge),
    GetTokensFromRefreshToken: ofClient(input => {
      const deviceKey = input.DeviceKey as string | undefined;
      return { AuthenticationResult: tokens.refresh(textOf(input, 'RefreshToken'), deviceKey) };
    }),
    RevokeToken: ofClient(input => tokens.revoke(textOf(input, 'Token'))),
    GetUser(input) {
      const { email, sub } = user(tokens.verifyAccess(textOf(input, 'AccessToken')).sub);
      const attributes = Object.entries({ email, email_verified: 'true', sub });
      return { Username: sub, UserAttributes: attributes.map(([Name, Value]) => ({ Name, Value })) };
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
    /** Requests are counted by operation: `InitiateAuth`, …, and `jwks` for the key set. */
    service,
    devices,
    region,
    poolId,
    clientId,
    /** `iss` of its tokens, without the scheme the key of `Logins` at an identity pool. */
    issuer,
    addUser: (seed: UserSeed) => users.add(seed),
    /** A user by e-mail address or `sub`. @throws Error when there is none */
    user,
    /** The code that the user's authenticator app would show now. */
    totpCode: (name: string) => totp(user(name).totpSecret, now()),
    /** Tokens without the ceremony, for tests of what comes after it. */
    tokensFor: (name: string) => tokens.issue(user(name)),
    /** The claims of an ID or access token. @throws TokenError: malformed, other signer or issuer, expired */
    verifyToken: (token: string) => tokens.verify(token),
    /** Every ID and access token issued so far is expired from now on; refresh tokens still work. */
    expireTokens: () => tokens.expireAll(),
    revokeAll: () => tokens.revokeAll(),
    close: () => service.close(),
  };
}
