import { expect } from 'chai';
import { jsonAnswer } from '../faults.ts';
import { expectArrived } from './expected.ts';
import { Sandbox, statuses } from './sandbox.ts';

describe('a user who is not in ADMINS', () => {
  const sandbox = Sandbox.forAll();

  it('is told so, and the administrator goes on with what was found', async () => {
    const { cloud } = sandbox;
    const sample = sandbox.seedSample();
    const home = await sandbox.home({ account: cloud.viewer });
    const refused = await home.exits(1, ['migrate', '--folder-id', sample.folderId]);
    expect(refused.stderr)
      .to.match(/ADMINS/)
      .and.not.to.match(/\n\s+at /);
    expect(cloud.s3.objects()).to.deep.equal([]);
    expect(cloud.appSync.media.size).to.equal(0);
    expect(home.manifest(sample.folderId, 'list')).to.have.length(sample.files.length);

    home.edit(({ aws }) => (aws.cognito.username = cloud.admin.username));
    await home.exits(3, ['resume', '--folder-id', sample.folderId], {
      env: { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: cloud.admin.password },
    });
    expectArrived(cloud, sample);
    expect(home.manifest(sample.folderId, 'link')).to.have.length(sample.files.length);
  });

  it('may upload but not link when only AppSync refuses: what is in S3 is linked later without a second upload', async () => {
    const { cloud } = sandbox;
    const folderId = sandbox.seed({ '9001.jpg': 'one', '9002.jpg': 'two' }, [9001, 9002]);
    const home = await sandbox.home({ folderId });
    const puts = () => cloud.s3.service.requests.get('PutObject') ?? 0;
    const before = puts();
    const error = {
      errorType: 'Unauthorized',
      message: 'Not Authorized to access createMedia',
      path: ['m0'],
    };
    const refuse = jsonAnswer(200, { data: null, errors: [error] });
    cloud.appSync.service.intercept = (...exchange) => puts() >= before + 2 && refuse(...exchange);
    const refused = await home.exits(1, ['migrate']);
    expect(refused.stderr).to.match(/ADMINS/);
    expect(home.manifest(folderId, 'transfer').map(({ status }) => status)).to.deep.equal([
      'uploaded',
      'uploaded',
    ]);

    cloud.appSync.service.intercept = null;
    await home.exits(0, ['resume']);
    expect(puts()).to.equal(before + 2);
    expect(statuses(home.manifest(folderId, 'link'))).to.deep.equal({ completed: 2 });
  });
});
