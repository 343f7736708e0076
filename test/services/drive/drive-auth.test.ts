import { drive as driveApi } from '@googleapis/drive';
import { expect } from 'chai';
import { googleSignIn } from '../../../src/services/drive/sign-in.ts';
import type { RunError } from '../../../stages/errors.ts';
import type { Backoff } from '../../../stages/retry/backoff.ts';
import { createDrive, type DriveService } from '../../cloud/drive/drive.ts';
import { refreshForm, requestToken } from '../../cloud/drive/test-client.ts';
import { READONLY_SCOPE } from '../../cloud/drive/tokens.ts';
import { sendJson } from '../../cloud/service.ts';
import { rejection, type Scratch, scratchFolder } from '../../config/scratch.ts';

const HOUR_MS = 3_600_000;

describe('a Google sign-in', () => {
  let scratch: Scratch;
  let drive: DriveService;
  let now: number;
  const clock = () => now;
  const waits: number[] = [];
  const backoff: Backoff = {
    retries: 3,
    baseMs: 10,
    capMs: 100,
    sleep: async ms => {
      waits.push(ms);
    },
  };
  const email = 'person@example.com';

  beforeEach(async () => {
    now = Date.now();
    waits.length = 0;
    scratch = await scratchFolder();
    drive = await createDrive({ now: clock });
  });
  afterEach(() => Promise.all([scratch.remove(), drive.service.close()]));

  const settings = async (credentials: unknown, token?: unknown, impersonate = '') => ({
    credentials_path: await scratch.put('credentials.json', credentials),
    token_path: token === undefined ? `${scratch.folder}/token.json` : await scratch.put('token.json', token),
    impersonate,
    api_url: drive.apiUrl,
  });
  const signIn = async (credentials: unknown, token?: unknown, impersonate?: string) =>
    googleSignIn(await settings(credentials, token, impersonate), { now: clock, backoff });
  const tokenOf = async (auth: Awaited<ReturnType<typeof signIn>>) =>
    (await auth.headers()).authorization.replace('Bearer ', '');
  const tokensAsked = () => drive.service.requests.get('token') ?? 0;
  const whoIs = async (auth: Awaited<ReturnType<typeof signIn>>) => {
    const api = driveApi({ version: 'v3', auth, rootUrl: `${drive.apiUrl}/`, retry: false });
    const { data } = await api.about.get({ fields: 'user' });
    return data.user?.emailAddress;
  };

  it('never takes its token to another origin, and follows no redirect to plain http', async () => {
    const other = await createDrive();
    try {
      const auth = await signIn({ ...drive.accounts.addUser(email), quota_project_id: 'payer' });
      const api = driveApi({ version: 'v3', auth, rootUrl: `${drive.apiUrl}/`, retry: false });
      const call = () =>
        api.about.get({ fields: 'user' }, { headers: { 'x-goog-drive-resource-keys': 'id/key' } });
      let location = `${other.apiUrl}/drive/v3/about?fields=user`;
      const seen: string[] = [];
      other.service.intercept = request => {
        seen.push(...Object.keys(request.headers));
        return false;
      };
      drive.service.intercept = (request, response) => {
        if (!request.url!.startsWith('/drive/')) return false;
        response.writeHead(302, { location }).end();
        return true;
      };
      expect(await rejection<{ status?: number }>(call())).to.have.property('status', 401);
      expect(seen).to.include('host');
      expect(seen.filter(name => /authorization|project|resource-key/.test(name))).to.deep.equal([]);
      location = 'http://drive.example/drive/v3/about';
      expect((await rejection<RunError>(call())).code).to.equal('drive_redirected');
    } finally {
      await other.service.close();
    }
  });

  it('asks for no token while the one in the file is good, and reads its end as UTC', async () => {
    const client = drive.accounts.addOAuthClient();
    const user = drive.accounts.addUser(email, client);
    const { body } = await requestToken(drive.tokenUri, refreshForm(user));
    const value = body.access_token;
    const expiry = new Date(now + HOUR_MS).toISOString().replace('Z', '');
    const auth = await signIn(client.credentials, {
      ...user,
      token: value,
      expiry,
      scopes: [READONLY_SCOPE],
    });
    expect(await tokenOf(auth)).to.equal(value);
    expect(tokensAsked()).to.equal(1);
    now += HOUR_MS - 300_000;
    expect(await tokenOf(auth)).not.to.equal(value);
  });

  it('renews once for many requests, before the token ends', async () => {
    const auth = await signIn(drive.accounts.addUser(email));
    const first = await tokenOf(auth);
    now += HOUR_MS - 300_000;
    const headers = await Promise.all([auth.getRequestHeaders(), auth.getRequestHeaders()]);
    expect(new Set(headers.map(each => each.get('authorization')))).to.have.property('size', 1);
    expect(headers[0]!.get('authorization'))
      .to.match(/^Bearer ya29\./)
      .and.not.equal(`Bearer ${first}`);
    expect(tokensAsked()).to.equal(2);
  });

  it('uses a token of two seconds for more than one request', async () => {
    await drive.service.close();
    drive = await createDrive({ now: clock, tokenLifetimeSeconds: 2 });
    const auth = await signIn(drive.accounts.addUser(email));
    for (let request = 0; request < 5; request += 1) await whoIs(auth);
    expect(tokensAsked()).to.equal(1);
    now += 1_900;
    expect(await whoIs(auth)).to.equal(email);
    expect(tokensAsked()).to.equal(2);
  });

  const answers: [status: number, times: number, tokens: number][] = [
    [401, 1, 2],
    [401, 9, 2],
    // About the rate or the file, not about the token.
    [403, 9, 1],
  ];
  for (const [status, times, tokens] of answers) {
    it(`renews ${tokens === 2 ? 'once' : 'nothing'} after ${times} responses of ${status}`, async () => {
      const auth = await signIn(drive.accounts.addUser(email));
      let refused = 0;
      drive.service.intercept = (request, response) => {
        if (!request.url!.startsWith('/drive/') || refused++ >= times) return false;
        sendJson(response, status, { error: { code: status, message: 'Refused' } });
        return true;
      };
      if (times === 1) expect(await whoIs(auth)).to.equal(email);
      else expect(await rejection<{ status?: number }>(whoIs(auth))).to.have.property('status', status);
      expect(tokensAsked()).to.equal(tokens);
    });
  }
});
