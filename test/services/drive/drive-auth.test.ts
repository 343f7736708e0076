import { expect } from 'chai';
import { DriveHttp, headerOf } from '../../../src/services/drive/http.ts';
import type { RunError } from '../../../stages/errors.ts';
import { createDrive } from '../../cloud/drive/drive.ts';
import { refreshForm, requestToken } from '../../cloud/drive/test-client.ts';
import { READONLY_SCOPE } from '../../cloud/drive/tokens.ts';
import { rejection } from '../../config/scratch.ts';
import { always, jsonAnswer } from '../../faults.ts';
import { EMAIL, HOUR_MS, useGoogleSignIn } from './sign-in/google-sign-in.ts';

describe('a Google sign-in', () => {
  const at = useGoogleSignIn();
  const { signIn, tokensAsked, whoIs } = at;

  it('follows a redirect with its token on the same origin only, and none to plain http', async () => {
    const other = await createDrive();
    try {
      const auth = await signIn({ ...at.drive.accounts.addUser(EMAIL), quota_project_id: 'payer' });
      const http = new DriveHttp(auth, 5_000);
      const headers = { 'x-goog-drive-resource-keys': 'id/key' };
      const call = () => http.get(`${at.drive.apiUrl}/drive/v3/about?fields=user`, headers);
      let location = `${other.apiUrl}/drive/v3/about?fields=user`;
      const seen: string[] = [];
      other.service.intercept = request => {
        seen.push(...Object.keys(request.headers));
        return false;
      };
      let redirects = 1;
      at.drive.service.intercept = (request, response) => {
        if (!request.url!.startsWith('/drive/') || redirects === 0) return false;
        redirects -= 1;
        response.writeHead(302, { location: redirects === 0 ? request.url : location }).end();
        return true;
      };
      expect(headerOf(await call(), 'content-type')).to.include('json');
      redirects = 9;
      expect(await rejection<{ status?: number }>(call())).to.have.property('status', 401);
      expect(seen).to.include('host');
      expect(seen.filter(name => /authorization|project|resource-key/.test(name))).to.deep.equal([]);
      location = 'http://drive.example/drive/v3/about';
      redirects = 9;
      expect((await rejection<RunError>(call())).code).to.equal('drive_redirected');
    } finally {
      await other.service.close();
    }
  });

  it('asks for no token while the one in the file is good, and reads its end as UTC', async () => {
    const client = at.drive.accounts.addOAuthClient();
    const user = at.drive.accounts.addUser(EMAIL, client);
    const { body } = await requestToken(at.drive.tokenUri, refreshForm(user));
    const value = body.access_token;
    const expiry = new Date(at.now + HOUR_MS).toISOString().replace('Z', '');
    const auth = await signIn(client.credentials, {
      ...user,
      token: value,
      expiry,
      scopes: [READONLY_SCOPE],
    });
    expect((await auth.get()).authorization).to.equal(`Bearer ${value}`);
    expect(tokensAsked()).to.equal(1);
    at.now += HOUR_MS - 300_000;
    expect((await auth.get()).authorization).not.to.equal(`Bearer ${value}`);
  });

  it('uses a token of two seconds for more than one request', async () => {
    await at.drive.service.close();
    at.drive = await createDrive({ now: at.clock, tokenLifetimeSeconds: 2 });
    const auth = await signIn(at.drive.accounts.addUser(EMAIL));
    for (let request = 0; request < 5; request += 1) await whoIs(auth);
    expect(tokensAsked()).to.equal(1);
    at.now += 1_900;
    expect(await whoIs(auth)).to.equal(EMAIL);
    expect(tokensAsked()).to.equal(2);
  });

  it('renews nothing after a 403, which is about the rate or the file', async () => {
    const auth = await signIn(at.drive.accounts.addUser(EMAIL));
    always(at.drive.service, / \/drive\//, jsonAnswer(403, { error: { code: 403, message: 'Refused' } }));
    expect((await rejection<RunError>(whoIs(auth))).cause).to.have.property('status', 403);
    expect(tokensAsked()).to.equal(1);
  });
});
