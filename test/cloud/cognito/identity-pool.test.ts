import {
  CognitoIdentityClient,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
} from '@aws-sdk/client-cognito-identity';
import { expect } from 'chai';
import { CredentialStore } from '../s3/credentials.ts';
import { createIdentityPool, type IdentityPool } from './identity-pool.ts';
import { refusal } from './sdk-sign-in.ts';
import { createUserPool, type UserPool } from './user-pool.ts';

const ADMIN = 'admin@example.com';
const VIEWER = 'viewer@example.com';

describe('local identity pool', () => {
  let clockMs = Date.parse('2026-01-05T10:00:00Z');
  const now = () => clockMs;
  let users: UserPool;
  let foreign: UserPool;
  let pool: IdentityPool;
  let store: CredentialStore;
  before(async () => {
    store = new CredentialStore(now);
    users = await createUserPool({ now });
    foreign = await createUserPool({ now });
    for (const each of [users, foreign]) {
      each.addUser({ username: ADMIN, password: 'Correct-Horse-1', groups: ['ADMINS'] });
    }
    users.addUser({ username: VIEWER, password: 'Correct-Horse-1' });
    pool = await createIdentityPool({ userPool: users, credentials: store, now });
  });
  after(() => Promise.all([users.close(), foreign.close(), pool.close()]));

  const client = () =>
    new CognitoIdentityClient({ region: 'us-east-1', endpoint: pool.service.url, maxAttempts: 1 });
  const idToken = (name: string) => ({ [pool.provider]: users.tokensFor(name).IdToken });
  const getId = async (Logins?: Record<string, string>) =>
    (await client().send(new GetIdCommand({ IdentityPoolId: pool.identityPoolId, Logins }))).IdentityId!;
  const getKeys = async (IdentityId: string, Logins?: Record<string, string>) =>
    (await client().send(new GetCredentialsForIdentityCommand({ IdentityId, Logins }))).Credentials!;

  it('refuses tokens that are expired, foreign or of the wrong kind', async () => {
    const login = (token: string) => refusal(getId({ [pool.provider]: token }));
    const old = users.tokensFor(ADMIN).IdToken;
    clockMs += 3_600_000;
    expect(await login(old)).to.match(
      /^NotAuthorizedException: Invalid login token. Token expired: \d+ >= \d+$/,
    );
    const notValid =
      'NotAuthorizedException: Invalid login token. Not a valid OpenId Connect identity token.';
    expect(await login(users.tokensFor(ADMIN).AccessToken)).to.equal(notValid);
    expect(await login(foreign.tokensFor(ADMIN).IdToken)).to.equal(notValid);
    expect(await login('x')).to.equal(notValid);
    expect(await refusal(getId({ 'accounts.google.com': old }))).to.match(/not from a supported provider/);
  });

  it('gives keys of an identity to nobody else', async () => {
    const id = await getId(idToken(ADMIN));
    expect(await refusal(getKeys(id))).to.equal(
      `NotAuthorizedException: Access to Identity '${id}' is forbidden.`,
    );
    expect(await refusal(getKeys(id, idToken(VIEWER)))).to.match(
      /^NotAuthorizedException: Logins don't match/,
    );
  });
});
