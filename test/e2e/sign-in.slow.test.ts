import { expect } from 'chai';
import type { CloudOptions } from '../cloud/cloud.ts';
import { answer, inject, silence, times } from '../faults.ts';
import { type Home, Sandbox } from './sandbox.ts';

/** What signs in without anybody being asked. */
const NO_PASSWORD = { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: '' };

describe('a sign-in that ends', () => {
  let sandbox: Sandbox;
  let home: Home;

  const open = async (options: CloudOptions = {}) => {
    sandbox = await Sandbox.open(options);
    home = await sandbox.home({ signedIn: false });
  };
  afterEach(() => sandbox.close());

  const login = (lines: string, options: { env?: Record<string, string> } = {}) =>
    home.migrator(['login', 'aws', '--password-stdin'], { stdin: lines, ...options });
  const pictures = (count: number) => {
    const ids = Array.from({ length: count }, (_, index) => 1000 + index);
    return sandbox.seed(Object.fromEntries(ids.map(id => [`${id}.jpg`, `picture ${id}`])), ids);
  };

  it('to AWS ends in mid-run: what is in flight is finished, nothing is lost, and the way on is said', async () => {
    await open();
    const folderId = pictures(60);
    home.edit(config => {
      config.migration.concurrency = 2;
    });
    await login(sandbox.cloud.admin.password);
    const { cloud } = sandbox;
    let puts = 0;
    // The links of 25 pictures are one request: it goes out after the tokens have ended, and before all are stored.
    const [endsAt, heldFrom] = [20, 30];
    const refused = new Promise<void>(resolve => {
      cloud.userPool.service.intercept = (_, response) => {
        response.once('finish', () => puts >= endsAt && resolve());
        return false;
      };
    });
    cloud.s3.service.intercept = async request => {
      if (request.method !== 'PUT') return false;
      if (++puts === endsAt) {
        cloud.userPool.revokeAll();
        cloud.userPool.expireTokens();
      }
      if (puts >= heldFrom) await refused;
      return false;
    };
    const ended = await home.migrator(['migrate', '--folder-id', folderId], { env: NO_PASSWORD });
    expect(ended.code).to.equal(1);
    expect(ended.stderr).to.contain('migrator login aws').and.to.contain('migrator resume');
    expect(puts).to.be.lessThan(60);
    const failed = home.manifest(folderId, 'link').filter(({ status }) => status === 'failed');
    expect(failed).to.deep.equal([]);

    cloud.s3.service.intercept = null;
    cloud.userPool.service.intercept = null;
    await login(cloud.admin.password);
    const resumed = await home.migrator(['resume'], { env: NO_PASSWORD });
    expect(resumed.code, resumed.stderr).to.equal(0);
    expect([cloud.appSync.media.size, cloud.s3.objects().length]).to.deep.equal([60, 60]);
  });

  it('to AWS holds for a run of many lives of its tokens and keys', async () => {
    await open({
      userPool: { tokenLifetimeSeconds: 2 },
      credentialsLifetimeSeconds: 2,
      drive: { queriesPerSecond: 1000 },
    });
    const folderId = pictures(60);
    home.edit(config => {
      config.google_drive.queries_per_second = 10;
    });
    await login(sandbox.cloud.admin.password);
    const { code, stderr } = await home.migrator(['migrate', '--folder-id', folderId], { env: NO_PASSWORD });
    expect(code, stderr).to.equal(0);
    expect(sandbox.cloud.appSync.media.size).to.equal(60);
    expect(sandbox.cloud.identityPool.service.requests.get('GetCredentialsForIdentity')).to.be.above(2);
  });

  it('to AWS: keys that are refused end the command, also while Drive is silent', async () => {
    await open();
    const folderId = pictures(3);
    await login(sandbox.cloud.admin.password);
    const { drive, identityPool } = sandbox.cloud;
    inject(drive.service, /files/, times(9, silence));
    const refusal = answer(400, '{"__type":"NotAuthorizedException","message":"no"}');
    inject(identityPool.service, /./, times(9, refusal));
    const { code, stderr } = await home.migrator(['migrate', '--folder-id', folderId], { env: NO_PASSWORD });
    expect(code).to.equal(1);
    expect(stderr).to.contain('identity pool');
  });
});
