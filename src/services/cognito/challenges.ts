/** What a user pool may ask for beyond the password. Cognito developer guide, "RespondToAuthChallenge". */
import type {
  CognitoIdentityProviderClient,
  RespondToAuthChallengeCommandOutput,
} from '@aws-sdk/client-cognito-identity-provider';
import { type Circumstances, challengeError } from './errors.ts';
import type { CodeChallenge, Questions } from './questions.ts';

type Challenge = Pick<
  RespondToAuthChallengeCommandOutput,
  'ChallengeName' | 'ChallengeParameters' | 'Session' | 'AvailableChallenges'
>;

/** Cognito refuses these answers and waits for another one in the same session. */
const TRY_AGAIN: Record<string, string> = {
  CodeMismatchException: 'That code is wrong.',
  ExpiredCodeException: 'That code has expired or was used before.',
  InvalidPasswordException: 'Cognito does not take that password.',
  PasswordHistoryPolicyViolationException: 'That password was used before.',
};

/**
 * Answers one challenge; gives tokens or the next challenge. A wrong answer is asked for again as often as `questions`
 * allows. `userId` is the pool's own name for the user.
 *
 * Throws the SDK's errors as they are, and RunError for a challenge that cannot be answered here.
 */
export async function answerChallenge(
  client: CognitoIdentityProviderClient,
  challenge: Challenge,
  userId: string,
  questions: Questions,
  at: Circumstances,
): Promise<RespondToAuthChallengeCommandOutput> {
  const { RespondToAuthChallengeCommand } = await import('@aws-sdk/client-cognito-identity-provider');
  const { ChallengeName, Session, ChallengeParameters: parameters = {} } = challenge;
  const respond = (answers: Record<string, string>) =>
    client.send(
      new RespondToAuthChallengeCommand({
        ClientId: at.clientId,
        ChallengeName,
        Session,
        ChallengeResponses: { USERNAME: userId, ...answers },
      }),
    );

  const untilAccepted = async (answer: (wrong: string | null) => Promise<Record<string, string>>) => {
    let wrong: string | null = null;
    for (let retry = 0; ; retry += 1) {
      const answers = await answer(wrong);
      try {
        return await respond(answers);
      } catch (error) {
        const { name, message } = error as Error;
        if (!Object.hasOwn(TRY_AGAIN, name) || retry >= questions.retries) throw error;
        // Only of the policy do Cognito's words say more.
        wrong = name === 'InvalidPasswordException' ? `${message}.` : TRY_AGAIN[name]!;
      }
    }
  };

  switch (ChallengeName) {
    case 'SOFTWARE_TOKEN_MFA':
    case 'SMS_MFA':
    case 'SMS_OTP':
    case 'EMAIL_OTP':
      return untilAccepted(async wrong => {
        const sentTo = parameters.CODE_DELIVERY_DESTINATION ?? null;
        const code = await questions.code(ChallengeName, sentTo, wrong);
        return { [codeName(ChallengeName)]: code };
      });
    case 'NEW_PASSWORD_REQUIRED':
      if (requiredAttributes(parameters).length > 0) throw challengeError('REQUIRED_ATTRIBUTES', at);
      return untilAccepted(async wrong => ({ NEW_PASSWORD: await questions.newPassword(wrong) }));
    case 'SELECT_MFA_TYPE':
      return respond({ ANSWER: preferredFactor(parameters.MFAS_CAN_CHOOSE) });
    case 'SELECT_CHALLENGE': {
      const ANSWER = (['EMAIL_OTP', 'SMS_OTP'] as const).find(name =>
        challenge.AvailableChallenges?.includes(name),
      );
      if (!ANSWER) throw challengeError(challenge.AvailableChallenges?.[0] ?? ChallengeName, at);
      return respond({ ANSWER });
    }
    default:
      throw challengeError(ChallengeName, at);
  }
}

const codeName = (challenge: CodeChallenge) => `${challenge}_CODE`;

/** The app before messages: nothing has to arrive. */
function preferredFactor(choices: string | undefined): string {
  const factors = ['SOFTWARE_TOKEN_MFA', 'EMAIL_OTP', 'SMS_MFA'];
  return factors.find(factor => choices?.includes(factor)) ?? 'SOFTWARE_TOKEN_MFA';
}

/** Attributes that the user has to fill in together with the first own password; names as `userAttributes.name`. */
function requiredAttributes({ requiredAttributes: list }: Record<string, string>): string[] {
  try {
    const names: unknown = JSON.parse(list || '[]');
    return Array.isArray(names) ? names.map(String) : [];
  } catch {
    return [];
  }
}
