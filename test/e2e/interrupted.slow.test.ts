import { expect } from 'chai';
import type { SampleFolder } from '../cloud/drive/sample-folder.ts';
import { arrival, hold } from '../faults.ts';
import { expectAllLinked, linksIn } from './expected.ts';
import { end } from './run-command.ts';
import { type Home, Sandbox } from './sandbox.ts';

describe('a migration that is interrupted', () => {
  const sandbox = Sandbox.forEach();
  let sample: SampleFolder;
  let home: Home;
  beforeEach(async () => {
    sample = sandbox.seedSample();
    home = await sandbox.home({ folderId: sample.folderId, migration: { concurrency: 2 } });
  });

  const isPut = ({ method }: { method?: string }) => method === 'PUT';

  it('by SIGTERM before anything is listed leaves no run, and does not speak of resuming one', async () => {
    const { reached, release } = hold(sandbox.cloud.drive.service, ({ url }) => /files\?/.test(url!));
    const running = home.start(['migrate']);
    await reached;
    process.kill(running.child.pid!, 'SIGTERM');
    await running.said(/Press Ctrl-C again/);
    release();
    const { code, stderr } = await running.ended;
    expect(code).to.equal(130);
    expect(stderr)
      .to.include('Nothing was done yet. Run the same command again.')
      .and.not.match(/resume|Where to look/);
    expect((await home.migrator(['resume'])).stderr).to.include('There is no run');
  });

  it('by Ctrl-C on a pipe of five ends those that still work with 130, and loses no object', async () => {
    const { s3 } = sandbox.cloud;
    const reached = arrival(s3.service, isPut, 5);
    const pipe = home.startPipe(['list', 'parse', 'resolve', 'transfer', 'link'].map(stage => [stage]));
    await reached;
    end(pipe.child, 'SIGINT');
    // The first three have done their work by then.
    expect((await pipe.ended).codes.slice(3)).to.deep.equal([130, 130]);
    s3.service.intercept = null;
    const linked = new Set(linksIn(sandbox.cloud).map(link => link.split(' ')[2]));
    expect(linked.size).to.equal(s3.objects().length);
    await home.exits(3, ['migrate']);
    expectAllLinked(sandbox.cloud, sample, home);
  });

  it('by SIGINT gives one JSON document with --json', async () => {
    const reached = arrival(sandbox.cloud.s3.service, isPut, 3);
    const migration = home.start(['migrate', '--json']);
    await reached;
    process.kill(migration.child.pid!, 'SIGINT');
    const { code, stdout } = await migration.ended;
    expect(code).to.equal(130);
    expect(JSON.parse(stdout).error.code).to.equal('interrupted');
  });

  it('by SIGINT in a single stage keeps what that stage has done', async () => {
    await home.migrator(['scan']);
    const { s3 } = sandbox.cloud;
    const reached = arrival(s3.service, isPut, 3);
    const transfer = home.start(['transfer'], { stdout: 'none' });
    await reached;
    process.kill(transfer.child.pid!, 'SIGINT');
    expect((await transfer.ended).code).to.equal(130);
    const uploaded = home.manifest(sample.folderId, 'transfer').filter(({ url }) => url);
    expect(uploaded).to.have.length(s3.objects().length).and.to.have.length.within(3, 10);
    s3.service.intercept = null;
    for (const stage of ['transfer', 'link']) await home.migrator([stage], { stdout: 'none' });
    expectAllLinked(sandbox.cloud, sample, home);
  });
});
