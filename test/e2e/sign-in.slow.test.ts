import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { answer, deferred, inject, silence, times } from '../faults.ts';
import { expectedOf, linksIn } from './expected.ts';
import { meter } from './sandbox.ts';
import { NO_PASSWORD, useSignIn } from './sign-in-home.ts';

describe('a sign-in', () => {
  const at = useSignIn();

  it('to AWS ends in mid-run: what is in flight is finished, nothing is lost, and the way on is said', async () => {
    await at.open();
    const folderId = at.pictures(60);
    at.home.edit(config => Object.assign(config.migration, { concurrency: 2 }));
    await at.login(at.sandbox.cloud.admin.password);
    const { cloud } = at.sandbox;
    let puts = 0;
    // The links of 25 pictures are one request: it goes out after the tokens have ended, and before all are stored.
    const [endsAt, heldFrom] = [20, 30];
    const refused = deferred();
    cloud.userPool.service.intercept = (_, response) => {
      response.once('finish', () => puts >= endsAt && refused.resolve());
      return false;
    };
    cloud.s3.service.intercept = async request => {
      if (request.method !== 'PUT') return false;
      if (++puts === endsAt) {
        cloud.userPool.revokeAll();
        cloud.userPool.expireTokens();
      }
      if (puts >= heldFrom) await refused.promise;
      return false;
    };
    const ended = await at.home.exits(1, ['migrate', '--folder-id', folderId], { env: NO_PASSWORD });
    expect(ended.stderr).to.contain('migrator login aws').and.to.contain('migrator resume');
    expect(puts).to.be.lessThan(60);
    const failed = at.home.manifest(folderId, 'link').filter(({ status }) => status === 'failed');
    expect(failed).to.deep.equal([]);

    cloud.s3.service.intercept = null;
    cloud.userPool.service.intercept = null;
    await at.login(cloud.admin.password);
    await at.home.exits(0, ['resume'], { env: NO_PASSWORD });
    expect([cloud.appSync.media.size, cloud.s3.objects().length]).to.deep.equal([60, 60]);
  });

  it('to AWS holds for a run of many lives of its tokens and keys', async () => {
    await at.open({
      userPool: { tokenLifetimeSeconds: 2 },
      credentialsLifetimeSeconds: 2,
      drive: { queriesPerSecond: 1000 },
    });
    const folderId = at.pictures(60);
    at.home.edit(config => Object.assign(config.google_drive, { queries_per_second: 10 }));
    await at.login(at.sandbox.cloud.admin.password);
    await at.home.exits(0, ['migrate', '--folder-id', folderId], { env: NO_PASSWORD });
    expect(at.sandbox.cloud.appSync.media.size).to.equal(60);
    expect(at.sandbox.cloud.identityPool.service.requests.get('GetCredentialsForIdentity')).to.be.above(2);
  });

  it('to AWS: keys that are refused end the command, also while Drive is silent', async () => {
    await at.open();
    const folderId = at.pictures(3);
    await at.login(at.sandbox.cloud.admin.password);
    const { drive, identityPool } = at.sandbox.cloud;
    inject(drive.service, /files/, times(9, silence));
    const refusal = answer(400, '{"__type":"NotAuthorizedException","message":"no"}');
    inject(identityPool.service, /./, times(9, refusal));
    const { stderr } = await at.home.exits(1, ['migrate', '--folder-id', folderId], { env: NO_PASSWORD });
    expect(stderr).to.contain('identity pool');
  });

  it('to AWS: five piped stages that find the token expired renew it once, and ask nobody', async () => {
    await at.open();
    const sample = at.sandbox.seedSample();
    await at.login(at.sandbox.cloud.admin.password);
    writeFileSync(at.kept(), at.home.read('cognito_token.json').replace(/("expires_at": )\d+/, '$11'));
    at.sandbox.cloud.userPool.expireTokens();

    const count = meter(at.sandbox.cloud);
    const stages = ['list', 'parse', 'resolve', 'transfer', 'link'].map(stage =>
      stage === 'list' ? [stage, '--folder-id', sample.folderId] : [stage],
    );
    const { codes, stderrs } = await at.home.pipe(stages, { env: NO_PASSWORD });
    expect(codes, stderrs.join('\n')).to.deep.equal([0, 3, 3, 3, 3]);
    expect(linksIn(at.sandbox.cloud)).to.deep.equal(expectedOf(at.sandbox.cloud, sample, 'strict').links);
    expect(count()['cognito InitiateAuth']).to.equal(1);
  });

  it('is removed by logout also when it cannot be revoked, with a warning', async () => {
    await at.open();
    await at.login(at.sandbox.cloud.admin.password);
    const dead = { AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: 'http://127.0.0.1:9' };
    const { stderr } = await at.home.exits(0, ['logout', 'aws'], { env: dead });
    expect(stderr).to.contain('could not be revoked');
    expect([existsSync(at.kept()), existsSync(join(at.home.path, 'google_token.json'))]).to.deep.equal([
      false,
      true,
    ]);
  });

  it('to AWS: says what is wrong with a user whose password has to be reset, and ends with 1', async () => {
    await at.open();
    const { userPool, admin } = at.sandbox.cloud;
    userPool.user(admin.username).status = 'RESET_REQUIRED';
    const { code, stderr } = await at.login(admin.password);
    expect(code).to.equal(1);
    expect(stderr)
      .to.match(/has to be reset[\s\S]*Forgot password/)
      .and.not.to.contain(admin.password);
    expect(existsSync(at.kept())).to.equal(false);
  });
});
