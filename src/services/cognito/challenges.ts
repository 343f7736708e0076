/** What a user pool may ask for beyond the password. Cognito developer guide, "RespondToAuthChallenge". */
import type { RespondToAuthChallengeCommandOutput } from '@aws-sdk/client-cognito-identity-provider';
import { type Circumstances, challengeError } from './errors.ts';
import type { Questions } from './questions.ts';

export type Challenge = Omit<RespondToAuthChallengeCommandOutput, '$metadata'>;

export type Respond = (challenge: Challenge, answers: Record<string, string>) => Promise<Challenge>;

/** After these refusals Cognito accepts another answer in the same session. */
const TRY_AGAIN: Record<string, string> = {
  CodeMismatchException: 'That code is wrong.',
  ExpiredCodeException: 'That code has expired or was used before.',
  InvalidPasswordException: 'Cognito does not accept that password.',
  PasswordHistoryPolicyViolationException: 'That password was used before.',
};

/** Answers one challenge; returns tokens or the next one. After a wrong answer it asks again, `questions.retries` times. */
export async function answerChallenge(
  respond: Respond,
  challenge: Challenge,
  questions: Questions,
  at: Circumstances,
): Promise<Challenge> {
  const { ChallengeName: name, ChallengeParameters: parameters = {}, AvailableChallenges = [] } = challenge;
  /** `wrong`: what was wrong with the last answer; null at first. */
  const ask = async (question: (wrong: string | null) => Promise<Record<string, string>>) => {
    let wrong: string | null = null;
    for (let retry = 0; ; retry += 1) {
      const answers = await question(wrong);
      try {
        return await respond(challenge, answers);
      } catch (error) {
        const { name, message } = error as Error;
        if (!Object.hasOwn(TRY_AGAIN, name) || retry >= questions.retries) throw error;
        // Only for the policy does Cognito's message say more.
        wrong = name === 'InvalidPasswordException' ? `${message}.` : TRY_AGAIN[name]!;
      }
    }
  };
  switch (name) {
    case 'SOFTWARE_TOKEN_MFA':
    case 'SMS_MFA':
    case 'SMS_OTP':
    case 'EMAIL_OTP': {
      const sentTo = parameters.CODE_DELIVERY_DESTINATION ?? null;
      return ask(async wrong => ({ [`${name}_CODE`]: await questions.code(name, sentTo, wrong) }));
    }
    case 'NEW_PASSWORD_REQUIRED':
      if (requiredAttributes(parameters).length > 0) throw challengeError('REQUIRED_ATTRIBUTES', at);
      return ask(async wrong => ({ NEW_PASSWORD: await questions.newPassword(wrong) }));
    case 'SELECT_MFA_TYPE':
      return respond(challenge, { ANSWER: preferredFactor(parameters.MFAS_CAN_CHOOSE) });
    case 'SELECT_CHALLENGE': {
      const ANSWER = (['EMAIL_OTP', 'SMS_OTP'] as const).find(each => AvailableChallenges.includes(each));
      if (!ANSWER) throw challengeError(AvailableChallenges[0] ?? name, at);
      return respond(challenge, { ANSWER });
    }
    default:
      throw challengeError(name, at);
  }
}

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
