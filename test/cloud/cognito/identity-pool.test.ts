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

  it('gives members of ADMINS the role of the group, others that of people who signed in', async () => {
    for (const [name, role] of [
      [ADMIN, 'admins'],
      [VIEWER, 'authenticated'],
    ] as const) {
      const logins = idToken(name);
      const keys = await getKeys(await getId(logins), logins);
      expect(store.find(keys.AccessKeyId!)).to.include({ role, secretAccessKey: keys.SecretKey });
      expect(keys.SessionToken).to.be.a('string');
      expect(keys.Expiration!.getTime()).to.equal(clockMs + 3_600_000);
    }
  });

  it('gives guests keys too, but not much of a role', async () => {
    const keys = await getKeys(await getId());
    expect(store.find(keys.AccessKeyId!)).to.include({ role: 'guest' });
  });

  it('knows a person again, and takes each guest for a new one', async () => {
    expect(await getId(idToken(ADMIN))).to.equal(await getId(idToken(ADMIN)));
    expect(await getId(idToken(ADMIN))).not.to.equal(await getId(idToken(VIEWER)));
    expect(await getId()).not.to.equal(await getId());
  });

  it('says the time of expiry in seconds, as a number', async () => {
    const response = await fetch(pool.service.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AWSCognitoIdentityService.GetCredentialsForIdentity',
      },
      body: JSON.stringify({ IdentityId: await getId() }),
    });
    const { Credentials } = (await response.json()) as { Credentials: { Expiration: number } };
    expect(Credentials.Expiration).to.equal(clockMs / 1000 + 3600);
  });

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

  it('does not know other pools and identities', async () => {
    const other = 'us-east-1:00000000-0000-4000-8000-000000000000';
    const ask = client().send(new GetIdCommand({ IdentityPoolId: other }));
    expect(await refusal(ask)).to.equal(`ResourceNotFoundException: IdentityPool '${other}' not found.`);
    expect(await refusal(getKeys(other))).to.equal(
      `ResourceNotFoundException: Identity '${other}' not found.`,
    );
    expect(await refusal(getKeys('nonsense'))).to.match(/^ValidationException/);
  });
});
