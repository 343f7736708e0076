import type {
  CognitoIdentityProviderClient,
  InitiateAuthCommandOutput,
  RespondToAuthChallengeCommandOutput,
} from '@aws-sdk/client-cognito-identity-provider';
import { answerChallenge } from './challenges.ts';
import { confirmDevice, type Device, proveDevice } from './device.ts';
import { type Circumstances, challengeError } from './errors.ts';
import type { Questions } from './questions.ts';
import type { AuthenticationResult, Tokens } from './tokens.ts';

/** More than any user pool asks for; whoever goes on asking is not one. */
const MAX_CHALLENGES = 6;

export interface SignedIn {
  result: AuthenticationResult | undefined;
  device: Device | null;
}

/**
 * Signs in by SRP: the password itself never leaves the machine. USER_SRP_AUTH, then PASSWORD_VERIFIER; it is the only
 * password flow that Amplify's default app client allows (docs/services.md, Cognito). What the pool asks for
 * after that (a code, a new password) is put to `questions`. `device` is what the pool remembered this program as; one
 * that it has forgotten is replaced.
 *
 * Throws the SDK's errors as they are, and RunError for a challenge that cannot be answered here.
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
    if (!device || !(error instanceof DeviceForgotten)) throw error;
    return attempt(null);
  }
}

/** The pool does not know the device any more, or not by this password. */
class DeviceForgotten extends Error {}

async function authenticate(
  client: CognitoIdentityProviderClient,
  password: string,
  questions: Questions,
  at: Circumstances,
  device: Device | null,
): Promise<AuthenticationResult> {
  const [{ InitiateAuthCommand, RespondToAuthChallengeCommand }, srp] = await Promise.all([
    import('@aws-sdk/client-cognito-identity-provider'),
    import('cognito-srp-helper'),
  ]);
  const { username, userPoolId, clientId } = at;
  // Not hashed beforehand: the hash is over the pool's own name for the user, which the first answer brings.
  const session = srp.createSrpSession(username, password, userPoolId, false);
  const deviceKey: Record<string, string> = device ? { DEVICE_KEY: device.key } : {};

  const first: InitiateAuthCommandOutput = await client
    .send(
      new InitiateAuthCommand({
        AuthFlow: 'USER_SRP_AUTH',
        ClientId: clientId,
        AuthParameters: { USERNAME: username, SRP_A: session.largeA, ...deviceKey },
      }),
    )
    .catch(error => throwForgotten(error, device));
  const userId = first.ChallengeParameters?.USER_ID_FOR_SRP ?? username;
  let answer: RespondToAuthChallengeCommandOutput = first;
  const respond = (answers: Record<string, string>) =>
    client
      .send(
        new RespondToAuthChallengeCommand({
          ChallengeName: answer.ChallengeName,
          ClientId: clientId,
          Session: answer.Session,
          ChallengeResponses: { USERNAME: userId, ...answers, ...deviceKey },
        }),
      )
      .catch(error => throwForgotten(error, device));

  for (let count = 0; !answer.AuthenticationResult; count += 1) {
    const { ChallengeName: name } = answer;
    if (count >= MAX_CHALLENGES) throw challengeError(name, at);
    if (name === 'PASSWORD_VERIFIER') {
      const signed = srp.signSrpSession(session, answer);
      answer = await respond({
        PASSWORD_CLAIM_SECRET_BLOCK: signed.secret,
        PASSWORD_CLAIM_SIGNATURE: signed.passwordSignature,
        TIMESTAMP: signed.timestamp,
      });
    } else if (name === 'SELECT_CHALLENGE' && answer.AvailableChallenges?.includes('PASSWORD_SRP')) {
      answer = await respond({ ANSWER: 'PASSWORD_SRP', SRP_A: session.largeA });
    } else if (name === 'DEVICE_SRP_AUTH' && device) {
      answer = await proveDevice(client, answer, userId, device, at).catch(() => {
        throw new DeviceForgotten();
      });
    } else answer = await answerChallenge(client, answer, userId, questions, at);
  }
  return answer.AuthenticationResult;
}

function throwForgotten(error: Error, device: Device | null): never {
  const isForgotten = device && error.name === 'ResourceNotFoundException' && /device/i.test(error.message);
  throw isForgotten ? new DeviceForgotten() : error;
}

/**
 * New tokens for a refresh token. App clients with rotation refuse REFRESH_TOKEN_AUTH and want GetTokensFromRefreshToken
 * (Cognito developer guide, "Refresh tokens"), so that is the second try.
 */
export async function renewTokens(
  client: CognitoIdentityProviderClient,
  { refreshToken, device }: Pick<Tokens, 'refreshToken' | 'device'>,
  at: Circumstances,
): Promise<AuthenticationResult | undefined> {
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
      // Neither flow is allowed to this client: the first refusal says so in words that fit.
      const notAllowed = /InvalidParameter|UnsupportedOperation/.test((error as Error).name);
      throw notAllowed ? refusal : error;
    }
  }
}
