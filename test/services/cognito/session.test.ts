import { S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { ConfigError } from '../../../src/config/error.ts';
import type { CognitoSession } from '../../../src/services/cognito/session.ts';
import type { RunError } from '../../../stages/errors.ts';
import { createIdentityPool, type IdentityPool } from '../../cloud/cognito/identity-pool.ts';
import { createUserPool, type UserPool, type UserPoolOptions } from '../../cloud/cognito/user-pool.ts';
import type { UserSeed } from '../../cloud/cognito/users.ts';
import { CredentialStore } from '../../cloud/s3/credentials.ts';
import { rejection } from '../../config/scratch.ts';
import { answer, jsonAnswer } from '../../faults.ts';
import { type Change, EMAIL, HOUR_MS, PASSWORD, passwordOnly, sessionAt } from './local-session.ts';

describe('a Cognito session', () => {
  let now: number;
  let userPool: UserPool;
  let identityPool: IdentityPool;
  let keys: CredentialStore;
  let asked: number;
  const clock = () => now;

  const start = async (
    options: UserPoolOptions = {},
    user: Partial<UserSeed> = {},
  ): Promise<CognitoSession> => {
    userPool = await createUserPool({ now: clock, ...options });
    userPool.addUser({ username: EMAIL, password: PASSWORD, groups: ['ADMINS'], ...user });
    identityPool = await createIdentityPool({ userPool, credentials: keys });
    return session();
  };
  const session = ({ password = PASSWORD, ...change }: Change & { password?: string } = {}) => {
    const questions = passwordOnly(() => {
      asked += 1;
      return password;
    });
    return sessionAt(userPool, identityPool, questions, { now: clock, ...change });
  };
  const requests = (operation: string) =>
    (userPool.service.requests.get(operation) ?? 0) + (identityPool.service.requests.get(operation) ?? 0);
  const refusal = (promise: Promise<unknown>) => rejection<RunError>(promise);

  beforeEach(() => {
    now = Date.now();
    asked = 0;
    keys = new CredentialStore(clock);
  });
  afterEach(() => Promise.all([userPool?.close(), identityPool?.close()]));

  it('signs in once for all who ask at the same time', async () => {
    const it = await start();
    const [token, again, groups] = await Promise.all([it.idToken(), it.idToken(), it.groups()]);
    expect(userPool.verifyToken(token)).to.include({ email: EMAIL, token_use: 'id' });
    expect(again).to.equal(token);
    expect(groups).to.deep.equal(['ADMINS']);
    expect([asked, requests('InitiateAuth'), requests('RespondToAuthChallenge')]).to.deep.equal([1, 1, 1]);
  });

  it('renews the ID token before it ends, by the refresh token and without the password', async () => {
    const it = await start();
    const first = await it.idToken();
    for (let hours = 1; hours <= 3; hours += 1) {
      now += HOUR_MS - 300_000;
      expect(userPool.verifyToken(await it.idToken()).exp * 1000).to.be.greaterThan(now + HOUR_MS - 2_000);
    }
    expect(await it.idToken()).not.to.equal(first);
    expect([asked, requests('InitiateAuth'), requests('RespondToAuthChallenge')]).to.deep.equal([1, 4, 1]);
  });

  it('works with tokens that live two seconds', async () => {
    const it = await start({ tokenLifetimeSeconds: 2 });
    for (let round = 0; round < 5; round += 1) {
      userPool.verifyToken(await it.idToken());
      now += 1_900;
    }
    expect(asked).to.equal(1);
  });

  it('takes the new refresh token when the pool rotates them', async () => {
    const it = await start({ rotation: true });
    await it.idToken();
    for (let hours = 1; hours <= 3; hours += 1) {
      now += HOUR_MS;
      userPool.verifyToken(await it.idToken());
    }
    expect([asked, requests('GetTokensFromRefreshToken')]).to.deep.equal([1, 3]);
  });

  it('renews once for all whose token was refused', async () => {
    const it = await start();
    const rejected = await it.idToken();
    userPool.expireTokens();
    const renewed = await Promise.all([it.renewIdToken(rejected), it.renewIdToken(rejected)]);
    expect(renewed).to.deep.equal([await it.idToken(), await it.renewIdToken(rejected)]);
    userPool.verifyToken(renewed[0]!);
    expect(requests('InitiateAuth')).to.equal(2);
  });

  it('counts the life of a token from the request, whatever the clock of this machine says', async () => {
    const it = await start({ now: () => now + 10 * HOUR_MS });
    const token = await it.idToken();
    now += HOUR_MS / 2;
    expect(await it.idToken()).to.equal(token);
    now += HOUR_MS / 2;
    expect(await it.idToken()).not.to.equal(token);
  });

  it('gives the keys of the group’s role, once for all who ask', async () => {
    const it = await start();
    const [held, again] = await Promise.all([it.credentials(), it.credentials()]);
    expect(keys.find(held.accessKeyId)?.role).to.equal('admins');
    expect(held.expiration.getTime()).to.equal(now + HOUR_MS);
    expect(again).to.equal(held);
    expect([requests('GetId'), requests('GetCredentialsForIdentity')]).to.deep.equal([1, 1]);
  });

  it('keeps keys that are still good when the identity pool fails', async () => {
    const it = await start();
    const first = await it.credentials();
    const refused = { __type: 'InvalidIdentityPoolConfigurationException', message: '' };
    identityPool.service.intercept = jsonAnswer(400, refused);
    now += HOUR_MS - 100_000;
    expect(await it.credentials()).to.equal(first);
    now += 100_000;
    expect((await refusal(it.credentials())).code).to.equal('identity_pool_roles');
  });

  it('renews the ID token when the identity pool takes it for expired', async () => {
    const it = await start();
    await it.idToken();
    userPool.expireTokens();
    expect(keys.find((await it.credentials()).accessKeyId)?.role).to.equal('admins');
    expect(requests('InitiateAuth')).to.equal(2);
  });

  it('drops refused keys once, for the S3 client too', async () => {
    const it = await start();
    const s3 = new S3Client({ region: userPool.region, credentials: it.credentials });
    const first = await s3.config.credentials();
    expect(await s3.config.credentials()).to.deep.equal(first);
    it.credentials.drop(first.accessKeyId);
    const second = await s3.config.credentials();
    expect(second.accessKeyId).not.to.equal(first.accessKeyId);
    it.credentials.drop(first.accessKeyId);
    expect((await s3.config.credentials()).accessKeyId).to.equal(second.accessKeyId);
  });

  it('tries a wrong password once, however many ask', async () => {
    await start();
    const it = session({ password: 'Wrong-Horse-1' });
    const errors = [await refusal(it.idToken()), await refusal(it.credentials()), await refusal(it.groups())];
    for (const error of errors) {
      expect(error.code).to.equal('wrong_password');
      expect(`${error.message} ${error.remedy} ${error.stack}`).not.to.contain('Wrong-Horse-1');
    }
    expect([asked, requests('RespondToAuthChallenge')]).to.deep.equal([1, 1]);
  });

  const refusals: [string, Partial<UserSeed>, UserPoolOptions, string][] = [
    ['a password that has to be reset', { status: 'RESET_REQUIRED' }, {}, 'password_reset_required'],
    ['a user who was never confirmed', { status: 'UNCONFIRMED' }, {}, 'user_not_confirmed'],
    [
      'an unknown user',
      { username: 'other@example.com' },
      { preventUserExistenceErrors: false },
      'user_unknown',
    ],
    ['an unknown user of a pool that hides it', { username: 'other@example.com' }, {}, 'wrong_password'],
  ];
  for (const [what, user, options, code] of refusals) {
    it(`says what is wrong with ${what}`, async () => {
      const it = await start(options, user);
      expect((await refusal(it.idToken())).code).to.equal(code);
    });
  }

  it('says what is wrong with an unknown client and an unknown identity pool', async () => {
    await start();
    const client = await refusal(session({ clientId: 'nobody' }).idToken());
    expect([client.code, client.message]).to.satisfy(
      ([code, message]: string[]) => code === 'user_pool_unknown' && message!.includes(userPool.service.url),
    );
    const identityPoolId = 'us-east-1:00000000-0000-0000-0000-000000000000';
    expect((await refusal(session({ identityPoolId }).credentials())).code).to.equal('identity_pool_unknown');
  });

  it('tries a failing endpoint a few times, then names it', async () => {
    const it = await start();
    userPool.service.intercept = answer(503, '');
    const error = await refusal(it.idToken());
    expect(error.code).to.equal('endpoint_failing');
    expect(error.message).to.contain(userPool.service.url).and.contain('503');
    expect(requests('InitiateAuth')).to.be.greaterThan(2);
  });

  it('wants the identity pool only for keys', async () => {
    await start();
    const it = session({ identityPoolId: '' });
    userPool.verifyToken(await it.idToken());
    expect(await rejection(it.credentials())).to.be.instanceOf(ConfigError);
    expect(() => session({ clientId: '' })).to.throw(ConfigError, 'aws.cognito.client_id');
  });
});
