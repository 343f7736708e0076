import { createSign, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { createDrive, type DriveService } from './drive.ts';
import { requestToken } from './test-client.ts';
import { READONLY_SCOPE } from './tokens.ts';

const SECONDS = 1_700_000_000;
const EMAIL = 'robot@project.iam.gserviceaccount.com';

describe('an assertion of a service account, to the local token endpoint', () => {
  let drive: DriveService;
  let key: ReturnType<DriveService['accounts']['addServiceAccount']>;
  before(async () => {
    drive = await createDrive({ now: () => SECONDS * 1000 });
    key = drive.accounts.addServiceAccount(EMAIL);
  });
  after(() => drive.service.close());

  function assertion(claims: object = {}, header: object = {}, pem = key.private_key): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = part({ alg: 'RS256', typ: 'JWT', kid: key.private_key_id, ...header });
    const times = { iat: SECONDS, exp: SECONDS + 3600 };
    const body = part({ iss: EMAIL, scope: READONLY_SCOPE, aud: key.token_uri, ...times, ...claims });
    const signature = createSign('RSA-SHA256').update(`${head}.${body}`).sign(pem, 'base64url');
    return `${head}.${body}.${signature}`;
  }
  const bear = async (jwt: string) => {
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    const { status, body } = await requestToken(drive.tokenUri, { grant_type, assertion: jwt });
    return status === 200 ? 'ok' : body.error_description;
  };

  it('has to be signed by a key of the account', async () => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const pem = stranger.export({ type: 'pkcs8', format: 'pem' }).toString();
    const [head, body, signature] = assertion().split('.');
    expect(await bear(assertion())).to.equal('ok');
    for (const jwt of [
      assertion({}, {}, pem),
      assertion({}, { kid: 'other' }),
      `${head}.${body}.`,
      `${assertion({ scope: 'x' }).split('.').slice(0, 2).join('.')}.${signature}`,
    ])
      expect(await bear(jwt)).to.equal('Invalid JWT Signature.');
    expect(await bear(assertion({}, { alg: 'none' }))).to.match(/algorithm/);
    expect(await bear('garbage')).to.match(/malformed/);
  });

  it('has to be of now, for this server, this account and a scope', async () => {
    const wrong: [object, RegExp][] = [
      [{ aud: 'https://oauth2.googleapis.com/token' }, /audience/],
      [{ iss: 'nobody@example.com' }, /account not found/],
      [{ exp: SECONDS + 3601 }, /short-lived/],
      [{ iat: SECONDS - 7200, exp: SECONDS - 3600 }, /short-lived/],
      [{ iat: SECONDS + 3600, exp: SECONDS + 7200 }, /short-lived/],
      [{ iat: undefined, exp: undefined }, /short-lived/],
      [{ sub: 'person@example.com' }, /unauthorized/],
      [{ scope: undefined }, /Invalid OAuth scope/],
      [{ scope: 'https://www.googleapis.com/auth/gmail.readonly' }, /Invalid OAuth scope/],
    ];
    for (const [claims, message] of wrong) expect(await bear(assertion(claims))).to.match(message);
  });
});
