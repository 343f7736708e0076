import { createPublicKey, verify } from 'node:crypto';
import {
  GetTokensFromRefreshTokenCommand,
  GetUserCommand,
  GlobalSignOutCommand,
  RevokeTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { expect } from 'chai';
import { initiate, refusal, sdkClient } from './sdk-sign-in.ts';
import { createUserPool, type UserPool, type UserPoolOptions } from './user-pool.ts';

const EMAIL = 'someone@example.com';

describe('local user pool: tokens', () => {
  let clockMs = Date.parse('2026-01-05T10:00:00Z');
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
  const rotate = async (from: UserPool, RefreshToken: string) => {
    const command = new GetTokensFromRefreshTokenCommand({ ClientId: from.clientId, RefreshToken });
    return (await sdkClient(from).send(command)).AuthenticationResult!;
  };
  const getUser = (from: UserPool, AccessToken: string) =>
    sdkClient(from).send(new GetUserCommand({ AccessToken }));

  it('carry the claims of Cognito', () => {
    const { IdToken, AccessToken } = pool.tokensFor(EMAIL);
    const seconds = clockMs / 1000;
    const { sub } = pool.user(EMAIL);
    const common = { sub, iss: pool.issuer, auth_time: seconds, iat: seconds, exp: seconds + 3600 };
    expect(pool.issuer).to.equal(`https://cognito-idp.us-east-1.amazonaws.com/${pool.poolId}`);
    const id = pool.verifyToken(IdToken);
    expect(id).to.include({
      ...common,
      aud: pool.clientId,
      token_use: 'id',
      email: EMAIL,
      'cognito:username': sub,
    });
    expect(id['cognito:groups']).to.deep.equal(['ADMINS']);
    const access = pool.verifyToken(AccessToken);
    expect(access).to.include({ ...common, client_id: pool.clientId, token_use: 'access', username: sub });
    expect(access).not.to.have.any.keys('aud', 'email');
  });

  it('leave out the groups of who is in none', () => {
    pool.addUser({ username: 'plain@example.com', password: 'Correct-Horse-1' });
    expect(pool.verifyToken(pool.tokensFor('plain@example.com').IdToken)).not.to.have.property(
      'cognito:groups',
    );
  });

  it('are signed by the key in the key set', async () => {
    const response = await fetch(`${pool.service.url}/${pool.poolId}/.well-known/jwks.json`);
    const { keys } = (await response.json()) as {
      keys: { kid: string; kty: string; n: string; e: string }[];
    };
    const [header, payload, signature] = pool.tokensFor(EMAIL).IdToken.split('.');
    const { kid, alg } = JSON.parse(Buffer.from(header!, 'base64url').toString()) as {
      kid: string;
      alg: string;
    };
    expect(alg).to.equal('RS256');
    const key = createPublicKey({ key: keys.find(each => each.kid === kid)!, format: 'jwk' });
    const text = Buffer.from(`${header}.${payload}`);
    expect(verify('sha256', text, key, Buffer.from(signature!, 'base64url'))).to.equal(true);
  });

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

  it('expire by the clock, or all at once when a test wants it', () => {
    const { IdToken } = pool.tokensFor(EMAIL);
    clockMs += 3_599_000;
    expect(pool.verifyToken(IdToken).sub).to.equal(pool.user(EMAIL).sub);
    clockMs += 1000;
    expect(() => pool.verifyToken(IdToken)).to.throw(/expired/);
    const { AccessToken } = pool.tokensFor(EMAIL);
    pool.expireTokens();
    expect(() => pool.verifyToken(AccessToken)).to.throw(/expired/);
    expect(() => pool.verifyToken(pool.tokensFor(EMAIL).AccessToken)).not.to.throw();
  });

  it('are renewed without a new refresh token, until that one expires', async () => {
    const { RefreshToken } = pool.tokensFor(EMAIL);
    pool.expireTokens();
    const { AuthenticationResult: result } = await refresh(pool, RefreshToken!);
    expect(result).not.to.have.property('RefreshToken');
    expect(pool.verifyToken(result!.IdToken!).token_use).to.equal('id');
    expect(await rotate(pool, RefreshToken!)).not.to.have.property('RefreshToken');
    clockMs += 30 * 24 * 3600 * 1000;
    expect(await refusal(refresh(pool, RefreshToken!))).to.equal(
      'NotAuthorizedException: Refresh Token has expired',
    );
    expect(await refusal(refresh(pool, 'made up'))).to.equal('NotAuthorizedException: Invalid Refresh Token');
  });

  it('are renewed by one operation only when refresh tokens rotate, each once', async () => {
    const rotating = await start({ rotation: true });
    const { RefreshToken: first } = rotating.tokensFor(EMAIL);
    expect(await refusal(refresh(rotating, first!))).to.match(
      /^InvalidParameterException: REFRESH_TOKEN_AUTH flow/,
    );
    const { RefreshToken: second } = await rotate(rotating, first!);
    expect(second).to.be.a('string').and.not.equal(first);
    expect(await refusal(rotate(rotating, first!))).to.match(/^RefreshTokenReuseException/);
    expect(await rotate(rotating, second!)).to.have.property('RefreshToken');
  });

  it('let a replaced refresh token work for the time of grace', async () => {
    const gentle = await start({ rotation: true, rotationGraceSeconds: 60 });
    const { RefreshToken } = gentle.tokensFor(EMAIL);
    await rotate(gentle, RefreshToken!);
    clockMs += 59_000;
    await rotate(gentle, RefreshToken!);
    clockMs += 1000;
    expect(await refusal(rotate(gentle, RefreshToken!))).to.match(/^RefreshTokenReuseException/);
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

  it('end for one person with a global sign-out and for all when a test wants it', async () => {
    const first = pool.tokensFor(EMAIL);
    await sdkClient(pool).send(new GlobalSignOutCommand({ AccessToken: first.AccessToken }));
    expect(await refusal(refresh(pool, first.RefreshToken!))).to.match(/revoked/);
    const second = pool.tokensFor(EMAIL);
    pool.revokeAll();
    expect(await refusal(refresh(pool, second.RefreshToken!))).to.match(/revoked/);
  });

  it('show who someone is by access token only', async () => {
    expect(await refusal(getUser(pool, pool.tokensFor(EMAIL).IdToken))).to.equal(
      'NotAuthorizedException: Invalid Access Token',
    );
  });

  it('are asked for in AWS JSON 1.1 and nothing else', async () => {
    const target = { 'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth' };
    const ask = async (headers: Record<string, string>) => {
      const response = await fetch(pool.service.url, { method: 'POST', headers, body: '{}' });
      return [response.status, ((await response.json()) as { __type: string }).__type];
    };
    const type = 'application/x-amz-json-1.1';
    expect(await ask({ ...target, 'content-type': type })).to.deep.equal([400, 'InvalidParameterException']);
    expect(await ask({ ...target, 'content-type': 'application/json' })).to.deep.equal([
      400,
      'SerializationException',
    ]);
    expect(await ask({ 'x-amz-target': 'Other.InitiateAuth', 'content-type': type })).to.deep.equal([
      400,
      'UnknownOperationException',
    ]);
  });
});
