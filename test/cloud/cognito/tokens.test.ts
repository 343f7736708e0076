import { GetUserCommand, RevokeTokenCommand } from '@aws-sdk/client-cognito-identity-provider';
import { expect } from 'chai';
import { initiate, refusal, sdkClient } from './sdk-sign-in.ts';
import { createUserPool, type UserPool, type UserPoolOptions } from './user-pool.ts';

const EMAIL = 'someone@example.com';

describe('local user pool: tokens', () => {
  const clockMs = Date.parse('2026-01-05T10:00:00Z');
  const pools: UserPool[] = [];
  const start = async (options: UserPoolOptions = {}): Promise<UserPool> => {
    const pool = await createUserPool({ now: () => clockMs, ...options });
    pool.addUser({ username: EMAIL, password: 'Correct-Horse-1', groups: ['ADMINS'] });
    pools.push(pool);
    return pool;
  };
  let pool: UserPool;
  before(async () => {
    pool = await start();
  });
  after(() => Promise.all(pools.map(each => each.close())));

  const refresh = (from: UserPool, token: string) =>
    initiate(from, 'REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: token });
  const getUser = (from: UserPool, AccessToken: string) =>
    sdkClient(from).send(new GetUserCommand({ AccessToken }));

  it('are not believed when forged, foreign or without signature', async () => {
    const { IdToken } = pool.tokensFor(EMAIL);
    const [header, payload, signature] = IdToken.split('.');
    const more = {
      ...JSON.parse(Buffer.from(payload!, 'base64url').toString()),
      'cognito:groups': ['OWNERS'],
    };
    const forged = Buffer.from(JSON.stringify(more)).toString('base64url');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    const foreign = (await start()).tokensFor(EMAIL).IdToken;
    for (const token of [
      `${header}.${forged}.${signature}`,
      `${none}.${payload}.`,
      foreign,
      'x',
      `${IdToken}.x`,
    ]) {
      expect(() => pool.verifyToken(token), token.slice(0, 40)).to.throw(/malformed|not signed/);
    }
  });

  it('end with revocation: the refresh token and the access tokens that came of it', async () => {
    const { RefreshToken, AccessToken } = pool.tokensFor(EMAIL);
    expect((await getUser(pool, AccessToken)).UserAttributes).to.deep.include({
      Name: 'email',
      Value: EMAIL,
    });
    const revoke = new RevokeTokenCommand({ ClientId: pool.clientId, Token: RefreshToken });
    await sdkClient(pool).send(revoke);
    expect(await refusal(refresh(pool, RefreshToken!))).to.equal(
      'NotAuthorizedException: Refresh Token has been revoked',
    );
    expect(await refusal(getUser(pool, AccessToken))).to.equal(
      'NotAuthorizedException: Access Token has been revoked',
    );
    const wrong = new RevokeTokenCommand({ ClientId: pool.clientId, Token: AccessToken });
    expect(await refusal(sdkClient(pool).send(wrong))).to.match(/^UnsupportedTokenTypeException/);
  });
});
