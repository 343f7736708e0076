import {
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { expect } from 'chai';
import { createSrpSession, signSrpSession, wrapAuthChallenge } from 'cognito-srp-helper';
import { createUserPool, type UserPool } from './user-pool.ts';

const EMAIL = 'someone@example.com';
const PASSWORD = 'Correct-Horse-1';

/** SRP by `cognito-srp-helper`, up to the pool's answer to the password. `change` tampers with the proof. */
async function srpSignIn(
  pool: UserPool,
  change: (responses: Record<string, string>) => Record<string, string>,
): Promise<unknown> {
  const client = new CognitoIdentityProviderClient({
    region: pool.region,
    endpoint: pool.service.url,
    maxAttempts: 1,
    credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
  });
  const ClientId = pool.clientId;
  const session = createSrpSession(EMAIL, PASSWORD, pool.poolId, false);
  const AuthParameters = { USERNAME: EMAIL, SRP_A: session.largeA };
  const initiate = new InitiateAuthCommand({ ClientId, AuthFlow: 'USER_SRP_AUTH', AuthParameters });
  const challenge = await client.send(initiate);
  const ChallengeName = 'PASSWORD_VERIFIER';
  const { ChallengeResponses } = wrapAuthChallenge(signSrpSession(session, challenge), {
    ClientId,
    ChallengeName,
    ChallengeResponses: { USERNAME: challenge.ChallengeParameters!.USER_ID_FOR_SRP! },
  });
  const answers = { ClientId, ChallengeName, ChallengeResponses: change(ChallengeResponses) } as const;
  return client.send(new RespondToAuthChallengeCommand(answers));
}

/** `Name: message` of the error that a promise ends with. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
  return 'not refused';
}

describe('local user pool: sign-in', () => {
  let pool: UserPool;
  before(async () => {
    pool = await createUserPool();
    pool.addUser({ username: EMAIL, password: PASSWORD, groups: ['ADMINS'] });
  });
  after(() => pool.close());

  it('refuses a proof that was tampered with, and any proof a second time', async () => {
    let replay: Record<string, string> = {};
    await srpSignIn(pool, answers => {
      replay = answers;
      return answers;
    });
    for (const [change, answer] of [
      [
        { TIMESTAMP: 'Mon Jan 5 10:00:01 UTC 2026' },
        /^NotAuthorizedException: Incorrect username or password/,
      ],
      [{ TIMESTAMP: 'Mon Jan 05 10:00:00 UTC 2026' }, /^InvalidParameterException: TIMESTAMP format/],
      [replay, /can only be used once/],
    ] as const)
      expect(await refusal(srpSignIn(pool, answers => ({ ...answers, ...change })))).to.match(answer);
  });
});
