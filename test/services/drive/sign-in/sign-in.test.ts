import { expect } from 'chai';
import { googleSignIn } from '../../../../src/services/drive/sign-in/sign-in.ts';
import type { RunError } from '../../../../stages/errors.ts';
import { createDrive } from '../../../cloud/drive/drive.ts';
import { refreshForm, requestToken } from '../../../cloud/drive/test-client.ts';
import { CLOUD_SCOPE, METADATA_SCOPE, READONLY_SCOPE } from '../../../cloud/drive/tokens.ts';
import { bodyOf, sendJson } from '../../../cloud/service.ts';
import { rejection } from '../../../config/scratch.ts';
import { always, answer, htmlPage, inject, jsonAnswer, times } from '../../../faults.ts';
import { EMAIL, HOUR_MS, useGoogleSignIn } from './google-sign-in.ts';

describe('signing in to Google', () => {
  const at = useGoogleSignIn();
  const { refusal, settings, signIn, tokensAsked, whoIs } = at;

  it('takes the token file of Python’s library as it is', async () => {
    const client = at.drive.accounts.addOAuthClient();
    const { refresh_token, client_id, client_secret, token_uri } = at.drive.accounts.addUser(EMAIL, client);
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
    expect(await whoIs(await signIn(client.credentials, python))).to.equal(EMAIL);
    expect(tokensAsked()).to.equal(1);
  });

  it('takes a service-account key, signed for the token_uri in the key', async () => {
    const key = at.drive.accounts.addServiceAccount('robot@project.iam.gserviceaccount.com');
    expect(await whoIs(await signIn(key))).to.equal(key.client_email);
  });

  const ROBOT = 'robot@project.iam.gserviceaccount.com';

  it('takes a service-account key that acts for a user, once the administrator allows it', async () => {
    const key = at.drive.accounts.addServiceAccount(ROBOT);
    const error = await refusal(key, undefined, EMAIL);
    expect(error.code).to.equal('google_delegation');
    expect(error.message).to.contain(ROBOT).and.contain(EMAIL);
    expect(error.remedy)
      .to.contain(key.client_id)
      .and.contain(READONLY_SCOPE)
      .and.contain('admin.google.com');
    at.drive.accounts.delegate(ROBOT, READONLY_SCOPE);
    expect(await whoIs(await signIn(key, undefined, EMAIL))).to.equal(EMAIL);
    const other = await refusal(at.drive.accounts.addUser(EMAIL), undefined, EMAIL);
    expect([other.code, other.message.includes('authorized_user')]).to.deep.equal([
      'google_impersonate',
      true,
    ]);
  });

  it('takes external accounts: a subject token from a file or an address, with or without a service account', async () => {
    const file = await at.scratch.put('subject.jwt', 'subject-token');
    const first = at.drive.accounts.addExternalAccount('subject-token', { file });
    expect(await whoIs(await signIn(first))).to.equal(at.drive.accounts.principalOf(first.audience));
    const source = {
      url: `${at.drive.apiUrl}/subject`,
      format: { type: 'json', subject_token_field_name: 'jwt' },
    };
    const second = at.drive.accounts.addExternalAccount('subject-token', source, ROBOT);
    always(at.drive.service, /\/subject$/, jsonAnswer(200, { jwt: 'subject-token' }));
    expect(await whoIs(await signIn(second))).to.equal(ROBOT);

    await at.scratch.put('subject.jwt', 'stolen');
    const refused = await refusal(first);
    expect(refused.code).to.equal('google_external_account');
    expect(refused.message).to.contain('invalid_grant').and.not.contain('stolen');
    const missing = { ...first, credential_source: { file: '/nowhere/subject.jwt' } };
    expect((await refusal(missing)).message).to.contain('/nowhere/subject.jwt');
    const gone = { ...first, credential_source: { url: `${at.drive.apiUrl}/gone` } };
    expect((await refusal(gone)).message).to.contain('/gone, the credential_source of');
    const format = { type: 'json', subject_token_field_name: 'jwt' };
    const garbled = await refusal({ ...first, credential_source: { file, format } });
    expect(garbled.message).to.contain('not JSON').and.not.contain('stolen');
    const workforce = { ...at.drive.accounts.addUser(EMAIL), token_url: at.drive.tokenUri };
    expect(await whoIs(await signIn({ ...workforce, type: 'external_account_authorized_user' }))).to.equal(
      EMAIL,
    );
  });

  it('takes a service account that another account may act as', async () => {
    const source = at.drive.accounts.addUser(EMAIL, undefined, CLOUD_SCOPE);
    const json = at.drive.accounts.addImpersonation(ROBOT, EMAIL, source);
    expect(await whoIs(await signIn(json))).to.equal(ROBOT);
    const key = at.drive.accounts.addServiceAccount('source@project.iam.gserviceaccount.com');
    expect(
      await whoIs(await signIn(at.drive.accounts.addImpersonation(ROBOT, key.client_email, key))),
    ).to.equal(ROBOT);
    at.drive.accounts.addImpersonation(ROBOT, 'somebody@else.example', source);
    const error = await refusal(json);
    expect(error.code).to.equal('google_impersonation_refused');
    expect(error.remedy).to.contain('Service Account Token Creator');
  });

  it('bills the project that the file names', async () => {
    const user = at.drive.accounts.addUser(EMAIL);
    const files = [
      { ...user, quota_project_id: 'payer' },
      { ...at.drive.accounts.addServiceAccount(ROBOT), quota_project_id: 'payer' },
    ];
    for (const file of files)
      expect(await (await signIn(file)).get()).to.include({ 'x-goog-user-project': 'payer' });
    const { body } = await requestToken(at.drive.tokenUri, refreshForm(user));
    const stored = { ...files[0], access_token: body.access_token, expiry_date: at.now + HOUR_MS };
    expect(await (await signIn({ ...stored, scope: READONLY_SCOPE })).get()).to.deep.equal({
      authorization: `Bearer ${body.access_token}`,
      'x-goog-user-project': 'payer',
    });
  });

  it('knows before the first download that a token can only list, from the file or from Google', async () => {
    const narrow = at.drive.accounts.addUser(EMAIL, undefined, METADATA_SCOPE);
    const stored = { access_token: 'ya29.stored', expiry_date: at.now + HOUR_MS };
    for (const file of [narrow, { ...narrow, ...stored }, { ...narrow, ...stored, scope: METADATA_SCOPE }]) {
      const error = await refusal(file);
      expect(error.code).to.equal('google_scope');
      expect(error.message).to.contain('drive.metadata.readonly');
      expect(error.remedy).to.contain('migrator login google');
    }
    const full = at.drive.accounts.addUser(EMAIL, undefined, 'https://www.googleapis.com/auth/drive');
    expect(
      await whoIs(await signIn({ ...full, scopes: ['https://www.googleapis.com/auth/drive'] })),
    ).to.equal(EMAIL);
  });

  it('does not follow a redirect with its secrets', async () => {
    const there = await createDrive();
    try {
      const source = { file: await at.scratch.put('subject.jwt', 'subject-token') };
      for (const file of [
        at.drive.accounts.addUser(EMAIL),
        at.drive.accounts.addServiceAccount(ROBOT),
        at.drive.accounts.addExternalAccount('subject-token', source),
      ]) {
        at.drive.service.intercept = answer(307, '', { location: there.tokenUri });
        expect((await refusal(file)).code).to.equal('google_failing');
      }
      expect(there.service.requests.size).to.equal(0);
    } finally {
      await there.service.close();
    }
  });

  it('sends no credentials of another universe to Google', async () => {
    const key = { ...at.drive.accounts.addServiceAccount(ROBOT), universe_domain: 'apis.example' };
    const paths = await settings(key);
    const elsewhere = { ...paths, api_url: 'https://www.googleapis.com' };
    expect((await rejection<RunError>(googleSignIn(elsewhere))).code).to.equal('google_universe');
    // There a key signs its own tokens.
    expect((await (await googleSignIn(paths)).get()).authorization).to.match(/^Bearer eyJ/);
    expect(tokensAsked()).to.equal(0);
  });

  const lasting: [code: string, make: () => Record<string, unknown>, says: string, not: string][] = [
    [
      'google_sign_in_expired',
      () => ({ ...at.drive.accounts.addUser(EMAIL), refresh_token: '1//revoked-long-ago' }),
      'seven days',
      '1//revoked',
    ],
    [
      'google_client_refused',
      () => ({ ...at.drive.accounts.addUser(EMAIL), client_secret: 'GOCSPX-other' }),
      'OAuth client',
      'GOCSPX',
    ],
    [
      'google_key_refused',
      () => ({ ...at.drive.accounts.addServiceAccount(ROBOT), client_email: 'gone@project.example' }),
      'gone@project',
      'PRIVATE',
    ],
    [
      'google_credentials',
      () => ({ type: 'service_account', client_email: 'a@b', private_key: 'sesame' }),
      'private key of a@b in',
      'sesame',
    ],
    [
      'clock_skew',
      () => {
        at.now += 24 * HOUR_MS;
        return at.drive.accounts.addServiceAccount(ROBOT);
      },
      'clock',
      'PRIVATE',
    ],
  ];
  for (const [code, make, says, not] of lasting) {
    it(`says what a refusal means, and gives no secret away: ${code}`, async () => {
      const error = await refusal(make());
      expect(error.code).to.equal(code);
      expect(error.message).to.contain(says);
      expect(JSON.stringify([error.message, error.remedy, error.stack, error.cause])).not.to.contain(not);
    });
  }

  it('names a token address that does not respond, and survives answers of 503 and of HTML', async () => {
    const user = at.drive.accounts.addUser(EMAIL);
    const dead = await refusal({ ...user, token_uri: 'http://127.0.0.1:9/token' });
    expect(dead.code).to.equal('google_not_answering');
    expect(dead.message).to.contain('http://127.0.0.1:9/token').and.contain('ECONNREFUSED');
    expect(at.waits).to.have.length(3);
    for (const body of ['<h1>Welcome to our Wi-Fi</h1>', '{}']) {
      const type = body === '{}' ? 'application/json' : 'text/html';
      at.drive.service.intercept = answer(200, body, { 'content-type': type });
      for (const file of [user, at.drive.accounts.addServiceAccount(ROBOT)]) {
        const error = await refusal(file);
        expect(error.code).to.equal('google_failing');
        expect(error.message).to.contain(at.drive.tokenUri);
      }
    }
    inject(at.drive.service, /./, times(2, htmlPage(503)));
    expect(await whoIs(await signIn(user))).to.equal(EMAIL);
  });

  it('uses the token_uri of the client, and the token’s own where the client has none', async () => {
    const token = { refresh_token: 'r', client_id: 'x', token_uri: `${at.drive.apiUrl}/other/token` };
    const asked = async (installed: object) => (await refusal({ installed }, token)).message;
    expect(await asked({ client_id: 'x', token_uri: 'http://127.0.0.1:9/token' })).to.contain(':9/token');
    await asked({ client_id: 'x' });
    expect(at.drive.service.requests.get('unknown')).to.equal(1);
  });

  it('never sends the secret of one client with the token of another', async () => {
    const installed = { client_id: 'one', client_secret: 's1', token_uri: at.drive.tokenUri };
    const forms: URLSearchParams[] = [];
    at.drive.service.intercept = async (request, response) => {
      forms.push(new URLSearchParams(String(await bodyOf(request))));
      sendJson(response, 400, { error: 'invalid_grant' });
      return true;
    };
    for (const token of [{ client_id: 'two' }, {}])
      await refusal({ installed }, { refresh_token: 'r', ...token });
    expect(forms.map(form => [form.get('client_id'), form.get('client_secret')])).to.deep.equal([
      ['two', null],
      ['one', 's1'],
    ]);
  });
});
