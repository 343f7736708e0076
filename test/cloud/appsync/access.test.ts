import { expect } from 'chai';
import { createUserPool, type UserPool } from '../cognito/user-pool.ts';
import { type AppSync, createAppSync } from './appsync.ts';
import { ask, CREATE_MEDIA, mediaInput } from './ask.ts';

describe('local AppSync: who may what', () => {
  let clockMs = Date.parse('2026-01-05T10:00:00Z');
  const now = () => clockMs;
  let users: UserPool;
  let api: AppSync;
  before(async () => {
    users = await createUserPool({ now });
    users.addUser({ username: 'admin@example.com', password: 'Correct-Horse-1', groups: ['ADMINS'] });
    users.addUser({ username: 'viewer@example.com', password: 'Correct-Horse-1' });
    api = await createAppSync({ userPool: users, now });
  });
  after(() => Promise.all([users.close(), api.close()]));

  const admin = () => users.tokensFor('admin@example.com').IdToken;
  const viewer = () => users.tokensFor('viewer@example.com').IdToken;
  const LIST = '{ listMedia { items { id } nextToken } }';

  it('takes a bare ID or access token, and no other header, with HTTP 401', async () => {
    const { IdToken, AccessToken } = users.tokensFor('viewer@example.com');
    for (const token of [IdToken, AccessToken])
      expect((await ask(api, token, LIST)).errors).to.deep.equal([]);
    const foreign = `${IdToken.slice(0, -8)}AAAAAAAA`;
    for (const token of [null, `Bearer ${IdToken}`, 'x', foreign, `${IdToken},${IdToken}`]) {
      const { status, errors } = await ask(api, token, LIST);
      expect(status, String(token)).to.equal(401);
      expect(errors[0]!.errorType).to.equal('UnauthorizedException');
    }
  });

  it('refuses an expired token with HTTP 401', async () => {
    const token = viewer();
    clockMs += 3_600_000;
    const { status, errors } = await ask(api, token, LIST);
    expect(status).to.equal(401);
    expect(errors).to.deep.equal([{ errorType: 'UnauthorizedException', message: 'Token has expired.' }]);
  });

  it('lets everyone who is signed in read, and ADMINS write', async () => {
    const refused = await ask(api, viewer(), CREATE_MEDIA, { input: mediaInput() });
    expect(refused.status).to.equal(200);
    expect(refused.data).to.deep.equal({ createMedia: null });
    expect(refused.errors[0]).to.deep.equal({
      path: ['createMedia'],
      data: null,
      errorType: 'Unauthorized',
      errorInfo: null,
      locations: [{ line: 1, column: 39, sourceName: null }],
      message: 'Not Authorized to access createMedia on type Mutation',
    });
    expect(api.media.size).to.equal(0);
    expect((await ask(api, admin(), CREATE_MEDIA, { input: mediaInput() })).errors).to.deep.equal([]);
    const { data } = await ask(api, viewer(), LIST);
    expect(data.listMedia.items).to.have.length(1);
  });
});
