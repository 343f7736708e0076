import type {
  CognitoIdentityProviderClient,
  InitiateAuthCommandOutput,
} from '@aws-sdk/client-cognito-identity-provider';
import { answerChallenge } from './challenges.ts';
import { type Circumstances, challengeError } from './classify.ts';
import type { Questions } from './questions.ts';
import type { AuthenticationResult } from './tokens.ts';

/** More than any user pool asks for; whoever goes on asking is not one. */
const MAX_CHALLENGES = 6;

/**
 * Signs in by SRP: the password itself never leaves the machine. USER_SRP_AUTH, then PASSWORD_VERIFIER; it is the only
 * password flow that Amplify's default app client allows (facts.md, Amplify Gen 2: sign-in). What the pool asks for
 * after that (a code, a new password) is put to `questions`.
 *
 * Throws the SDK's errors as they are, and RunError for a challenge that cannot be answered here.
 */
export async function signIn(
  client: CognitoIdentityProviderClient,
  questions: Questions,
  at: Circumstances,
): Promise<AuthenticationResult> {
  const [{ InitiateAuthCommand, RespondToAuthChallengeCommand }, srp] = await Promise.all([
    import('@aws-sdk/client-cognito-identity-provider'),
    import('cognito-srp-helper'),
  ]);
  const { username, userPoolId, clientId } = at;
  const password = await questions.password();
  // Not hashed beforehand: the hash is over the pool's own name for the user, which the first answer brings.
  const session = srp.createSrpSession(username, password, userPoolId, false);

  const first: InitiateAuthCommandOutput = await client.send(
    new InitiateAuthCommand({
      AuthFlow: 'USER_SRP_AUTH',
      ClientId: clientId,
      AuthParameters: { USERNAME: username, SRP_A: session.largeA },
    }),
  );
  if (first.ChallengeName !== 'PASSWORD_VERIFIER') throw challengeError(first.ChallengeName, at);

  const signed = srp.signSrpSession(session, first);
  const userId = first.ChallengeParameters?.USER_ID_FOR_SRP ?? username;
  let answer = await client.send(
    new RespondToAuthChallengeCommand({
      ChallengeName: 'PASSWORD_VERIFIER',
      ClientId: clientId,
      Session: first.Session,
      ChallengeResponses: {
        USERNAME: userId,
        PASSWORD_CLAIM_SECRET_BLOCK: signed.secret,
        PASSWORD_CLAIM_SIGNATURE: signed.passwordSignature,
        TIMESTAMP: signed.timestamp,
      },
    }),
  );
  for (let count = 0; !answer.AuthenticationResult; count += 1) {
    if (count >= MAX_CHALLENGES) throw challengeError(answer.ChallengeName, at);
    answer = await answerChallenge(client, answer, userId, questions, at);
  }
  return answer.AuthenticationResult;
}

/**
 * New tokens for a refresh token. App clients with rotation refuse REFRESH_TOKEN_AUTH and want GetTokensFromRefreshToken
 * (Cognito developer guide, "Refresh tokens"), so that is the second try.
 */
export async function renewTokens(
  client: CognitoIdentityProviderClient,
  refreshToken: string,
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
        AuthParameters: { REFRESH_TOKEN: refreshToken },
      }),
    );
    return answer.AuthenticationResult;
  } catch (refusal) {
    if ((refusal as Error).name !== 'InvalidParameterException') throw refusal;
    try {
      const rotated = await client.send(
        new GetTokensFromRefreshTokenCommand({ ClientId: at.clientId, RefreshToken: refreshToken }),
      );
      return rotated.AuthenticationResult;
    } catch (error) {
      // Neither flow is allowed to this client: the first refusal says so in words that fit.
      const notAllowed = /InvalidParameter|UnsupportedOperation/.test((error as Error).name);
      throw notAllowed ? refusal : error;
    }
  }
}
