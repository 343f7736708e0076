import { expect } from 'chai';
import type { SampleFolder } from '../cloud/drive/sample-folder.ts';
import { arrival, hold, s3Refusal } from '../faults.ts';
import { expectAllLinked } from './expected.ts';
import { type Home, meter, Sandbox, statuses } from './sandbox.ts';

describe('a migration that is interrupted', () => {
  const sandbox = Sandbox.forEach();
  let sample: SampleFolder;
  let home: Home;
  beforeEach(async () => {
    sample = sandbox.seedSample();
    home = await sandbox.home({ folderId: sample.folderId, migration: { concurrency: 2 } });
  });

  const isPut = ({ method }: { method?: string }) => method === 'PUT';

  it('by SIGINT finishes what is on its way, ends with 130, and is completed by resume', async () => {
    const { s3 } = sandbox.cloud;
    const reached = arrival(s3.service, isPut, 5);
    const migration = home.start(['migrate']);
    await reached;
    process.kill(migration.child.pid!, 'SIGINT');
    const { code, stderr } = await migration.ended;
    expect(code).to.equal(130);
    expect(stderr)
      .to.include('migrator resume')
      .and.not.to.match(/\n\s+at /);
    const uploaded = s3.objects().length;
    expect(uploaded).to.be.within(5, 15);
    // Whatever was uploaded was linked, too.
    expect(new Set([...sandbox.cloud.appSync.media.values()].map(({ url }) => url)).size).to.equal(uploaded);
    const progress = JSON.parse(home.read(`progress_${sample.folderId}.json`));
    const { completed, partial = 0 } = progress.summary;
    expect(completed + partial).to.equal(uploaded);

    s3.service.intercept = null;
    const count = meter(sandbox.cloud);
    await home.exits(3, ['resume']);
    expectAllLinked(sandbox.cloud, sample, home);
    expect(count()['s3 PutObject']).to.equal(s3.objects().length - uploaded);
  });

  it('by a second SIGINT ends at once', async () => {
    const { s3 } = sandbox.cloud;
    // An upload that S3 never answers: the first Ctrl-C alone would wait for it.
    const { reached } = hold(s3.service);
    const migration = home.start(['migrate']);
    await reached;
    process.kill(migration.child.pid!, 'SIGINT');
    await migration.said(/Press Ctrl-C again/);
    process.kill(migration.child.pid!, 'SIGINT');
    expect((await migration.ended).code).to.equal(130);
    s3.service.intercept = null;
    await home.exits(3, ['resume']);
    expectAllLinked(sandbox.cloud, sample, home);
  });

  it('says so to a second process on the same run, and names the first', async () => {
    const { reached, release } = hold(sandbox.cloud.s3.service);
    const first = home.start(['migrate']);
    await reached;
    for (const args of [['resume'], ['link']]) {
      const second = await home.exits(1, args, { stdout: 'none' });
      expect(second.stderr, args[0])
        .to.include(`process ${first.child.pid}`)
        .and.to.include('migrator migrate');
    }
    await home.exits(0, ['status']);
    release();
    expect((await first.ended).code).to.equal(3);
    expectAllLinked(sandbox.cloud, sample, home);
  });

  it('fails files whose upload keeps failing, and migrates them when S3 is well again', async () => {
    const { s3 } = sandbox.cloud;
    // Other files succeed in between, so the run continues.
    const isUnlucky = (url = '') => new URL(url, s3.service.url).pathname.length % 2 === 0;
    const fail = s3Refusal(500, 'InternalError');
    s3.service.intercept = (request, response) => isUnlucky(request.url) && fail(request, response);
    home.edit(config => Object.assign(config.migration, { retry_attempts: 0 }));
    await home.exits(3, ['migrate']);
    const { failed = 0, partial = 0 } = statuses(home.manifest(sample.folderId, 'link'));
    expect(failed).to.be.above(5);
    expect(JSON.parse(home.only('.', /^failed_/))).to.have.length(failed + partial);
    s3.service.intercept = null;
    await home.exits(3, ['resume']);
    expectAllLinked(sandbox.cloud, sample, home);
    const still = JSON.parse(home.only('.', /^failed_/));
    expect(still.map(({ name }: { name: string }) => name)).to.deep.equal(['6002-6004.jpg']);
  });
});
