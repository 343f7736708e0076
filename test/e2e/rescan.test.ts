import { expect } from 'chai';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

describe('migrate --rescan', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open();
  });
  after(() => sandbox.close());

  const opened = (observations = 3) => PictureFolder.open(sandbox, observations);
  /** Migrates again after a new listing; gives the exit code and what was found to have changed. */
  async function rescan(folder: PictureFolder, ...more: string[]) {
    const { code, stdout, stderr } = await folder.migrator(['migrate', '--rescan', '--json', ...more]);
    if (stdout === '') throw new Error(stderr);
    return { code, changes: JSON.parse(stdout).changes };
  }
  const none = { added: 0, renamed: 0, replaced: 0, removed: 0 };

  it('finds nothing where nothing has changed, and moves nothing', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    folder.add(`${a}.jpg`, 'a');
    await folder.migrator(['migrate']);
    const before = folder.home.manifests(folder.folderId);
    const count = meter(sandbox.cloud);
    expect(await rescan(folder)).to.deep.equal({ code: 0, changes: none });
    expect(count()).not.to.have.any.keys('s3 PutObject', 'field createMedia');
    expect(folder.home.manifests(folder.folderId)).to.deep.equal(before);
  });

  it('migrates a file that was added', async () => {
    const folder = await opened();
    const [a, b] = folder.ids;
    folder.add(`${a}.jpg`, 'a');
    await folder.migrator(['migrate']);
    folder.add(`${b}.jpg`, 'b');
    const count = meter(sandbox.cloud);
    expect(await rescan(folder)).to.deep.equal({ code: 0, changes: { ...none, added: 1 } });
    expect(count()).to.include({ 's3 PutObject': 1, 'field createMedia': 1 });
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'a', [`${b}/${b}.jpg`]: 'b' });
  });

  it('reads the names of added files as the run was told to, unless it is told otherwise now', async () => {
    const folder = await opened();
    const [a, b, c] = folder.ids;
    folder.add(`${a}A.jpg`, 'a');
    await folder.migrator(['migrate', '--naming', 'relaxed']);
    folder.add(`${b}B.jpg`, 'b');
    expect((await folder.migrator(['resume', '--rescan'])).code).to.equal(0);
    expect(folder.objects()).to.have.all.keys(`${a}/${a}A.jpg`, `${b}/${b}B.jpg`);
    folder.add(`${c}C.jpg`, 'c');
    expect((await folder.migrator(['resume', '--rescan', '--naming', 'strict'])).code).to.equal(3);
    expect(folder.objects()).to.have.all.keys(`${a}/${a}A.jpg`, `${b}/${b}B.jpg`);
  });

  it('goes ahead with a file that was renamed to a name that says what it shows', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    const id = folder.add('holiday.jpg', 'a');
    await folder.migrator(['migrate']);
    expect(folder.statusOf(id)).to.match(/^needs_review/);
    sandbox.cloud.drive.tree.rename(id, `${a}.jpg`);
    expect(await rescan(folder)).to.deep.equal({ code: 0, changes: { ...none, renamed: 1 } });
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'a' });
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
  });

  it('leaves object and link of a migrated file that was renamed within its observation', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    const id = folder.add(`${a}.jpg`, 'a');
    await folder.migrator(['migrate']);
    sandbox.cloud.drive.tree.rename(id, `${a}b.jpg`);
    const count = meter(sandbox.cloud);
    expect(await rescan(folder)).to.deep.equal({ code: 0, changes: { ...none, renamed: 1 } });
    expect(count()).not.to.have.any.keys('s3 PutObject', 'field createMedia', 'drive files.download');
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
    expect(folder.statusOf(id)).to.equal('completed');
  });

  it('leaves a migrated file to a person when its new name means another observation', async () => {
    const folder = await opened();
    const [a, b] = folder.ids;
    const id = folder.add(`${a}.jpg`, 'a');
    await folder.migrator(['migrate']);
    sandbox.cloud.drive.tree.rename(id, `${b}.jpg`);
    expect(await rescan(folder)).to.deep.equal({ code: 3, changes: { ...none, renamed: 1 } });
    expect(folder.statusOf(id)).to.equal('needs_review: linked_elsewhere');
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
    sandbox.cloud.drive.tree.rename(id, `${a}.jpg`);
    expect((await rescan(folder)).code).to.equal(0);
    expect(folder.statusOf(id)).to.equal('completed');
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
  });

  it('does not forget the object of a migrated file whose name meant nothing for a while', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    const id = folder.add(`${a}.jpg`, 'a');
    await folder.migrator(['migrate']);
    sandbox.cloud.drive.tree.rename(id, 'holiday.jpg');
    expect((await rescan(folder)).code).to.equal(3);
    sandbox.cloud.drive.tree.rename(id, `${a}c.jpg`);
    const count = meter(sandbox.cloud);
    expect((await rescan(folder)).code).to.equal(0);
    expect(count()).not.to.have.any.keys('s3 PutObject', 'field createMedia');
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'a' });
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
  });

  it('transfers a replaced file over its old object, and leaves its link as it is', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    const id = folder.add(`${a}.jpg`, 'old');
    await folder.migrator(['migrate']);
    const media = folder.media();
    sandbox.cloud.drive.tree.replaceContent(id, Buffer.from('new bytes'));
    expect(await rescan(folder)).to.deep.equal({ code: 0, changes: { ...none, replaced: 1 } });
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'new bytes' });
    expect(folder.media()).to.deep.equal(media);
    expect(await rescan(folder)).to.deep.equal({ code: 0, changes: none });
  });

  it('transfers a replaced file also with --skip-existing', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    const id = folder.add(`${a}.jpg`, 'old');
    await folder.migrator(['migrate']);
    sandbox.cloud.drive.tree.replaceContent(id, Buffer.from('new bytes'));
    expect((await rescan(folder, '--skip-existing')).code).to.equal(0);
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'new bytes' });
    expect(folder.links()).to.have.length(1);
  });

  it('goes on with a replacement that failed, also when the file has been renamed in the meantime', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    const id = folder.add(`${a}.jpg`, 'old');
    await folder.migrator(['migrate']);
    const { tree } = sandbox.cloud.drive;
    tree.replaceContent(id, Buffer.from('new bytes'));
    tree.change(id, { canDownload: false });
    expect((await rescan(folder)).code).to.equal(3);
    tree.change(id, { canDownload: true });
    tree.rename(id, `${a}b.jpg`);
    expect((await rescan(folder)).code).to.equal(0);
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'new bytes' });
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
  });

  it('keeps what was migrated of a removed file, gives up what was not, and counts each once', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    const done = folder.add(`${a}.jpg`, 'a');
    const open = folder.add('holiday.jpg', 'b');
    await folder.migrator(['migrate']);
    sandbox.cloud.drive.tree.remove(done);
    sandbox.cloud.drive.tree.remove(open);
    expect(await rescan(folder)).to.deep.equal({ code: 3, changes: { ...none, removed: 2 } });
    expect(folder.statusOf(done)).to.equal('completed');
    expect(folder.statusOf(open)).to.equal('orphan: removed_from_drive');
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'a' });
    expect((await rescan(folder)).changes).to.deep.equal(none);
  });

  it('takes a removed file up again when it comes back', async () => {
    const folder = await opened();
    const [a, b] = folder.ids;
    const done = folder.add(`${a}.jpg`, 'a');
    const open = folder.add('holiday.jpg', 'b');
    await folder.migrator(['migrate']);
    const { tree } = sandbox.cloud.drive;
    for (const id of [done, open]) tree.change(id, { trashed: true });
    await rescan(folder);
    for (const id of [done, open]) tree.change(id, { trashed: false });
    tree.rename(open, `${b}.jpg`);
    expect(await rescan(folder)).to.deep.equal({ code: 0, changes: { ...none, added: 2 } });
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`, `${b} → ${b}/${b}.jpg`]);
  });

  it('links a removed file whose object stands when its missing observation appears', async () => {
    const folder = await opened(1);
    const [a] = folder.ids;
    const id = folder.add(`${a}-${a! + 1}.jpg`, 'ab');
    await folder.migrator(['migrate']);
    sandbox.cloud.drive.tree.remove(id);
    expect((await rescan(folder)).code).to.equal(3);
    expect(folder.statusOf(id)).to.equal('partial: observations_missing');
    folder.addObservation(a! + 1);
    expect((await folder.migrator(['resume'])).code).to.equal(0);
    const object = `${a}/${a}-${a! + 1}.jpg`;
    expect(folder.links()).to.deep.equal([`${a} → ${object}`, `${a! + 1} → ${object}`]);
  });

  it('keeps the key of a transferred file when an earlier observation of its range appears', async () => {
    const folder = await opened(1);
    const later = folder.ids[0]!;
    const earlier = later + 50;
    folder.add(`${later}.jpg`, 'one');
    const id = folder.add(`${later + 49}-${earlier}.jpg`, 'range');
    folder.addObservation(earlier);
    await folder.migrator(['migrate']);
    expect(folder.statusOf(id)).to.equal('partial: observations_missing');
    folder.addObservation(later + 49);
    expect(await rescan(folder)).to.deep.equal({ code: 0, changes: none });
    const object = `${earlier}/${later + 49}-${earlier}.jpg`;
    expect(folder.objects()).to.have.property(object, 'range');
    expect(folder.links()).to.include.members([`${later + 49} → ${object}`, `${earlier} → ${object}`]);
  });

  it('is not needed for a file that is replaced between listing and transfer, which is migrated as it is now', async () => {
    const folder = await opened(1);
    const [a] = folder.ids;
    const id = folder.add(`${a}.jpg`, 'old');
    await folder.migrator(['scan']);
    const { tree, service } = sandbox.cloud.drive;
    // After Drive has been asked for changes, and before the bytes are read.
    service.intercept = ({ url }) => {
      if (url?.includes('alt=media')) {
        service.intercept = null;
        tree.replaceContent(id, Buffer.from('newer'));
      }
      return false;
    };
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'newer' });
    expect(folder.record(id)).to.include({ size: 5, verified: 'md5' });
    const count = meter(sandbox.cloud);
    expect((await folder.migrator(['resume'])).code).to.equal(0);
    expect(count()).not.to.have.any.keys('drive files.download', 's3 PutObject', 'field createMedia');
  });

  it('does not help a file whose bytes contradict its md5; a person may accept them as they come', async () => {
    const folder = await opened(1);
    const [a] = folder.ids;
    const content = Buffer.from('real');
    const md5 = 'a'.repeat(32);
    const id = sandbox.cloud.drive.tree.addFile({ name: `${a}.jpg`, parent: folder.folderId, content, md5 });
    expect((await folder.migrator(['migrate'])).code).to.equal(3);
    expect(folder.statusOf(id)).to.equal('needs_review: bytes_contradict');
    expect((await folder.migrator(['review', '--accept', 'as-downloaded'])).stdout).to.include(
      'as downloaded',
    );
    expect((await folder.migrator(['resume'])).code).to.equal(0);
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'real' });
    expect(folder.record(id)).to.include({ md5, verified: 'downloaded', status: 'completed' });
    expect((await folder.migrator(['verify', '--deep'])).code).to.equal(0);
    const count = meter(sandbox.cloud);
    expect((await folder.migrator(['resume'])).code).to.equal(0);
    expect(count()).not.to.have.any.keys('drive files.download', 's3 PutObject', 'field createMedia');
  });
});
