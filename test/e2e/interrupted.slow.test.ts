import { expect } from 'chai';
import { type SampleFolder, seedSampleFolder } from '../cloud/drive/sample-folder.ts';
import { expectedOf, linksIn, wrongObjects } from './expected.ts';
import { end } from './run-command.ts';
import { arrival, type Home, Sandbox } from './sandbox.ts';

describe('a migration that is interrupted', () => {
  let sandbox: Sandbox;
  let sample: SampleFolder;
  let home: Home;
  beforeEach(async () => {
    sandbox = await Sandbox.open();
    sample = seedSampleFolder(sandbox.cloud.drive);
    sandbox.cloud.appSync.addObservations(sample.sequentialIds);
    home = await sandbox.home({ folderId: sample.folderId, migration: { concurrency: 2 } });
  });
  afterEach(() => sandbox.close());

  const isPut = ({ method }: { method?: string }) => method === 'PUT';
  const expectEverythingToHaveArrived = () => {
    const expected = expectedOf(sandbox.cloud, sample, 'strict');
    expect(wrongObjects(sandbox.cloud, expected)).to.deep.equal([]);
    expect(linksIn(sandbox.cloud)).to.deep.equal(expected.links);
    const ids = home.manifest(sample.folderId, 'link').map(({ id }) => id);
    expect(new Set(ids).size).to.equal(sample.files.length);
  };

  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    it(`by ${signal} finishes what is on its way, ends with 130, and is completed by resume`, async () => {
      const { s3 } = sandbox.cloud;
      const reached = arrival(s3.service, isPut, 5);
      const migration = home.start(['migrate']);
      await reached;
      process.kill(migration.child.pid!, signal);
      const { code, stderr } = await migration.ended;
      expect(code).to.equal(130);
      expect(stderr)
        .to.include('migrator resume')
        .and.not.to.match(/\n\s+at /);
      s3.service.intercept = null;
      expect((await home.migrator(['resume'])).code).to.equal(3);
      expectEverythingToHaveArrived();
    });
  }

  for (const command of ['migrate', 'scan']) {
    it(`by SIGINT before ${command} has listed anything leaves no run, and does not speak of resuming one`, async () => {
      const { service } = sandbox.cloud.drive;
      let answer = () => {};
      const asked = new Promise<void>(resolve => {
        service.intercept = ({ url }) => {
          if (!/files\?/.test(url!)) return false;
          resolve();
          return new Promise<boolean>(go => {
            answer = () => go(false);
          });
        };
      });
      const running = home.start([command]);
      const told = new Promise<void>(resolve => {
        running.child.stderr!.on('data', text => /Press Ctrl-C again/.test(text) && resolve());
      });
      await asked;
      process.kill(running.child.pid!, 'SIGINT');
      await told;
      service.intercept = null;
      answer();
      const { code, stderr } = await running.ended;
      expect(code).to.equal(130);
      expect(stderr)
        .to.include('Nothing was done yet. Run the same command again.')
        .and.not.match(/resume|Where to look/);
      expect((await home.migrator(['resume'])).stderr).to.include('There is no run');
    });
  }

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
    expect((await home.migrator(['migrate'])).code).to.equal(3);
    expectEverythingToHaveArrived();
  });

  for (const { at, service, fits, n } of [
    { at: 'while it lists', service: 'drive', fits: /files\?/, n: 1 },
    { at: 'while it uploads', service: 's3', fits: /media/, n: 7 },
    { at: 'while it links', service: 'appSync', fits: /graphql/, n: 3 },
  ] as const) {
    it(`by kill -9 ${at} is completed by the next run, each object and media record exactly once`, async () => {
      const reached = arrival(sandbox.cloud[service].service, ({ url }) => fits.test(url!), n);
      const migration = home.start(['migrate']);
      await reached;
      end(migration.child, 'SIGKILL');
      expect((await migration.ended).code).to.equal(null);
      sandbox.cloud[service].service.intercept = null;
      const { code, stderr } = await home.migrator(['migrate']);
      expect(code, stderr).to.equal(3);
      expectEverythingToHaveArrived();
    });
  }

  it('by kill -9 again and again comes to its end all the same', async () => {
    for (const n of [2, 4, 6]) {
      const reached = arrival(sandbox.cloud.s3.service, isPut, n);
      const migration = home.start(['migrate']);
      await Promise.race([reached, migration.ended]);
      end(migration.child, 'SIGKILL');
      await migration.ended;
    }
    sandbox.cloud.s3.service.intercept = null;
    expect((await home.migrator(['resume'])).code).to.equal(3);
    expectEverythingToHaveArrived();
  });
});
