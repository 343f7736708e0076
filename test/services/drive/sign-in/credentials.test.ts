import { expect } from 'chai';
import { readCredentials } from '../../../../src/services/drive/sign-in/credentials.ts';
import type { RunError } from '../../../../stages/errors.ts';
import { rejection, useScratch } from '../../../config/scratch.ts';

const INSTALLED = { installed: { client_id: 'x' } };
const KEY = { type: 'service_account', client_email: 'a@b', private_key: 'k' };
const EXTERNAL = { type: 'external_account', audience: 'a', subject_token_type: 't' };
const USER = { type: 'authorized_user', client_id: 'a', refresh_token: 'b' };
const IMPERSONATED = {
  type: 'impersonated_service_account',
  service_account_impersonation_url: 'https://iamcredentials.googleapis.com/v1/a:generateAccessToken',
};

const CREDENTIALS: [what: string, credentials: unknown, says: string][] = [
  ['that is not JSON', 'client_id=1', 'is not JSON: line 1, column 1'],
  ['with a list', [], 'does not contain an object'],
  ['of a web client', { web: { client_id: 'x' } }, '"Web application"'],
  ['with a token in place of the client', { refresh_token: 'x' }, 'is a token file'],
  ['of another kind', { type: 'gdch_service_account' }, '"gdch_service_account"'],
  ['of something else', { a: 1 }, 'neither an OAuth client nor'],
  ['without a token beside it', INSTALLED, 'token.json does not exist'],
  ['without the private key', { ...KEY, private_key: '' }, 'lacks private_key'],
];

const UNSAFE: [what: string, credentials: unknown, says: string][] = [
  ['token_uri', { ...KEY, token_uri: 'http://oauth2.example/token' }, 'credentials.json is not an https://'],
  [
    'token_url',
    { ...EXTERNAL, token_url: 'http://sts.example/', credential_source: { url: 'http://169.254.169.254/i' } },
    'token_url in',
  ],
  [
    'token_uri of an impersonating account',
    { ...IMPERSONATED, source_credentials: { ...USER, token_uri: 'http://sts.example/' } },
    'token_uri in',
  ],
];

describe('a credentials file', () => {
  const scratch = useScratch();

  const refusal = async (credentials: unknown, token?: unknown) =>
    rejection<RunError>(
      readCredentials({
        credentials_path: await scratch.put('credentials.json', credentials),
        token_path: token ? await scratch.put('token.json', token) : `${scratch.folder}/token.json`,
      }),
    );

  for (const [what, credentials, says] of CREDENTIALS) {
    it(`${what} is refused, and the message says why`, async () => {
      const error = await refusal(credentials);
      expect(error).to.include({ name: 'RunError', code: 'google_credentials' });
      expect(error.message).to.contain(says);
      expect(error.remedy).not.to.equal('');
    });
  }

  for (const [what, credentials, says] of UNSAFE) {
    it(`is refused where its ${what} is not https`, async () => {
      const error = await refusal(credentials);
      expect(error).to.include({ code: 'google_token_uri' });
      expect(error.message).to.contain(says);
    });
  }

  const tokens: [credentials: unknown, token: unknown, code: string, says: string][] = [
    [{ installed: {} }, {}, 'google_credentials', 'installed.client_id'],
    [INSTALLED, { token: 't' }, 'google_credentials', 'token.json lacks refresh_token'],
    [INSTALLED, { refresh_token: 'r', scopes: ['…/auth/calendar'] }, 'google_scope', 'auth/calendar'],
  ];
  for (const [credentials, token, code, says] of tokens) {
    it(`is refused with its token file: ${says}`, async () => {
      const error = await refusal(credentials, token);
      expect(error.code).to.equal(code);
      expect(error.message).to.contain(says);
    });
  }

  it('that does not exist is named, with what to do', async () => {
    const paths = { credentials_path: '/nowhere/c.json', token_path: '/nowhere/t.json' };
    const error = await rejection<RunError>(readCredentials(paths));
    expect(error.message).to.equal('/nowhere/c.json does not exist.');
    expect(error.remedy).to.contain('Desktop app');
  });
});
