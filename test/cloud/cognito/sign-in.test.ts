import { expect } from 'chai';
import { initiate, refusal, srpSignIn } from './sdk-sign-in.ts';
import { N, verifierOf } from './srp.ts';
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
    for (const name of [EMAIL, 'Someone@Example.com']) {
      const { AuthenticationResult: result } = await srpSignIn(pool, name, PASSWORD);
      expect(result).to.include({ TokenType: 'Bearer', ExpiresIn: 3600 });
      expect(pool.verifyToken(result!.IdToken!)).to.include({ email: EMAIL, token_use: 'id' });
      expect(result!.RefreshToken).to.be.a('string');
    }
  });

  it('takes salts that begin with zeros or with a set bit, and passwords beyond ASCII', async () => {
    const password = 'Pässwörd-שלום-1';
    for (const salt of ['0'.repeat(31), 'f'.repeat(32), `0f${'8'.repeat(30)}`]) {
      const user = pool.addUser({ username: `${salt}@example.com`, password });
      user.salt = salt;
      const { sub } = user;
      user.verifier = () => verifierOf(pool.poolId.split('_')[1]!, sub, password, salt);
      expect(await srpSignIn(pool, user.email, password), salt).to.have.property('AuthenticationResult');
    }
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
    for (const TIMESTAMP of [
      'Mon Jan 05 10:00:00 UTC 2026',
      '2026-01-05T10:00:00Z',
      'Mo Jan 5 10:00:00 UTC 2026',
    ]) {
      const answer = srpSignIn(pool, EMAIL, PASSWORD, answers => ({ ...answers, TIMESTAMP }));
      expect(await refusal(answer)).to.match(/^InvalidParameterException: TIMESTAMP format/);
    }
  });

  it('wants the name that the challenge gave, not the address', async () => {
    const answer = srpSignIn(pool, EMAIL, PASSWORD, answers => ({ ...answers, USERNAME: EMAIL }));
    expect(await refusal(answer)).to.match(/^InvalidParameterException: USERNAME/);
  });
});
