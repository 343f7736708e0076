import type {
  AuthenticationResultType,
  CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import { answerChallenge, type Challenge, type Respond } from './challenges.ts';
import { type Circumstances, challengeError } from './errors.ts';
import type { Questions } from './questions.ts';
import type { Device, Tokens } from './tokens.ts';

const MAX_CHALLENGES = 6;

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
  client: CognitoIdentityProviderClient,
  questions: Questions,
  at: Circumstances,
  device: Device | null,
): Promise<SignedIn> {
  const password = await questions.password();
  const attempt = async (known: Device | null): Promise<SignedIn> => {
    const result = await authenticate(client, password, questions, at, known);
    return { result, device: (await confirmDevice(client, result)) ?? known };
  };
  try {
    return await attempt(device);
  } catch (error) {
    if (!device || !isForgotten(error)) throw error;
    return attempt(null);
  }
}

/** The pool does not know the device by this password. */
class DeviceForgotten extends Error {}

function isForgotten(error: unknown): boolean {
  const { name, message } = error as Error;
  const isUnknown = name === 'ResourceNotFoundException' && /device/i.test(message);
  return isUnknown || error instanceof DeviceForgotten;
}

async function authenticate(
  client: CognitoIdentityProviderClient,
  password: string,
  questions: Questions,
  at: Circumstances,
  device: Device | null,
): Promise<AuthenticationResultType> {
  const srp = await import('cognito-srp-helper');
  // Not hashed beforehand: the hash includes the pool's own name for the user, which comes with the first response.
  const session = srp.createSrpSession(at.username, password, at.userPoolId, false);
  const { initiate, respondTo } = await requestsOf(client, at.clientId, device);
  let challenge: Challenge = await initiate({ USERNAME: at.username, SRP_A: session.largeA });
  const userId = challenge.ChallengeParameters?.USER_ID_FOR_SRP ?? at.username;
  const respond: Respond = (asked, answers) => respondTo(asked, { USERNAME: userId, ...answers });
  const next = async (asked: Challenge): Promise<Challenge> => {
    const { ChallengeName: name, AvailableChallenges = [] } = asked;
    if (name === 'PASSWORD_VERIFIER') return respond(asked, signatureOf(srp.signSrpSession(session, asked)));
    if (name === 'SELECT_CHALLENGE' && AvailableChallenges.includes('PASSWORD_SRP'))
      return respond(asked, { ANSWER: 'PASSWORD_SRP', SRP_A: session.largeA });
    if (name === 'DEVICE_SRP_AUTH' && device)
      return proveDevice(respond, asked, userId, device, at).catch(() => {
        throw new DeviceForgotten();
      });
    return answerChallenge(respond, asked, questions, at);
  };
  for (let count = 0; !challenge.AuthenticationResult; count += 1) {
    if (count >= MAX_CHALLENGES) throw challengeError(challenge.ChallengeName, at);
    challenge = await next(challenge);
  }
  return challenge.AuthenticationResult;
}

async function requestsOf(client: CognitoIdentityProviderClient, ClientId: string, device: Device | null) {
  const { InitiateAuthCommand, RespondToAuthChallengeCommand } = await import(
    '@aws-sdk/client-cognito-identity-provider'
  );
  const named = (values: Record<string, string>) => (device ? { ...values, DEVICE_KEY: device.key } : values);
  return {
    initiate: (values: Record<string, string>): Promise<Challenge> =>
      client.send(
        new InitiateAuthCommand({ AuthFlow: 'USER_SRP_AUTH', ClientId, AuthParameters: named(values) }),
      ),
    respondTo: ({ ChallengeName, Session }: Challenge, answers: Record<string, string>): Promise<Challenge> =>
      client.send(
        new RespondToAuthChallengeCommand({
          ChallengeName,
          ClientId,
          Session,
          ChallengeResponses: named(answers),
        }),
      ),
  };
}

/**
 * Confirms the device that the pool has named at the sign-in; null if it has named none. Pools that always remember
 * devices refuse to renew tokens otherwise (docs/services.md, Cognito).
 */
export async function confirmDevice(
  client: CognitoIdentityProviderClient,
  { NewDeviceMetadata: metadata, AccessToken }: AuthenticationResultType,
): Promise<Device | null> {
  const { DeviceKey: key, DeviceGroupKey: groupKey } = metadata ?? {};
  if (!key || !groupKey || !AccessToken) return null;
  const [{ ConfirmDeviceCommand }, { createDeviceVerifier }] = await Promise.all([
    import('@aws-sdk/client-cognito-identity-provider'),
    import('cognito-srp-helper'),
  ]);
  const { DeviceRandomPassword, DeviceSecretVerifierConfig } = createDeviceVerifier(key, groupKey);
  const command = new ConfirmDeviceCommand({
    AccessToken,
    DeviceKey: key,
    DeviceName: 'amplify-media-migrator',
    DeviceSecretVerifierConfig,
  });
  // The user is signed in anyway; at worst the tokens cannot be renewed, and the message comes when they expire.
  await client.send(command).catch(() => {});
  return { key, groupKey, password: DeviceRandomPassword };
}

/** Answers DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER. Throws what `respond` throws. */
export async function proveDevice(
  respond: Respond,
  challenge: Challenge,
  userId: string,
  device: Device,
  at: Circumstances,
): Promise<Challenge> {
  const srp = await import('cognito-srp-helper');
  const session = srp.createSrpSession(userId, device.password, at.userPoolId, false);
  const verifier = await respond(challenge, { SRP_A: session.largeA });
  const parameters = { DEVICE_KEY: device.key, ...verifier.ChallengeParameters };
  const signed = srp.signSrpSessionWithDevice(
    session,
    { ...verifier, ChallengeParameters: parameters },
    device.groupKey,
    device.password,
  );
  return respond(verifier, signatureOf(signed));
}

/** The answer to PASSWORD_VERIFIER and DEVICE_PASSWORD_VERIFIER. */
export function signatureOf(signed: {
  secret: string;
  passwordSignature: string;
  timestamp: string;
}): Record<string, string> {
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
  client: CognitoIdentityProviderClient,
  { refreshToken, device }: Pick<Tokens, 'refreshToken' | 'device'>,
  at: Circumstances,
): Promise<AuthenticationResultType | undefined> {
  const { InitiateAuthCommand, GetTokensFromRefreshTokenCommand } = await import(
    '@aws-sdk/client-cognito-identity-provider'
  );
  try {
    const answer = await client.send(
      new InitiateAuthCommand({
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        ClientId: at.clientId,
        AuthParameters: { REFRESH_TOKEN: refreshToken, ...(device && { DEVICE_KEY: device.key }) },
      }),
    );
    return answer.AuthenticationResult;
  } catch (refusal) {
    if ((refusal as Error).name !== 'InvalidParameterException') throw refusal;
    try {
      const rotated = await client.send(
        new GetTokensFromRefreshTokenCommand({
          ClientId: at.clientId,
          RefreshToken: refreshToken,
          DeviceKey: device?.key,
        }),
      );
      return rotated.AuthenticationResult;
    } catch (error) {
      // Neither flow is allowed to this client: the first refusal says so.
      const notAllowed = /InvalidParameter|UnsupportedOperation/.test((error as Error).name);
      throw notAllowed ? refusal : error;
    }
  }
}
