import { createSign, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import type { ServiceAccountKey } from './accounts.ts';
import { createDrive, type DriveService } from './drive.ts';
import { requestToken } from './test-client.ts';
import { READONLY_SCOPE } from './tokens.ts';

describe('the local token endpoint', () => {
  let drive: DriveService;
  let now: number;

  beforeEach(async () => {
    now = 1_700_000_000_000;
    drive = await createDrive({ now: () => now });
  });
  afterEach(() => drive.service.close());

  const ask = (form: Record<string, string>) => requestToken(drive.tokenUri, form);

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
});
