import { existsSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { meter } from './sandbox.ts';
import { NO_PASSWORD, useSignIn } from './sign-in-home.ts';

describe('signing in by command', () => {
  const at = useSignIn();

  it('to AWS: the password is needed once, then no more', async () => {
    await at.open();
    const folderId = at.pictures(3);
    const { code, stdout, stderr } = await at.login(`${at.sandbox.cloud.admin.password}\n`, {
      env: NO_PASSWORD,
    });
    expect([code, stdout]).to.deep.equal([0, '']);
    expect(stderr).to.contain('Signed in to Cognito as admin@example.com, in ADMINS.');
    expect(statSync(at.kept()).mode & 0o777).to.equal(0o600);

    const count = meter(at.sandbox.cloud);
    await at.home.exits(0, ['migrate', '--folder-id', folderId], { env: NO_PASSWORD });
    expect(count()).not.to.have.any.keys('cognito InitiateAuth', 'cognito RespondToAuthChallenge');
  });

  it('to AWS: warns a user who is not in ADMINS', async () => {
    await at.open();
    at.home.edit(({ aws }) => (aws.cognito.username = at.sandbox.cloud.viewer.username));
    const { code, stderr } = await at.login(at.sandbox.cloud.viewer.password);
    expect(code).to.equal(0);
    expect(stderr).to.contain('is not in the group ADMINS').and.to.contain('Cognito console');
  });

  it('to AWS: a new password and a code, each on its line', async () => {
    await at.open();
    const username = 'new@example.com';
    const { userPool } = at.sandbox.cloud;
    userPool.addUser({ username, password: 'Temporary-1', status: 'FORCE_CHANGE_PASSWORD', mfa: 'totp' });
    at.home.edit(({ aws }) => (aws.cognito.username = username));
    const answers = () => `Temporary-1\nOf-My-Own-2\n${userPool.totpCode(username)}\n`;
    expect((await at.login(answers())).code).to.equal(0);

    const wrong = await at.login('Of-My-Own-2\n000000\n');
    expect(wrong.code).to.equal(1);
    expect(wrong.stderr).to.contain('does not accept the code').and.to.contain('again with a new code');
    expect(wrong.stderr).not.to.contain('Of-My-Own-2');
  });

  it('to AWS: keys and tokens that are refused as expired are renewed once, and cost no file even without retries', async () => {
    await at.open();
    const folderId = at.pictures(30);
    at.home.edit(config => {
      config.migration = { ...config.migration, retry_attempts: 0, concurrency: 4 };
    });
    const { cloud } = at.sandbox;
    let puts = 0;
    cloud.s3.service.intercept = request => {
      const keyId = /Credential=(\w+)/.exec(request.headers.authorization ?? '')?.[1];
      if (request.method === 'PUT' && ++puts === 10) cloud.credentials.expire(keyId!);
      return false;
    };
    let refused = false;
    cloud.appSync.service.intercept = () => {
      if (puts > 15 && !refused) {
        refused = true;
        cloud.userPool.expireTokens();
      }
      return false;
    };
    await at.home.exits(0, ['migrate', '--folder-id', folderId]);
    expect([cloud.appSync.media.size, refused]).to.deep.equal([30, true]);
    expect(cloud.identityPool.service.requests.get('GetCredentialsForIdentity')).to.equal(2);
    expect(cloud.userPool.service.requests.get('InitiateAuth')).to.equal(2);
  });

  it('is ended by logout, here and at the services', async () => {
    await at.open();
    await at.login(at.sandbox.cloud.admin.password);
    const { refresh_token } = JSON.parse(at.home.read('google_token.json'));
    const { stderr } = await at.home.exits(0, ['logout']);
    expect(stderr).to.contain('Signed out: Google').and.to.contain('Signed out: Cognito, admin@example.com');
    expect([existsSync(at.kept()), existsSync(join(at.home.path, 'google_token.json'))]).to.deep.equal([
      false,
      false,
    ]);
    expect(at.sandbox.cloud.userPool.service.requests.get('RevokeToken')).to.equal(1);
    const answer = await fetch(at.sandbox.cloud.drive.tokenUri.replace(/token$/, 'revoke'), {
      method: 'POST',
      body: new URLSearchParams({ token: refresh_token }),
    });
    expect(answer.status).to.equal(400);
    expect((await at.home.migrator(['logout'])).stderr).to.contain('You were not signed in.');
  });

  it('to Google: without a browser here, the address is shown and the answer pasted', async () => {
    await at.open();
    rmSync(join(at.home.path, 'google_token.json'));
    const missing = await at.home.exits(1, ['list', '--folder-id', at.pictures(1)]);
    expect(missing.stderr).to.contain('migrator login google');

    const { ended, said } = at.home.start(['login', 'google', '--no-browser']);
    const [url] = /^http\S+$/m.exec(await said(/^http\S+$[\s\S]*copy that address/m))!;
    const redirectUri = new URL(new URL(url).searchParams.get('redirect_uri')!);
    const stray = connect(Number(redirectUri.port), redirectUri.hostname);
    stray.write('GET // HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(await text(stray)).to.match(/^HTTP\/1\.1 404 /);
    await fetch(url);
    const { code, stderr } = await ended;
    expect(code, stderr).to.equal(0);
    expect(stderr).to.contain('Standard input is closed');
    expect(stderr).to.contain('Signed in to Google as person@example.com');
    expect(statSync(join(at.home.path, 'google_token.json')).mode & 0o777).to.equal(0o600);
    await at.home.exits(0, ['list', '--folder-id', at.pictures(1)]);
  });
});
