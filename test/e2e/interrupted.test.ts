import { expect } from 'chai';
import { type SampleFolder, seedSampleFolder } from '../cloud/drive/sample-folder.ts';
import { expectedOf, linksIn, wrongObjects } from './expected.ts';
import { end } from './run-command.ts';
import { arrival, type Home, meter, Sandbox, statuses } from './sandbox.ts';

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

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
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
      const uploaded = s3.objects().length;
      expect(uploaded).to.be.within(5, 15);
      // Whatever was uploaded was linked, too.
      expect(new Set([...sandbox.cloud.appSync.media.values()].map(({ url }) => url)).size).to.equal(
        uploaded,
      );
      const progress = JSON.parse(home.read(`progress_${sample.folderId}.json`));
      const { completed, partial = 0 } = progress.summary;
      expect(completed + partial).to.equal(uploaded);

      s3.service.intercept = null;
      const count = meter(sandbox.cloud);
      expect((await home.migrator(['resume'])).code).to.equal(3);
      expectEverythingToHaveArrived();
      expect(count()['s3 PutObject']).to.equal(s3.objects().length - uploaded);
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
    expectEverythingToHaveArrived();
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
    expect((await home.migrator(['migrate'])).code).to.equal(3);
    expectEverythingToHaveArrived();
  });

  it('by a second SIGINT ends at once', async () => {
    const { s3 } = sandbox.cloud;
    const stuck = new Promise<void>(resolve => {
      // An upload that S3 never answers: the first Ctrl-C alone would wait for it.
      s3.service.intercept = () => {
        resolve();
        return true;
      };
    });
    const migration = home.start(['migrate']);
    const told = new Promise<void>(resolve => {
      migration.child.stderr!.on('data', text => /Press Ctrl-C again/.test(text) && resolve());
    });
    await stuck;
    process.kill(migration.child.pid!, 'SIGINT');
    await told;
    process.kill(migration.child.pid!, 'SIGINT');
    expect((await migration.ended).code).to.equal(130);
    s3.service.intercept = null;
    expect((await home.migrator(['resume'])).code).to.equal(3);
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

  it('says so to a second process on the same run, and names the first', async () => {
    let release = () => {};
    const held = new Promise<boolean>(resolve => {
      release = () => resolve(false);
    });
    const { s3 } = sandbox.cloud;
    const reached = new Promise<void>(resolve => {
      s3.service.intercept = () => {
        resolve();
        return held;
      };
    });
    const first = home.start(['migrate']);
    await reached;
    for (const args of [['migrate'], ['resume'], ['scan'], ['parse'], ['link']]) {
      const second = await home.migrator(args, { stdout: 'none' });
      expect(second.code, args[0]).to.equal(1);
      expect(second.stderr, args[0])
        .to.include(`process ${first.child.pid}`)
        .and.to.include('migrator migrate');
    }
    expect((await home.migrator(['status'])).code).to.equal(0);
    release();
    expect((await first.ended).code).to.equal(3);
    expectEverythingToHaveArrived();
  });

  it('fails files whose upload keeps failing, and migrates them when S3 is well again', async () => {
    const { s3 } = sandbox.cloud;
    // Other files succeed in between, so the run continues.
    const isUnlucky = (url = '') => new URL(url, s3.service.url).pathname.length % 2 === 0;
    s3.service.intercept = ({ url }, response) => {
      if (!isUnlucky(url)) return false;
      response.writeHead(500, { 'content-type': 'application/xml' });
      response.end(
        '<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>',
      );
      return true;
    };
    home.edit(config => {
      config.migration.retry_attempts = 0;
    });
    expect((await home.migrator(['migrate'])).code).to.equal(3);
    const { failed = 0, partial = 0 } = statuses(home.manifest(sample.folderId, 'link'));
    expect(failed).to.be.above(5);
    expect(JSON.parse(home.only('.', /^failed_/))).to.have.length(failed + partial);
    s3.service.intercept = null;
    expect((await home.migrator(['resume'])).code).to.equal(3);
    expectEverythingToHaveArrived();
  });
});
