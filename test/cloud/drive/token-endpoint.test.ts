import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { OAuthClient, ServiceAccountKey } from './accounts.ts';
import { createDrive, type DriveService } from './drive.ts';
import { refreshForm, requestToken } from './test-client.ts';
import { READONLY_SCOPE } from './tokens.ts';

const REDIRECT = 'http://127.0.0.1:53682/';

describe('the local token endpoint', () => {
  let drive: DriveService;
  let now: number;

  beforeEach(async () => {
    now = 1_700_000_000_000;
    drive = await createDrive({ now: () => now });
  });
  afterEach(() => drive.service.close());

  const ask = (form: Record<string, string>) => requestToken(drive.tokenUri, form);
  const statusWith = async (token: string) =>
    (await fetch(`${drive.apiUrl}/drive/v3/files`, { headers: { authorization: `Bearer ${token}` } })).status;

  describe('for refresh tokens', () => {
    it('refuses unknown and revoked ones with invalid_grant, and their access tokens die with them', async () => {
      const user = drive.accounts.addUser('a@example.com');
      const { body } = await ask(refreshForm(user));
      const unknown = await ask({ ...refreshForm(user), refresh_token: 'made-up' });
      drive.accounts.revoke(user.refresh_token);
      const revoked = await ask(refreshForm(user));
      for (const refused of [unknown, revoked]) {
        expect(refused).to.eql({
          status: 400,
          body: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
        });
      }
      expect(await statusWith(body.access_token)).to.equal(401);
    });

    it('refuses other clients than the one the token was made for', async () => {
      const form = refreshForm(drive.accounts.addUser('a@example.com'));
      const other = drive.accounts.addOAuthClient();
      const { client_id, client_secret } = other;
      expect(await ask({ ...form, client_id, client_secret })).to.have.nested.property(
        'body.error',
        'unauthorized_client',
      );
      const wrongs: Record<string, string>[] = [{ client_secret }, { client_id }, { client_id: 'none' }];
      for (const wrong of wrongs) {
        const { status, body } = await ask({ ...form, ...wrong });
        expect([status, body.error]).to.eql([401, 'invalid_client']);
      }
    });
  });

  describe('for service accounts', () => {
    const email = 'robot@project.iam.gserviceaccount.com';
    let key: ServiceAccountKey;

    beforeEach(() => {
      key = drive.accounts.addServiceAccount(email);
    });

    function assertion(claims: object = {}, header: object = {}, pem = key.private_key): string {
      const iat = Math.floor(now / 1000);
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const head = part({ alg: 'RS256', typ: 'JWT', kid: key.private_key_id, ...header });
      const body = part({
        iss: email,
        scope: READONLY_SCOPE,
        aud: key.token_uri,
        iat,
        exp: iat + 3600,
        ...claims,
      });
      const signature = createSign('RSA-SHA256').update(`${head}.${body}`).sign(pem, 'base64url');
      return `${head}.${body}.${signature}`;
    }
    const bear = (jwt: string) =>
      ask({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt });

    it('verifies the signature', async () => {
      const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
      const pem = stranger.export({ type: 'pkcs8', format: 'pem' }).toString();
      const [head, body] = assertion().split('.');
      const jwts = [
        assertion({}, {}, pem),
        assertion({}, { kid: 'other' }),
        `${head}.${body}.`,
        `${assertion({ scope: 'x' }).split('.').slice(0, 2).join('.')}.${assertion().split('.')[2]}`,
      ];
      for (const jwt of jwts) {
        expect((await bear(jwt)).body.error_description).to.equal('Invalid JWT Signature.');
      }
      expect((await bear(assertion({}, { alg: 'none' }))).status).to.equal(400);
      expect((await bear('garbage')).status).to.equal(400);
    });

    const seconds = 1_700_000_000;
    const wrongClaims: [string, object, string][] = [
      ['another audience', { aud: 'https://oauth2.googleapis.com/token' }, 'invalid_grant'],
      ['an unknown account', { iss: 'nobody@example.com' }, 'invalid_grant'],
      ['more than an hour', { exp: seconds + 3601 }, 'invalid_grant'],
      ['a time long past', { iat: seconds - 7200, exp: seconds - 3600 }, 'invalid_grant'],
      ['a time to come', { iat: seconds + 3600, exp: seconds + 7200 }, 'invalid_grant'],
      ['no times', { iat: undefined, exp: undefined }, 'invalid_grant'],
      ['a person’s name', { sub: 'person@example.com' }, 'unauthorized_client'],
      ['no scope', { scope: undefined }, 'invalid_scope'],
      ['another scope', { scope: 'https://www.googleapis.com/auth/gmail.readonly' }, 'invalid_scope'],
    ];
    for (const [what, claims, error] of wrongClaims) {
      it(`refuses an assertion with ${what}`, async () => {
        expect((await bear(assertion(claims))).body.error).to.equal(error);
      });
    }
  });

  describe('for a person at the browser', () => {
    let client: OAuthClient;
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');

    beforeEach(() => {
      client = drive.accounts.addOAuthClient();
    });

    async function consent(change: Record<string, string> = {}): Promise<Response> {
      const parameters = {
        client_id: client.client_id,
        redirect_uri: REDIRECT,
        response_type: 'code',
        scope: READONLY_SCOPE,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        state: 'a state',
        ...change,
      };
      const url = `${client.credentials.installed.auth_uri}?${new URLSearchParams(parameters)}`;
      return fetch(url, { redirect: 'manual' });
    }
    const sentBack = (response: Response) => new URL(response.headers.get('location')!).searchParams;
    const redemption = (code: string) => ({
      grant_type: 'authorization_code',
      client_id: client.client_id,
      client_secret: client.client_secret,
      redirect_uri: REDIRECT,
      code_verifier: verifier,
      code,
    });

    it('sends code and state back, and takes each code once', async () => {
      const parameters = sentBack(await consent());
      expect(parameters.get('state')).to.equal('a state');
      const form = redemption(parameters.get('code')!);
      expect((await ask(form)).body).to.have.property('refresh_token');
      expect((await ask(form)).body.error).to.equal('invalid_grant');
    });

    it('gives no token to whoever cannot answer the challenge', async () => {
      const other = randomBytes(32).toString('base64url');
      for (const code_verifier of [other, '', challenge, 'short']) {
        const code = sentBack(await consent()).get('code')!;
        expect((await ask({ ...redemption(code), code_verifier })).body.error).to.equal('invalid_grant');
      }
    });

    it('binds the code to client, redirect and ten minutes', async () => {
      const fresh = async () => redemption(sentBack(await consent()).get('code')!);
      const { client_id, client_secret } = drive.accounts.addOAuthClient();
      expect((await ask({ ...(await fresh()), client_id, client_secret })).body.error).to.equal(
        'invalid_grant',
      );
      expect((await ask({ ...(await fresh()), redirect_uri: 'http://127.0.0.1:1/' })).body.error).to.equal(
        'redirect_uri_mismatch',
      );
      const late = await fresh();
      now += 600_000;
      expect((await ask(late)).body.error).to.equal('invalid_grant');
    });

    it('shows an error page instead of redirecting where it must not', async () => {
      const wrong: Record<string, string>[] = [
        { client_id: 'none' },
        { redirect_uri: 'https://evil.example/' },
        { redirect_uri: 'urn:ietf:wg:oauth:2.0:oob' },
        { response_type: 'token' },
        { code_challenge_method: 'plain' },
        { scope: 'openid' },
      ];
      for (const change of wrong) {
        const response = await consent(change);
        expect([response.status, response.headers.get('location')], JSON.stringify(change)).to.eql([
          400,
          null,
        ]);
      }
    });
  });
});
