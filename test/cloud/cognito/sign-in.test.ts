import { expect } from 'chai';
import { initiate, refusal, srpSignIn } from './sdk-sign-in.ts';
import { N } from './srp.ts';
import { createUserPool, type UserPool, type UserPoolOptions } from './user-pool.ts';

const EMAIL = 'someone@example.com';
const PASSWORD = 'Correct-Horse-1';
const WRONG = 'NotAuthorizedException: Incorrect username or password.';

describe('local user pool: sign-in', () => {
  const clockMs = Date.parse('2026-01-05T10:00:00Z');
  const pools: UserPool[] = [];
  const start = async (options: UserPoolOptions = {}): Promise<UserPool> => {
    const pool = await createUserPool({ now: () => clockMs, ...options });
    pools.push(pool);
    return pool;
  };
  let pool: UserPool;
  before(async () => {
    pool = await start();
    pool.addUser({ username: EMAIL, password: PASSWORD, groups: ['ADMINS'] });
  });
  after(() => Promise.all(pools.map(each => each.close())));

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
      const answer = initiate(pool, 'USER_SRP_AUTH', { USERNAME: EMAIL, SRP_A: srpA });
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
