import type {
  AuthenticationResultType,
  CognitoIdentityProvider,
} from '@aws-sdk/client-cognito-identity-provider';
import { addressOf } from '../aws/client.ts';
import { regionOfPool } from '../aws/regions.ts';
import { answerChallenge, type Challenge, type Respond } from './challenges.ts';
import { userPoolClient } from './clients.ts';
import { type Circumstances, challengeError, classify } from './errors.ts';
import type { Questions } from './questions.ts';
import type { KeptSignIn } from './token-store.ts';
import type { Device, Tokens } from './tokens.ts';

const MAX_CHALLENGES = 6;
const REVOCATION_BACKOFF = { retries: 3, baseMs: 100, capMs: 8_000 };

export interface SignedIn {
  result: AuthenticationResultType | undefined;
  device: Device | null;
}

/**
 * Signs in by SRP, the only password flow that Amplify's default app client allows (docs/services.md, Cognito): the password
 * itself never leaves the machine. What the pool asks for after that (a code, a new password) is answered by `questions`. A
 * `device` that the pool has forgotten is replaced. Throws the SDK's errors as they are, and RunError for a challenge that
 * cannot be answered here.
 */
export async function signIn(
  client: CognitoIdentityProvider,
  questions: Questions,
  at: Circumstances,
  device: Device | null,
): Promise<SignedIn> {
  const password = await questions.password();
  const attempt = async (known: Device | null): Promise<SignedIn> => {
    const result = await authenticate(client, password, questions, at, known);
    return { result, device: (await confirmDevice(client, result)) ?? known };
  };
  return attempt(device).catch(error => {
    const isForgotten = error.name === FORGOTTEN && /device/i.test(error.message);
    if (!device || !isForgotten) throw error;
    return attempt(null);
  });
}

const FORGOTTEN = 'ResourceNotFoundException';

async function authenticate(
  client: CognitoIdentityProvider,
  password: string,
  questions: Questions,
  at: Circumstances,
  device: Device | null,
): Promise<AuthenticationResultType> {
  const srp = await import('cognito-srp-helper');
  const { clientId: ClientId } = at;
  // Not hashed beforehand: the hash includes the pool's own name for the user, which comes with the first response.
  const session = srp.createSrpSession(at.username, password, at.userPoolId, false);
  const named = device && { DEVICE_KEY: device.key };
  const AuthParameters = { USERNAME: at.username, SRP_A: session.largeA, ...named };
  let challenge: Challenge = await client.initiateAuth({
    AuthFlow: 'USER_SRP_AUTH',
    ClientId,
    AuthParameters,
  });
  const USERNAME = challenge.ChallengeParameters?.USER_ID_FOR_SRP ?? at.username;
  const respond: Respond = ({ ChallengeName, Session }, answers) => {
    const ChallengeResponses = { USERNAME, ...answers, ...named };
    return client.respondToAuthChallenge({ ChallengeName, ClientId, Session, ChallengeResponses });
  };
  const next = async (asked: Challenge): Promise<Challenge> => {
    const { ChallengeName: name, AvailableChallenges = [] } = asked;
    if (name === 'PASSWORD_VERIFIER') return respond(asked, signatureOf(srp.signSrpSession(session, asked)));
    if (name === 'SELECT_CHALLENGE' && AvailableChallenges.includes('PASSWORD_SRP'))
      return respond(asked, { ANSWER: 'PASSWORD_SRP', SRP_A: session.largeA });
    if (name === 'DEVICE_SRP_AUTH' && device)
      return proveDevice(respond, asked, USERNAME, device, at).catch(() => {
        throw Object.assign(new Error('The device is not known by this password.'), { name: FORGOTTEN });
      });
    return answerChallenge(respond, asked, questions, at);
  };
  for (let count = 0; !challenge.AuthenticationResult; count += 1) {
    if (count >= MAX_CHALLENGES) throw challengeError(challenge.ChallengeName, at);
    challenge = await next(challenge);
  }
  return challenge.AuthenticationResult;
}

/**
 * Confirms the device that the pool has named at the sign-in; null if it has named none. Pools that always remember
 * devices refuse to renew tokens otherwise (docs/services.md, Cognito).
 */
async function confirmDevice(
  client: CognitoIdentityProvider,
  { NewDeviceMetadata: metadata, AccessToken }: AuthenticationResultType,
): Promise<Device | null> {
  const { DeviceKey: key, DeviceGroupKey: groupKey } = metadata ?? {};
  if (!key || !groupKey || !AccessToken) return null;
  const { createDeviceVerifier } = await import('cognito-srp-helper');
  const { DeviceRandomPassword, DeviceSecretVerifierConfig } = createDeviceVerifier(key, groupKey);
  const names = { DeviceKey: key, DeviceName: 'amplify-media-migrator' };
  // The user is signed in anyway; at worst the tokens cannot be renewed, and the message comes when they expire.
  await client.confirmDevice({ AccessToken, ...names, DeviceSecretVerifierConfig }).catch(() => {});
  return { key, groupKey, password: DeviceRandomPassword };
}

/** Answers DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER. */
async function proveDevice(
  respond: Respond,
  challenge: Challenge,
  userId: string,
  { key, groupKey, password }: Device,
  at: Circumstances,
): Promise<Challenge> {
  const srp = await import('cognito-srp-helper');
  const session = srp.createSrpSession(userId, password, at.userPoolId, false);
  const verifier = await respond(challenge, { SRP_A: session.largeA });
  const ChallengeParameters = { DEVICE_KEY: key, ...verifier.ChallengeParameters };
  const asked = { ...verifier, ChallengeParameters };
  return respond(verifier, signatureOf(srp.signSrpSessionWithDevice(session, asked, groupKey, password)));
}

/** The answer to PASSWORD_VERIFIER and DEVICE_PASSWORD_VERIFIER. */
function signatureOf(signed: { secret: string; passwordSignature: string; timestamp: string }) {
  return {
    PASSWORD_CLAIM_SECRET_BLOCK: signed.secret,
    PASSWORD_CLAIM_SIGNATURE: signed.passwordSignature,
    TIMESTAMP: signed.timestamp,
  };
}

/**
 * New tokens for a refresh token. App clients with rotation refuse REFRESH_TOKEN_AUTH and want GetTokensFromRefreshToken
 * (Cognito developer guide, "Refresh tokens"), so that is the second try.
 */
export async function renewTokens(
  client: CognitoIdentityProvider,
  { refreshToken, device }: Pick<Tokens, 'refreshToken' | 'device'>,
  { clientId: ClientId }: Circumstances,
): Promise<AuthenticationResultType | undefined> {
  const AuthParameters = { REFRESH_TOKEN: refreshToken, ...(device && { DEVICE_KEY: device.key }) };
  try {
    const renewal = { AuthFlow: 'REFRESH_TOKEN_AUTH', ClientId, AuthParameters } as const;
    return (await client.initiateAuth(renewal)).AuthenticationResult;
  } catch (refusal) {
    if ((refusal as Error).name !== 'InvalidParameterException') throw refusal;
    try {
      const renewal = { ClientId, RefreshToken: refreshToken, DeviceKey: device?.key };
      return (await client.getTokensFromRefreshToken(renewal)).AuthenticationResult;
    } catch (error) {
      // Neither flow is allowed to this client: the first refusal says so.
      const notAllowed = /InvalidParameter|UnsupportedOperation/.test((error as Error).name);
      throw notAllowed ? refusal : error;
    }
  }
}

/** Revokes the refresh token and its access tokens; ID tokens and AWS keys live on, an hour at most. Throws RunError. */
export async function revokeCognitoSignIn(signIn: KeptSignIn): Promise<void> {
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
