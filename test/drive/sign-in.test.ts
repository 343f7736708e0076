import { drive as driveApi } from '@googleapis/drive';
import { expect } from 'chai';
import { readGrant } from '../../src/drive/google-files.ts';
import { googleSignIn } from '../../src/drive/sign-in.ts';
import { classifyTokenError, NoAnswer, Refusal, requestAccessToken } from '../../src/drive/token-request.ts';
import type { RunError } from '../../stages/errors.ts';
import { createDrive, type DriveService } from '../cloud/drive/drive.ts';
import { sendJson } from '../cloud/service.ts';
import { rejection, type Scratch, scratchFolder } from '../config/scratch.ts';

const HOUR_MS = 3_600_000;

describe('signing in to Google', () => {
  let scratch: Scratch;
  let drive: DriveService;
  let now: number;
  const clock = () => now;
  const email = 'person@example.com';

  beforeEach(async () => {
    now = Date.now();
    scratch = await scratchFolder();
    drive = await createDrive({ now: clock });
  });
  afterEach(() => Promise.all([scratch.remove(), drive.service.close()]));

  const files = async (credentials: unknown, token?: unknown) => ({
    credentialsPath: await scratch.put('credentials.json', credentials),
    tokenPath: token === undefined ? `${scratch.folder}/token.json` : await scratch.put('token.json', token),
    now: clock,
  });
  const signIn = async (credentials: unknown, token?: unknown) =>
    googleSignIn(await files(credentials, token));
  const refusal = (credentials: unknown, token?: unknown) => rejection<RunError>(signIn(credentials, token));
  const tokensAsked = () => drive.service.requests.get('token') ?? 0;
  const whoIs = async (auth: Awaited<ReturnType<typeof signIn>>) => {
    const api = driveApi({ version: 'v3', auth, rootUrl: `${drive.apiUrl}/`, retry: false });
    const { data } = await api.about.get({ fields: 'user' });
    return data.user?.emailAddress;
  };

  it('takes a desktop client with an authorized_user token', async () => {
    const client = drive.accounts.addOAuthClient();
    const { token_uri: _, ...token } = drive.accounts.addUser(email, client);
    expect(await whoIs(await signIn(client.credentials, token))).to.equal(email);
  });

  it('takes the token file of Python’s library as it is', async () => {
    const client = drive.accounts.addOAuthClient();
    const { refresh_token, client_id, client_secret, token_uri } = drive.accounts.addUser(email, client);
    const python = {
      token: 'ya29.long-gone',
      refresh_token,
      token_uri,
      client_id,
      client_secret,
      scopes: ['https://www.googleapis.com/auth/drive.readonly'],
      universe_domain: 'googleapis.com',
      expiry: '2024-01-25T10:00:00.123456Z',
    };
    expect(await whoIs(await signIn(client.credentials, python))).to.equal(email);
    expect(tokensAsked()).to.equal(1);
  });

  it('takes a service-account key, signed for the token_uri in the key', async () => {
    const key = drive.accounts.addServiceAccount('robot@project.iam.gserviceaccount.com');
    expect(await whoIs(await signIn(key))).to.equal(key.client_email);
  });

  it('takes an authorized_user file in place of the credentials', async () => {
    expect(await whoIs(await signIn(drive.accounts.addUser(email)))).to.equal(email);
  });

  it('asks for no token while the one in the file is good, and reads its end as UTC', async () => {
    const client = drive.accounts.addOAuthClient();
    const user = drive.accounts.addUser(email, client);
    const { value } = await requestAccessToken(await readGrant(await files(user)), clock);
    const expiry = new Date(now + HOUR_MS).toISOString().replace('Z', '');
    const auth = await signIn(client.credentials, { ...user, token: value, expiry });
    expect((await auth.getAccessToken()).token).to.equal(value);
    expect(tokensAsked()).to.equal(1);
    now += HOUR_MS - 300_000;
    expect((await auth.getAccessToken()).token).not.to.equal(value);
  });

  it('renews once for many requests, before the token ends', async () => {
    const auth = await signIn(drive.accounts.addUser(email));
    const first = (await auth.getAccessToken()).token;
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

  it('answers a 401 by one renewal and one retry', async () => {
    const auth = await signIn(drive.accounts.addUser(email));
    let refused = 0;
    drive.service.intercept = (request, response) => {
      if (!request.url!.startsWith('/drive/') || refused++ > 0) return false;
      sendJson(response, 401, { error: { code: 401, message: 'Invalid Credentials' } });
      return true;
    };
    expect(await whoIs(auth)).to.equal(email);
    expect([tokensAsked(), refused]).to.deep.equal([2, 2]);
  });

  it('gives up after the second 401', async () => {
    const auth = await signIn(drive.accounts.addUser(email));
    drive.service.intercept = (request, response) => {
      if (!request.url!.startsWith('/drive/')) return false;
      sendJson(response, 401, { error: { code: 401, message: 'Invalid Credentials' } });
      return true;
    };
    expect(await rejection<{ status?: number }>(whoIs(auth))).to.have.property('status', 401);
    expect(tokensAsked()).to.equal(2);
  });

  it('does not renew on a 403: that is about the rate or the file', async () => {
    const auth = await signIn(drive.accounts.addUser(email));
    drive.service.intercept = (request, response) => {
      if (!request.url!.startsWith('/drive/')) return false;
      sendJson(response, 403, { error: { code: 403, errors: [{ reason: 'userRateLimitExceeded' }] } });
      return true;
    };
    expect(await rejection<{ status?: number }>(whoIs(auth))).to.have.property('status', 403);
    expect(tokensAsked()).to.equal(1);
  });

  it('renews for requests made by hand, once for all with the same rejected token', async () => {
    const auth = await signIn(drive.accounts.addUser(email));
    const rejected = (await auth.getAccessToken()).token!;
    const renewed = await Promise.all([auth.renewAccessToken(rejected), auth.renewAccessToken(rejected)]);
    expect(new Set([...renewed, await auth.renewAccessToken(rejected)]).size).to.equal(1);
    expect(renewed[0]).not.to.equal(rejected);
    expect((await auth.getAccessToken()).token).to.equal(renewed[0]);
    expect(tokensAsked()).to.equal(2);
  });

  it('renews when it is told that the token has ended', async () => {
    const auth = await signIn(drive.accounts.addUser(email));
    const first = (await auth.getAccessToken()).token;
    auth.credentials.expiry_date = 1;
    expect((await auth.getAccessToken()).token).not.to.equal(first);
    expect(tokensAsked()).to.equal(2);
  });

  it('says that a refresh token is revoked or seven days old, and gives nothing of it away', async () => {
    const user = { ...drive.accounts.addUser(email), refresh_token: '1//revoked-long-ago' };
    const error = await refusal(user);
    expect(error.code).to.equal('google_sign_in_expired');
    expect(error.message).to.contain('revoked').and.contain('seven days');
    expect(JSON.stringify([error.message, error.remedy, error.stack, error.cause])).not.to.contain(
      '1//revoked',
    );
  });

  it('says that the client is not accepted', async () => {
    const user = { ...drive.accounts.addUser(email), client_secret: 'GOCSPX-other' };
    const error = await refusal(user);
    expect(error.code).to.equal('google_client_refused');
    expect(error.message).to.contain(user.client_id).and.not.contain('GOCSPX');
  });

  it('says that the key of a service account is not accepted', async () => {
    const key = drive.accounts.addServiceAccount('robot@project.iam.gserviceaccount.com');
    const error = await refusal({ ...key, client_email: 'gone@project.iam.gserviceaccount.com' });
    expect(error.code).to.equal('google_key_refused');
    expect(error.message).to.contain('gone@project');
  });

  it('says that the clock is wrong', async () => {
    const key = drive.accounts.addServiceAccount('robot@project.iam.gserviceaccount.com');
    const paths = await files(key);
    const error = await rejection<RunError>(googleSignIn({ ...paths, now: () => now - 24 * HOUR_MS }));
    expect(error.code).to.equal('clock_skew');
  });

  const google = 'https://oauth2.googleapis.com/token';
  const badFiles: [string, unknown, unknown, string, string][] = [
    [
      'credentials that are not JSON',
      'client_id=1',
      undefined,
      'google_credentials',
      'is not JSON: line 1, column 1',
    ],
    ['credentials that are a list', [], undefined, 'google_credentials', 'does not hold an object'],
    ['a web client', { web: { client_id: 'x' } }, undefined, 'google_credentials', '"Web application"'],
    [
      'a token in place of the client',
      { refresh_token: 'x' },
      undefined,
      'google_credentials',
      'is a token file',
    ],
    [
      'credentials of another kind',
      { type: 'external_account' },
      undefined,
      'google_credentials',
      '"external_account"',
    ],
    ['JSON of something else', { a: 1 }, undefined, 'google_credentials', 'neither an OAuth client nor'],
    [
      'a client without a token',
      { installed: { client_id: 'x' } },
      undefined,
      'google_credentials',
      'token.json does not exist',
    ],
    ['a client without an id', { installed: {} }, {}, 'google_credentials', 'installed.client_id'],
    [
      'a token without refresh_token',
      { installed: { client_id: 'x' } },
      { token: 't' },
      'google_credentials',
      'token.json lacks refresh_token',
    ],
    [
      'a key without its private half',
      { type: 'service_account', client_email: 'a@b' },
      undefined,
      'google_credentials',
      'lacks private_key',
    ],
    [
      'a key that is no key',
      { type: 'service_account', client_email: 'a@b', private_key: 'sesame', token_uri: google },
      undefined,
      'google_credentials',
      'private key of a@b cannot be read',
    ],
    [
      'a token_uri in the clear',
      {
        type: 'service_account',
        client_email: 'a@b',
        private_key: 'k',
        token_uri: 'http://oauth2.example/token',
      },
      undefined,
      'google_token_uri',
      'credentials.json is not an https:// address',
    ],
    [
      'a token for something else',
      { installed: { client_id: 'x' } },
      { refresh_token: 'r', scopes: ['https://www.googleapis.com/auth/calendar'] },
      'google_scope',
      'auth/calendar',
    ],
  ];
  for (const [what, credentials, token, code, expected] of badFiles) {
    it(`says what is wrong with ${what}`, async () => {
      const error = await refusal(credentials, token);
      expect([error.name, error.code]).to.deep.equal(['RunError', code]);
      expect(error.message).to.contain(expected).and.not.contain('sesame');
      expect(error.remedy).not.to.equal('');
    });
  }

  it('says which file is missing', async () => {
    const paths = { credentialsPath: '/nowhere/c.json', tokenPath: '/nowhere/t.json' };
    const error = await rejection<RunError>(googleSignIn(paths));
    expect(error.message).to.equal('/nowhere/c.json does not exist.');
    expect(error.remedy).to.contain('Desktop app');
  });

  it('uses the token_uri of the client, and the token’s own where the client has none', async () => {
    const token = { refresh_token: 'r', client_id: 'x', token_uri: 'https://b.example/t' };
    const uriFor = async (installed: object) => (await readGrant(await files({ installed }, token))).tokenUri;
    expect(await uriFor({ client_id: 'x', token_uri: 'https://a.example/t' })).to.equal(
      'https://a.example/t',
    );
    expect(await uriFor({ client_id: 'x' })).to.equal('https://b.example/t');
  });

  it('never sends the secret of one client with the token of another', async () => {
    const installed = { client_id: 'one', client_secret: 's1', token_uri: google };
    const grantFor = async (token: object) =>
      readGrant(await files({ installed }, { refresh_token: 'r', ...token }));
    expect(await grantFor({ client_id: 'two' })).to.include({ clientId: 'two', clientSecret: null });
    expect(await grantFor({})).to.include({ clientId: 'one', clientSecret: 's1' });
  });
});

describe('asking Google for a token', () => {
  const grant = {
    kind: 'refresh_token' as const,
    tokenUri: 'http://127.0.0.1:1/token',
    clientId: 'client',
    clientSecret: 's',
    refreshToken: 'r',
    accessToken: null,
  };
  const waits: number[] = [];
  const patience = {
    retries: 3,
    baseMs: 10,
    capMs: 100,
    sleep: async (ms: number) => {
      waits.push(ms);
    },
  };
  beforeEach(() => {
    waits.length = 0;
  });

  it('tries a dead endpoint a few times, then names it', async () => {
    const error = await rejection<RunError>(requestAccessToken(grant, Date.now, patience));
    expect(error.code).to.equal('google_not_answering');
    expect(error.message).to.contain('http://127.0.0.1:1/token').and.contain('ECONNREFUSED');
    expect(waits).to.have.length(3);
  });

  it('survives answers of 503 and of HTML', async () => {
    const drive = await createDrive();
    try {
      const { token_uri, client_id, client_secret, refresh_token } = drive.accounts.addUser('a@b.example');
      let failures = 0;
      drive.service.intercept = (_, response) => {
        if (failures++ > 1) return false;
        response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Error</h1>');
        return true;
      };
      const own = { ...grant, tokenUri: token_uri, clientId: client_id, clientSecret: client_secret };
      const lease = await requestAccessToken({ ...own, refreshToken: refresh_token }, Date.now, patience);
      expect(lease.value).to.match(/^ya29\./);
      expect(waits).to.have.length(2);
    } finally {
      await drive.service.close();
    }
  });

  it('does not follow a redirect with its secrets', async () => {
    const [here, there] = await Promise.all([createDrive(), createDrive()]);
    try {
      here.service.intercept = (_, response) => {
        response.writeHead(307, { location: there.tokenUri }).end();
        return true;
      };
      await rejection(requestAccessToken({ ...grant, tokenUri: here.tokenUri }, Date.now, patience));
      expect(there.service.requests.size).to.equal(0);
    } finally {
      await Promise.all([here.service.close(), there.service.close()]);
    }
  });

  const account = {
    ...grant,
    kind: 'service_account' as const,
    email: 'a@b',
    privateKey: '',
    privateKeyId: null,
  };
  const rows: [Error, 'user' | 'account', string][] = [
    [new NoAnswer('ENOTFOUND'), 'user', 'google_not_answering'],
    [new NoAnswer('SELF_SIGNED_CERT_IN_CHAIN'), 'user', 'google_not_trusted'],
    [
      new Refusal(400, 'invalid_grant', 'Token has been expired or revoked.'),
      'user',
      'google_sign_in_expired',
    ],
    [new Refusal(400, 'invalid_grant', 'Invalid JWT Signature.'), 'account', 'google_key_refused'],
    [
      new Refusal(400, 'invalid_grant', 'Check your iat and exp values in the JWT claim.'),
      'account',
      'clock_skew',
    ],
    [new Refusal(401, 'invalid_client', 'The OAuth client was not found.'), 'user', 'google_client_refused'],
    [new Refusal(401, 'unauthorized_client', 'Unauthorized'), 'user', 'google_client_refused'],
    [new Refusal(401, 'deleted_client', ''), 'user', 'google_client_refused'],
    [new Refusal(429, '', ''), 'user', 'google_failing'],
    [new Refusal(503, '', ''), 'user', 'google_failing'],
    [new Refusal(400, 'invalid_scope', 'x'), 'user', 'google_sign_in_refused'],
  ];
  for (const [error, who, code] of rows) {
    it(`takes ${error.name} ${error.message} of a ${who} for ${code}`, () => {
      expect(classifyTokenError(error, who === 'user' ? grant : account).code).to.equal(code);
    });
  }
});
