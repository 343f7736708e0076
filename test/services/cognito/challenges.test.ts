import { expect } from 'chai';
import { promptsOn } from '../../../src/cli/ui/prompts.ts';
import { type Questions, questionsFor, questionsFromLines } from '../../../src/services/cognito/questions.ts';
import { answerChallenge } from '../../../src/services/cognito/sign-in.ts';
import type { RunError } from '../../../stages/errors.ts';
import { createUserPool, type UserPool } from '../../cloud/cognito/user-pool.ts';
import type { UserSeed } from '../../cloud/cognito/users.ts';
import { sendJson } from '../../cloud/service.ts';
import { rejection } from '../../config/scratch.ts';
import { EMAIL, PASSWORD, sessionAt } from './local-session.ts';

describe('what Cognito asks for beyond the password', () => {
  let now: number;
  let userPool: UserPool;

  const start = async (user: Partial<UserSeed>) => {
    userPool = await createUserPool({ now: () => now });
    userPool.addUser({ username: EMAIL, password: PASSWORD, ...user });
  };
  const signIn = async (questions: Questions) =>
    userPool.verifyToken(await sessionAt(userPool, null, questions).idToken());
  /** A person who answers these in turn; what was said to be wrong is noted. */
  const person = (answers: (() => string)[], said: (string | null)[] = []): Questions => {
    const next = async (wrong: string | null) => {
      said.push(wrong);
      return answers.shift()!();
    };
    return {
      retries: 2,
      password: async () => PASSWORD,
      code: (_challenge, _sentTo, wrong) => next(wrong),
      newPassword: next,
    };
  };
  const refusal = (questions: Questions) => rejection<RunError>(signIn(questions));

  beforeEach(() => {
    now = Date.now();
  });
  afterEach(() => userPool?.close());

  /** The pool asks for this after the password. */
  const challenged = async (challenge: object) => {
    await start({});
    userPool.service.intercept = (request, response) => {
      if (!String(request.headers['x-amz-target']).endsWith('.RespondToAuthChallenge')) return false;
      sendJson(response, 200, challenge);
      return true;
    };
  };
  for (const [name, more, says] of [
    ['CUSTOM_CHALLENGE', {}, 'Lambda trigger'],
    ['WEB_AUTHN', {}, 'passkey'],
    ['SELECT_CHALLENGE', { AvailableChallenges: ['WEB_AUTHN'] }, 'passkey'],
    ['MFA_SETUP', {}, 'second factor'],
    [
      'NEW_PASSWORD_REQUIRED',
      { ChallengeParameters: { requiredAttributes: '["userAttributes.name"]' } },
      'Cognito requires REQUIRED_ATTRIBUTES, which migrator does not support',
    ],
    ['DEVICE_SRP_AUTH', {}, 'more than a password'],
    ['SOMETHING_NEW', {}, 'SOMETHING_NEW'],
  ] as const) {
    it(`says what it is and the way out when it is ${name}${'AvailableChallenges' in more ? ' of a passkey' : ''}`, async () => {
      await challenged({ ChallengeName: name, ChallengeParameters: {}, Session: 'x', ...more });
      const { code, message, remedy } = await refusal(person([]));
      expect([code, message.includes(says)], message).to.deep.equal(['challenge_not_supported', true]);
      expect(remedy).to.match(/web application|--username|Use a user/);
    });
  }

  it('is answered with the code of an authenticator app', async () => {
    await start({ mfa: 'totp' });
    expect(await signIn(person([() => userPool.totpCode(EMAIL)]))).to.include({ email: EMAIL });
  });

  it('is answered with the code of a text message, which says where it went', async () => {
    await start({ mfa: 'sms' });
    const told: unknown[] = [];
    const questions: Questions = {
      ...person([]),
      code: async (challenge, sentTo) => {
        told.push(challenge, sentTo);
        return userPool.user(EMAIL).smsCode!;
      },
    };
    await signIn(questions);
    expect(told).to.deep.equal(['SMS_MFA', '+*******0100']);
  });

  it('is asked again when a code was mistyped, and only the code', async () => {
    await start({ mfa: 'totp' });
    const said: (string | null)[] = [];
    await signIn(person([() => '000000', () => '111111', () => userPool.totpCode(EMAIL)], said));
    expect(said).to.deep.equal([null, 'That code is wrong.', 'That code is wrong.']);
    expect(userPool.service.requests.get('InitiateAuth')).to.equal(1);
  });

  it('is given up after three wrong codes', async () => {
    await start({ mfa: 'sms' });
    const { code, remedy } = await refusal(person([() => 'no', () => 'no', () => 'no', () => 'no']));
    expect(code).to.equal('wrong_code');
    expect(remedy).to.contain('again');
  });

  it('is too late after three minutes', async () => {
    await start({ mfa: 'totp' });
    const slow = person([
      () => {
        now += 181_000;
        return userPool.totpCode(EMAIL);
      },
    ]);
    expect((await refusal(slow)).code).to.equal('challenge_timed_out');
  });

  it('is a new password at the first sign-in; one that breaks the policy is asked for again in Cognito’s words', async () => {
    await start({ status: 'FORCE_CHANGE_PASSWORD' });
    const said: (string | null)[] = [];
    await signIn(person([() => 'short', () => 'Another-Horse-2'], said));
    expect(said[1]).to.contain('Password not long enough');
    expect((await refusal(person([]))).code).to.equal('wrong_password');
  });

  it('is read from the lines after the password', async () => {
    await start({ status: 'FORCE_CHANGE_PASSWORD', mfa: 'totp' });
    const lines = `${PASSWORD}\r\nAnother-Horse-2\n${userPool.totpCode(EMAIL)}\n`;
    expect(await signIn(questionsFromLines(lines, EMAIL))).to.include({ email: EMAIL });
  });

  it('says which line is missing', async () => {
    await start({ mfa: 'totp' });
    expect((await refusal(questionsFromLines('', EMAIL))).code).to.equal('no_password');
    const error = await refusal(questionsFromLines(`${PASSWORD}\n`, EMAIL));
    expect(error.message).to.contain('SOFTWARE_TOKEN_MFA');
  });

  it('says that it needs a terminal where there is none', async () => {
    await start({ mfa: 'totp' });
    const input = { isTTY: false } as NodeJS.ReadStream;
    const env = { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: PASSWORD };
    const error = await refusal(questionsFor({ env, username: EMAIL, input, openPrompts: promptsOn }));
    expect(error.code).to.equal('challenge_needs_terminal');
    expect(error.message).to.contain('SOFTWARE_TOKEN_MFA');
    expect(error.remedy).to.contain('migrator login aws');
  });

  it('is one of two factors when the pool lets the user choose', async () => {
    const answers: Record<string, string>[] = [];
    const respond = async (_: unknown, answer: Record<string, string>) => {
      answers.push(answer);
      return {};
    };
    const choice = {
      ChallengeName: 'SELECT_MFA_TYPE',
      ChallengeParameters: { MFAS_CAN_CHOOSE: '["SMS_MFA","SOFTWARE_TOKEN_MFA"]' },
      Session: 's',
    } as const;
    await answerChallenge(respond, choice, person([]), {} as never);
    expect(answers).to.deep.equal([{ ANSWER: 'SOFTWARE_TOKEN_MFA' }]);
  });
});
