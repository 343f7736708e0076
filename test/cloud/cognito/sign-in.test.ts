import {
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { expect } from 'chai';
import { createSrpSession, signSrpSession, wrapAuthChallenge } from 'cognito-srp-helper';
import { N } from './srp.ts';
import { createUserPool, type UserPool } from './user-pool.ts';

const EMAIL = 'someone@example.com';
const PASSWORD = 'Correct-Horse-1';
const WRONG = 'NotAuthorizedException: Incorrect username or password.';

/** An SDK client that talks to the pool, once. */
function sdkClient(pool: UserPool): CognitoIdentityProviderClient {
  return new CognitoIdentityProviderClient({
    region: pool.region,
    endpoint: pool.service.url,
    maxAttempts: 1,
    credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
  });
}

const srpAuth = (pool: UserPool, USERNAME: string, SRP_A: string) =>
  sdkClient(pool).send(
    new InitiateAuthCommand({
      ClientId: pool.clientId,
      AuthFlow: 'USER_SRP_AUTH',
      AuthParameters: { USERNAME, SRP_A },
    }),
  );

/** SRP by `cognito-srp-helper`, up to the pool's answer to the password. `change` tampers with the proof. */
async function srpSignIn(
  pool: UserPool,
  username: string,
  password: string,
  change: (responses: Record<string, string>) => Record<string, string> = responses => responses,
) {
  const session = createSrpSession(username, password, pool.poolId, false);
  const challenge = await srpAuth(pool, username, session.largeA);
  const { ChallengeResponses } = wrapAuthChallenge(signSrpSession(session, challenge), {
    ClientId: pool.clientId,
    ChallengeName: 'PASSWORD_VERIFIER',
    ChallengeResponses: { USERNAME: challenge.ChallengeParameters!.USER_ID_FOR_SRP! },
  });
  return sdkClient(pool).send(
    new RespondToAuthChallengeCommand({
      ClientId: pool.clientId,
      ChallengeName: 'PASSWORD_VERIFIER',
      ChallengeResponses: change(ChallengeResponses),
    }),
  );
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
  const clockMs = Date.parse('2026-01-05T10:00:00Z');
  let pool: UserPool;
  before(async () => {
    pool = await createUserPool({ now: () => clockMs });
    pool.addUser({ username: EMAIL, password: PASSWORD, groups: ['ADMINS'] });
  });
  after(() => pool.close());

  it('gives tokens to who knows the password, however the address is spelled', async () => {
    const { AuthenticationResult: result } = await srpSignIn(pool, 'Someone@Example.com', PASSWORD);
    expect(result).to.include({ TokenType: 'Bearer', ExpiresIn: 3600 });
    expect(pool.verifyToken(result!.IdToken!)).to.include({ email: EMAIL, token_use: 'id' });
    expect(result!.RefreshToken).to.be.a('string');
  });

  it('tells a wrong password from an unknown user by nothing', async () => {
    expect(await refusal(srpSignIn(pool, EMAIL, 'Wrong-Horse-1'))).to.equal(WRONG);
    expect(await refusal(srpSignIn(pool, 'nobody@example.com', PASSWORD))).to.equal(WRONG);
  });

  it('refuses keys that would make the shared secret known', async () => {
    for (const srpA of ['0', N.toString(16), (2n * N).toString(16), 'not hex']) {
      const answer = srpAuth(pool, EMAIL, srpA);
      expect(await refusal(answer), srpA).to.match(/^InvalidParameterException/);
    }
  });

  it('refuses a proof that was tampered with, and any proof a second time', async () => {
    const late = srpSignIn(pool, EMAIL, PASSWORD, answers => ({
      ...answers,
      TIMESTAMP: 'Mon Jan 5 10:00:01 UTC 2026',
    }));
    expect(await refusal(late)).to.equal(WRONG);

    let replay: Record<string, string> = {};
    await srpSignIn(pool, EMAIL, PASSWORD, answers => {
      replay = answers;
      return answers;
    });
    expect(await refusal(srpSignIn(pool, EMAIL, PASSWORD, () => replay))).to.match(/can only be used once/);
  });

  it('takes a timestamp in one form only', async () => {
    const TIMESTAMP = 'Mon Jan 05 10:00:00 UTC 2026';
    const answer = srpSignIn(pool, EMAIL, PASSWORD, answers => ({ ...answers, TIMESTAMP }));
    expect(await refusal(answer)).to.match(/^InvalidParameterException: TIMESTAMP format/);
  });
});
