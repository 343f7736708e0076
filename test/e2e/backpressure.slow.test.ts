import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { arrival, hold } from '../faults.ts';
import { end } from './run-command.ts';
import { type Home, meter, recordsIn, Sandbox, total } from './sandbox.ts';

const FIRST_ID = 100_000;

/** Subfolders of 100 small files each, with an observation for each file. */
function seedMany(sandbox: Sandbox, count: number): string {
  const { tree } = sandbox.cloud.drive;
  const folderId = tree.addFolder({ name: 'many' });
  const ids = Array.from({ length: count }, (_, index) => FIRST_ID + index);
  let parent = folderId;
  for (const [index, id] of ids.entries()) {
    if (index % 100 === 0) parent = tree.addFolder({ name: `from ${id}`, parent: folderId });
    tree.addFile({ name: `${id}.jpg`, parent, content: Buffer.from(`picture ${id}`) });
  }
  sandbox.cloud.appSync.addObservations(ids);
  return folderId;
}

/** Most memory that the process has had so far, in MiB. */
function peakMemory(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kib) / 1024;
}

describe('backpressure', () => {
  const FILES = 5000;
  const PAGES = FILES / 20;
  const sandbox = Sandbox.forAll({ drive: { pageSizeLimit: 20 } });
  let folderId: string;
  let home: Home;
  let other: Home;

  before(async () => {
    folderId = seedMany(sandbox, FILES);
    home = await sandbox.home({ folderId });
    other = await sandbox.home({ folderId });
  });
  const pages = () => sandbox.cloud.drive.service.requests.get('files.list') ?? 0;

  /** Lists the folder to its end beside what stands still: the time in which that could have gone on. */
  const pagesOfOthersMeanwhile = async () => {
    const before = pages();
    const { stdout } = await other.migrator(['list']);
    expect(recordsIn(stdout)).to.have.length(FILES);
    return before;
  };

  it('stops the listing when nobody reads on, and finishes it when somebody does', async () => {
    const list = home.start(['list'], { stdout: 'held' });
    await pagesOfOthersMeanwhile();
    const before = pages();
    await pagesOfOthersMeanwhile();
    const used = pages() - before;
    // The second time only the other one listed: the first stands still.
    expect(used).to.be.within(PAGES, PAGES + 10);
    expect(before - used).to.be.below(PAGES / 2);
    list.release();
    const { code, stdout } = await list.ended;
    expect(code).to.equal(0);
    expect(recordsIn(stdout)).to.have.length(FILES);
  });

  it('stops the listing of a migration that cannot upload', async () => {
    const { reached } = hold(sandbox.cloud.s3.service);
    const migration = home.start(['migrate']);
    await reached;
    await pagesOfOthersMeanwhile();
    const before = pages();
    await pagesOfOthersMeanwhile();
    expect(pages() - before).to.be.within(PAGES, PAGES + 10);
    expect(home.manifest(folderId, 'list')).to.have.length.below(FILES / 2);
    end(migration.child);
    await migration.ended;
  });
});

describe('a folder of some thousand files', () => {
  const FILES = 1500;
  const sandbox = Sandbox.forAll();
  let folderId: string;
  let home: Home;
  before(async () => {
    folderId = seedMany(sandbox, FILES);
    home = await sandbox.home({ folderId, migration: { concurrency: 32 } });
  });

  it('costs each service few requests, and downloads nothing twice', async () => {
    const count = meter(sandbox.cloud);
    expect(await home.json('migrate')).to.deep.include({ code: 0, summary: { completed: FILES } });
    const { objects } = sandbox.cloud.s3;
    expect(
      objects()
        .map(({ key }) => sandbox.cloud.s3.read(key).toString())
        .sort(),
    ).to.deep.equal(Array.from({ length: FILES }, (_, index) => `picture ${FIRST_ID + index}`).sort());
    expect(sandbox.cloud.appSync.media.size).to.equal(FILES);

    const counts = count();
    expect(counts['drive files.download']).to.equal(FILES);
    const folders = FILES / 100 + 1;
    expect(counts['drive files.list']).to.be.at.most(FILES / 1000 + 1 + folders / 10);
    expect(total(counts, 'drive')).to.be.at.most(FILES + FILES / 1000 + folders / 10 + 5);
    expect(counts['s3 PutObject']).to.equal(FILES);
    expect(total(counts, 's3')).to.equal(FILES);
    expect(total(counts, 'appsync')).to.be.at.most(FILES / 1000 + FILES / 25 + 10);
  });

  it('costs next to nothing the second time', async () => {
    const count = meter(sandbox.cloud);
    await home.exits(0, ['migrate']);
    const counts = count();
    expect(total(counts, 's3')).to.equal(0);
    expect(total(counts, 'drive')).to.be.at.most(5);
    expect(total(counts, 'appsync')).to.be.at.most(2);
  });
});

describe('a large file', () => {
  const sandbox = Sandbox.forAll();

  it('is never whole in memory or on disk', async function () {
    if (!existsSync('/proc/self/status')) this.skip();
    const { cloud } = sandbox;
    // Above the threshold, so that it goes in parts.
    const size = 216 * 1024 * 1024;
    const folderId = cloud.drive.tree.addFolder({ name: 'films' });
    cloud.drive.tree.addFile({ name: '1.mp4', parent: folderId, content: { size, seed: 1 } });
    cloud.appSync.addObservations([1]);
    const home = await sandbox.home({ folderId, migration: { multipart_threshold_mb: 200 } });
    const completing = arrival(
      cloud.s3.service,
      ({ method, url }) => method === 'POST' && /uploadId=/.test(url!),
    );
    const migration = home.start(['migrate']);
    await completing;
    expect(peakMemory(migration.child.pid!)).to.be.below(250);
    expect((await migration.ended).code).to.equal(0);
    const [object] = cloud.s3.objects();
    expect(object).to.include({ size, md5: cloud.drive.tree.childrenOf(folderId)[0]!.content!.md5() });
  });
});

describe('a key under which another object is', () => {
  const sandbox = Sandbox.forAll();

  it('is sent no bytes of a large file, and none of any file in a second run', async () => {
    const { drive, s3, appSync } = sandbox.cloud;
    const folderId = drive.tree.addFolder({ name: 'pictures' });
    const sizes = { '1.mp4': 20 * 1024 * 1024, '2.jpg': 1000 };
    for (const [name, size] of Object.entries(sizes))
      drive.tree.addFile({ name, parent: folderId, content: { size, seed: size } });
    appSync.addObservations([1, 2]);
    expect((await (await sandbox.home({ folderId })).migrator(['migrate'])).code).to.equal(0);
    for (const { key } of s3.objects()) s3.put(key, Buffer.from('something else'));

    const home = await sandbox.home({ folderId });
    const inFirst = meter(sandbox.cloud);
    await home.exits(3, ['migrate']);
    expect(inFirst()['s3 PutObject'], 'of the small file, which is refused').to.equal(1);
    const inSecond = meter(sandbox.cloud);
    await home.exits(3, ['resume']);
    const counts = inSecond();
    expect(counts).not.to.have.any.keys('s3 PutObject', 's3 CreateMultipartUpload', 'drive files.download');
    expect(home.manifest(folderId, 'link').map(({ error }) => error?.code)).to.deep.equal([
      'key_taken',
      'key_taken',
    ]);
  });
});
