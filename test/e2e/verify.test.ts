import { expect } from 'chai';
import type { Intercept } from '../cloud/service.ts';
import { always, answer, breakAfter, hold, inject, stallAfter } from '../faults.ts';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

describe('verify', () => {
  const sandbox = Sandbox.forAll();

  /** Five migrated files: one for each kind of damage, and one that stays whole. Each test leaves them as they were. */
  let migrated: Awaited<ReturnType<typeof PictureFolder.migrated>>;
  let folder: PictureFolder;

  before(async () => {
    migrated = await PictureFolder.migrated(sandbox, 5);
    folder = migrated.folder;
  });

  const mediaOf = (id: number) =>
    folder.media().find(({ observationId }) => observationId === folder.observationOf(id))!;
  async function verified(flags: string[] = [], target = folder) {
    const { code, checked, problems, set_back } = await target.json('verify', ...flags);
    const found = problems.map(
      (problem: { name: string; code: string }) => `${problem.name} ${problem.code}`,
    );
    return { code, checked, found: found.sort(), set_back };
  }

  it('finds everything there after a migration, and changes nothing', async () => {
    const before = folder.manifests(folder.folderId);
    const outcome = await verified(['--deep', '--repair']);
    expect(outcome).to.deep.equal({ code: 0, checked: 5, found: [], set_back: 0 });
    expect(folder.manifests(folder.folderId)).to.deep.equal(before);
    expect(folder.objects()).to.deep.equal(migrated.objects);
    expect(folder.links()).to.deep.equal(migrated.links);
  });

  it('ends with 130 on Ctrl-C, also while S3 is silent', async () => {
    const { reached } = hold(sandbox.cloud.s3.service);
    const running = folder.start(['verify', '--folder-id', folder.folderId]);
    await reached;
    process.kill(running.child.pid!, 'SIGINT');
    const { code, stderr } = await running.ended;
    expect(code, stderr).to.equal(130);
    expect(stderr).to.include('Interrupted');
  });

  it('finds what is missing or other than it should be; --repair and resume put it right, each link once', async () => {
    const [gone, altered, unlinked, both] = folder.ids as [number, number, number, number];
    const { s3, appSync } = sandbox.cloud;
    s3.remove(folder.keyOf(gone, `${gone}.jpg`));
    s3.put(folder.keyOf(altered, `${altered}.jpg`), 'something else', 'image/jpeg');
    appSync.removeMedia(mediaOf(unlinked).id);
    s3.remove(folder.keyOf(both, `${both}.jpg`));
    appSync.removeMedia(mediaOf(both).id);

    const found = [
      `${gone}.jpg object_missing`,
      `${altered}.jpg object_differs`,
      `${unlinked}.jpg media_missing`,
      `${both}.jpg media_missing`,
      `${both}.jpg object_missing`,
    ];
    expect(await verified()).to.deep.equal({ code: 3, checked: 5, found, set_back: 0 });
    expect(await verified(['--repair'])).to.deep.equal({ code: 0, checked: 5, found, set_back: 4 });
    const progress = JSON.parse(folder.read(`progress_${folder.folderId}.json`));
    expect(progress.summary).to.deep.equal({ pending: 3, uploaded: 1, completed: 1 });

    const count = meter(sandbox.cloud);
    await folder.exits(0, ['resume']);
    expect(count()).to.include({ 's3 PutObject': 3, 'field createMedia': 2, 'drive files.download': 3 });
    expect(folder.objects()).to.deep.equal(migrated.objects);
    expect(folder.links()).to.deep.equal(migrated.links);
  });

  it('leaves a media record that somebody has changed to a person', async () => {
    const id = folder.ids[0]!;
    const media = mediaOf(id);
    sandbox.cloud.appSync.changeMedia(media.id, { url: folder.urlOf(id, 'other.jpg') });
    const outcome = { code: 3, checked: 5, found: [`${id}.jpg media_differs`], set_back: 0 };
    expect(await verified(['--repair'])).to.deep.equal(outcome);
    const { stdout } = await folder.migrator(['verify']);
    expect(stdout).to.include(media.id).and.to.include('in the app');
    sandbox.cloud.appSync.changeMedia(media.id, { url: folder.urlOf(id, `${id}.jpg`) });
  });

  it('sees bytes behind an unchanged etag only with --deep', async () => {
    const id = folder.ids[0]!;
    inject(sandbox.cloud.s3.service, new RegExp(`^GET .*${id}\\.jpg`), [answer(200, 'rotten bytes')]);
    expect(await verified()).to.include({ code: 0 });
    const { found } = await verified(['--deep', '--repair']);
    sandbox.cloud.s3.service.intercept = null;
    expect(found).to.deep.equal([`${id}.jpg object_differs`]);
    const count = meter(sandbox.cloud);
    await folder.exits(0, ['resume']);
    expect(count()).to.include({ 's3 PutObject': 1 });
    expect(folder.objects()).to.deep.equal(migrated.objects);
  });

  it('does not take objects that it may not look at for missing ones', async () => {
    const before = folder.manifests(folder.folderId);
    always(sandbox.cloud.s3.service, /^HEAD/, answer(403, ''));
    const { code, error } = await folder.json('verify', '--repair');
    expect([code, error.code]).to.deep.equal([1, 'storage_access_denied']);
    expect(folder.manifests(folder.folderId)).to.deep.equal(before);
  });

  it('does not let what is set back overwrite what somebody has put there in the meantime', async () => {
    const { folder, driveIds } = await PictureFolder.migrated(sandbox, 1);
    const id = folder.ids[0]!;
    const key = folder.keyOf(id, `${id}.jpg`);
    sandbox.cloud.s3.put(key, 'something else', 'image/jpeg');
    await verified(['--repair'], folder);
    sandbox.cloud.s3.put(key, 'and yet another', 'image/jpeg');
    await folder.exits(3, ['resume']);
    expect(folder.statusOf(driveIds[0]!)).to.equal('needs_review: key_taken');
    expect(sandbox.cloud.s3.read(key).toString()).to.equal('and yet another');
  });

  it('--deep lives through expired keys, broken and stalled reads, and throttling', async () => {
    const large = await PictureFolder.open(sandbox, 1, { migration: { stall_timeout_seconds: 1 } });
    large.add(`${large.ids[0]}.jpg`, Buffer.alloc(300_000, 'bytes'));
    await large.exits(0, ['migrate']);
    const { s3, credentials } = sandbox.cloud;
    const expire: Intercept = request => {
      credentials.expire(/Credential=([^/]+)/.exec(request.headers.authorization ?? '')![1]!);
      return false;
    };
    const slowDown = answer(503, '<Error><Code>SlowDown</Code><Message>Slow down</Message></Error>');
    const faults = [expire, expire, slowDown, breakAfter(100_000), expire, stallAfter(70_000), breakAfter(1)];
    inject(s3.service, /^(HEAD|GET)/, faults);
    const outcome = await verified(['--deep'], large);
    expect(outcome).to.deep.equal({ code: 0, checked: 1, found: [], set_back: 0 });
  });
});
