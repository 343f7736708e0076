import { expect } from 'chai';
import { initiate, refusal, respond, srpSignIn } from './sdk-sign-in.ts';
import { N, verifierOf } from './srp.ts';
import { createUserPool, type UserPool, type UserPoolOptions } from './user-pool.ts';

const EMAIL = 'someone@example.com';
const PASSWORD = 'Correct-Horse-1';
const WRONG = 'NotAuthorizedException: Incorrect username or password.';

describe('local user pool: sign-in', () => {
  let clockMs = Date.parse('2026-01-05T10:00:00Z');
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

  it('keeps telling the same of an unknown user', async () => {
    const ask = () => initiate(pool, 'USER_SRP_AUTH', { USERNAME: 'nobody@example.com', SRP_A: 'abc123' });
    const [first, second] = [await ask(), await ask()];
    expect(first.ChallengeParameters!.SALT).to.equal(second.ChallengeParameters!.SALT);
    expect(first.ChallengeParameters!.USER_ID_FOR_SRP).to.match(/^[0-9a-f-]{36}$/);
    expect(first.ChallengeParameters!.USER_ID_FOR_SRP).to.equal(second.ChallengeParameters!.USER_ID_FOR_SRP);
  });

  it('names an unknown user when the client is set up so', async () => {
    const open = await start({ preventUserExistenceErrors: false });
    expect(await refusal(srpSignIn(open, EMAIL, PASSWORD))).to.equal(
      'UserNotFoundException: User does not exist.',
    );
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

  it('refuses flows that Amplify does not enable, and other clients', async () => {
    const plain = initiate(pool, 'USER_PASSWORD_AUTH', { USERNAME: EMAIL, PASSWORD });
    expect(await refusal(plain)).to.equal(
      'InvalidParameterException: USER_PASSWORD_AUTH flow not enabled for this client',
    );
    const secret = initiate(pool, 'USER_SRP_AUTH', { USERNAME: EMAIL, SRP_A: 'ab', SECRET_HASH: 'x' });
    expect(await refusal(secret)).to.match(/is not configured for secret/);
    const other = srpSignIn({ ...pool, clientId: 'other' }, EMAIL, PASSWORD);
    expect(await refusal(other)).to.equal(
      'ResourceNotFoundException: User pool client other does not exist.',
    );
  });

  it('lets nobody in before confirmation or reset is done', async () => {
    pool.addUser({ username: 'new@example.com', password: PASSWORD, status: 'UNCONFIRMED' });
    expect(await refusal(srpSignIn(pool, 'new@example.com', PASSWORD))).to.match(
      /^UserNotConfirmedException/,
    );
    expect(await refusal(srpSignIn(pool, 'new@example.com', 'Wrong-1-Horse'))).to.equal(WRONG);
    pool.addUser({ username: 'reset@example.com', password: PASSWORD, status: 'RESET_REQUIRED' });
    expect(await refusal(srpSignIn(pool, 'reset@example.com', PASSWORD))).to.match(
      /^PasswordResetRequiredException/,
    );
  });

  it('asks for a new password once, by its policy', async () => {
    const username = 'invited@example.com';
    pool.addUser({ username, password: 'Temporary-1', status: 'FORCE_CHANGE_PASSWORD' });
    const challenge = await srpSignIn(pool, username, 'Temporary-1');
    expect(challenge.ChallengeName).to.equal('NEW_PASSWORD_REQUIRED');
    expect(JSON.parse(challenge.ChallengeParameters!.userAttributes!)).to.include({ email: username });
    for (const weak of ['Sh0rt!', 'lower-case-1', 'UPPER-CASE-1', 'No-Digits', 'NoSymbol11']) {
      expect(await refusal(respond(pool, challenge, { NEW_PASSWORD: weak })), weak).to.match(
        /^InvalidPasswordException: Password did not conform with policy/,
      );
    }
    expect(await respond(pool, challenge, { NEW_PASSWORD: 'Permanent-1' })).to.have.property(
      'AuthenticationResult',
    );
    expect(await refusal(respond(pool, challenge, { NEW_PASSWORD: 'Permanent-2' }))).to.match(
      /only be used once/,
    );
    expect(await srpSignIn(pool, username, 'Permanent-1')).to.have.property('AuthenticationResult');
    expect(await refusal(srpSignIn(pool, username, 'Temporary-1'))).to.equal(WRONG);
  });

  it('asks for the code of an authenticator app, and takes each once', async () => {
    const username = 'app@example.com';
    pool.addUser({ username, password: PASSWORD, mfa: 'totp' });
    const challenge = await srpSignIn(pool, username, PASSWORD);
    expect(challenge.ChallengeName).to.equal('SOFTWARE_TOKEN_MFA');
    const code = pool.totpCode(username);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    expect(await refusal(respond(pool, challenge, { SOFTWARE_TOKEN_MFA_CODE: wrong }))).to.match(
      /^CodeMismatchException/,
    );
    expect(await respond(pool, challenge, { SOFTWARE_TOKEN_MFA_CODE: code })).to.have.property(
      'AuthenticationResult',
    );
    const again = await srpSignIn(pool, username, PASSWORD);
    expect(await refusal(respond(pool, again, { SOFTWARE_TOKEN_MFA_CODE: code }))).to.match(
      /^ExpiredCodeException/,
    );
    clockMs += 120_000;
    expect(await refusal(respond(pool, again, { SOFTWARE_TOKEN_MFA_CODE: code }))).to.match(
      /^CodeMismatchException/,
    );
    expect(await respond(pool, again, { SOFTWARE_TOKEN_MFA_CODE: pool.totpCode(username) })).to.have.property(
      'AuthenticationResult',
    );
  });

  it('asks for a code by SMS after a new password', async () => {
    const username = 'phone@example.com';
    pool.addUser({ username, password: PASSWORD, mfa: 'sms', status: 'FORCE_CHANGE_PASSWORD' });
    const first = await srpSignIn(pool, username, PASSWORD);
    const second = await respond(pool, first, { NEW_PASSWORD: 'Another-1-Horse' });
    expect(second.ChallengeName).to.equal('SMS_MFA');
    expect(second.ChallengeParameters).to.include({ CODE_DELIVERY_DELIVERY_MEDIUM: 'SMS' });
    const code = pool.user(username).smsCode!;
    expect(await refusal(respond(pool, second, { SMS_MFA_CODE: code, USERNAME: EMAIL }))).to.match(
      /^NotAuthorizedException: Invalid session/,
    );
    expect(
      await refusal(
        respond(
          pool,
          { ...second, ChallengeName: 'SOFTWARE_TOKEN_MFA' },
          {
            SOFTWARE_TOKEN_MFA_CODE: code,
          },
        ),
      ),
    ).to.match(/^NotAuthorizedException: Invalid session/);
    expect(await respond(pool, second, { SMS_MFA_CODE: code, USERNAME: username })).to.have.property(
      'AuthenticationResult',
    );
  });

  it('waits for an answer only so long', async () => {
    const username = 'slow@example.com';
    pool.addUser({ username, password: PASSWORD, mfa: 'sms' });
    const challenge = await srpSignIn(pool, username, PASSWORD);
    clockMs += 180_000;
    const code = pool.user(username).smsCode!;
    expect(await refusal(respond(pool, challenge, { SMS_MFA_CODE: code }))).to.match(/session is expired/);
  });
});
