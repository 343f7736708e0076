/** Sign-in to the user pool by SRP, and answers to what the pool asks for beyond the password. */
import type {
  AuthenticationResultType,
  CognitoIdentityProvider,
  RespondToAuthChallengeCommandOutput,
} from '@aws-sdk/client-cognito-identity-provider';
import { RunError } from '../../../stages/errors.ts';
import { ASK_ADMIN, type Circumstances } from './errors.ts';
import type { Questions } from './questions.ts';
import { type Device, type Tokens, tokensFrom } from './tokens.ts';

type Challenge = Omit<RespondToAuthChallengeCommandOutput, '$metadata'>;

type Respond = (challenge: Challenge, answers: Record<string, string>) => Promise<Challenge>;

const MAX_CHALLENGES = 6;

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
): Promise<Tokens> {
  const password = await questions.password();
  const attempt = async (known: Device | null): Promise<Tokens> => {
    const result = await authenticate(client, password, questions, at, known);
    const confirmed = await confirmDevice(client, result);
    return tokensFrom(result, at, { refreshToken: null, device: confirmed ?? known });
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
  // The password is not hashed beforehand: the hash includes the pool's own name for the user, which comes with the first response.
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

/** After these refusals Cognito accepts another answer in the same session. */
const TRY_AGAIN: Record<string, string> = {
  CodeMismatchException: 'That code is wrong.',
  ExpiredCodeException: 'That code has expired or was used before.',
  InvalidPasswordException: 'Cognito does not accept that password.',
  PasswordHistoryPolicyViolationException: 'That password was used before.',
};

/**
 * Answers one challenge (Cognito developer guide, "RespondToAuthChallenge"); returns tokens or the next one. After a wrong
 * answer it asks again, `questions.retries` times.
 */
export async function answerChallenge(
  respond: Respond,
  challenge: Challenge,
  questions: Questions,
  at: Circumstances,
): Promise<Challenge> {
  const { ChallengeName: name, ChallengeParameters: parameters = {}, AvailableChallenges = [] } = challenge;
  switch (name) {
    case 'SOFTWARE_TOKEN_MFA':
    case 'SMS_MFA':
    case 'SMS_OTP':
    case 'EMAIL_OTP': {
      const sentTo = parameters.CODE_DELIVERY_DESTINATION ?? null;
      const code = async (wrong: string | null) => ({
        [`${name}_CODE`]: await questions.code(name, sentTo, wrong),
      });
      return untilAccepted(code, answers => respond(challenge, answers), questions.retries);
    }
    case 'NEW_PASSWORD_REQUIRED': {
      if (requiresAttributes(parameters)) throw challengeError('REQUIRED_ATTRIBUTES', at);
      const password = async (wrong: string | null) => ({ NEW_PASSWORD: await questions.newPassword(wrong) });
      return untilAccepted(password, answers => respond(challenge, answers), questions.retries);
    }
    case 'SELECT_MFA_TYPE': {
      // The app before messages: nothing has to arrive.
      const factors = ['SOFTWARE_TOKEN_MFA', 'EMAIL_OTP', 'SMS_MFA'];
      const chosen = factors.find(factor => parameters.MFAS_CAN_CHOOSE?.includes(factor));
      return respond(challenge, { ANSWER: chosen ?? 'SOFTWARE_TOKEN_MFA' });
    }
    case 'SELECT_CHALLENGE': {
      const ANSWER = (['EMAIL_OTP', 'SMS_OTP'] as const).find(each => AvailableChallenges.includes(each));
      if (!ANSWER) throw challengeError(AvailableChallenges[0] ?? name, at);
      return respond(challenge, { ANSWER });
    }
    default:
      throw challengeError(name, at);
  }
}

/** Asks again after a wrong answer. `ask` gets what was wrong with the last answer; null at first. */
async function untilAccepted(
  ask: (wrong: string | null) => Promise<Record<string, string>>,
  send: (answers: Record<string, string>) => Promise<Challenge>,
  retries: number,
): Promise<Challenge> {
  let wrong: string | null = null;
  for (let retry = 0; ; retry += 1) {
    const answers = await ask(wrong);
    try {
      return await send(answers);
    } catch (error) {
      const { name, message } = error as Error;
      if (!Object.hasOwn(TRY_AGAIN, name) || retry >= retries) throw error;
      // Only for the policy does Cognito's message say more.
      wrong = name === 'InvalidPasswordException' ? `${message}.` : TRY_AGAIN[name]!;
    }
  }
}

/** Whether the user has to fill in attributes together with the first own password. */
function requiresAttributes({ requiredAttributes: list }: Record<string, string>): boolean {
  try {
    const names: unknown = JSON.parse(list || '[]');
    return Array.isArray(names) && names.length > 0;
  } catch {
    return false;
  }
}

const CHALLENGES: Record<string, { says: string; remedy: string }> = {
  CUSTOM_CHALLENGE: {
    says: 'is asked a question by a Lambda trigger of the user pool (custom authentication)',
    remedy: `Use a user or an app client without custom authentication ("migrator config --username … --client-id …"), ${ASK_ADMIN}.`,
  },
  WEB_AUTHN: {
    says: 'is asked for a passkey, which only a browser has',
    remedy: `Use a user who can sign in with a password ("migrator config --username …"), or set a password for this user in the web application.`,
  },
  MFA_SETUP: {
    says: 'has to set up a second factor first',
    remedy: `Set it up in the web application, then run "migrator login aws" and type its code.`,
  },
  REQUIRED_ATTRIBUTES: {
    says: 'has to fill in more about the user, together with a new password',
    remedy: 'Sign in to the web application once and fill it in there, then run the command again.',
  },
};

function challengeError(challenge: string | undefined, at: Circumstances): RunError {
  const known = CHALLENGES[challenge ?? ''];
  const name = challenge ?? 'an unknown challenge';
  return new RunError(
    'challenge_not_supported',
    `${at.username} ${known?.says ?? 'is asked for more than a password and a code'}. Cognito requires ${name}, which migrator does not support.`,
    known?.remedy ?? `Use a user who signs in with password and code only, ${ASK_ADMIN}.`,
  );
}
