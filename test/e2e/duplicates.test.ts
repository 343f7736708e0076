import { expect } from 'chai';
import { md5Of } from '../services/s3/local-storage.ts';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

describe('files that are alike', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open();
  });
  after(() => sandbox.close());

  const opened = (observations = 2) =>
    PictureFolder.open(sandbox, observations, { more: { naming: 'relaxed' } });
  const addFolder = (name: string, parent: string) => sandbox.cloud.drive.tree.addFolder({ name, parent });

  for (const order of ['the copy', 'the original']) {
    it(`with the same bytes and ids are migrated once, by the cleanest name, when ${order} is listed first`, async () => {
      const folder = await opened();
      const [a] = folder.ids;
      const names = [`${a} (1).jpg`, `${a}.jpg`, `${a} - Copy.jpg`];
      if (order === 'the original') names.reverse();
      const ids = new Map(names.map(name => [name, folder.add(name, 'same')]));
      expect((await folder.migrator(['migrate'])).code).to.equal(0);
      expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'same' });
      expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
      for (const name of [`${a} (1).jpg`, `${a} - Copy.jpg`]) {
        const { status, error } = folder.record(ids.get(name)!);
        expect({ status, survivor: error?.survivor }).to.deep.equal({
          status: 'duplicate',
          survivor: ids.get(`${a}.jpg`),
        });
      }
    });
  }

  it('are found across folders, also with the very same name', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    const deep = folder.add(`${a}.jpg`, 'same', addFolder('b', folder.folderId));
    const other = folder.add(`${a}.jpg`, 'same', addFolder('a', folder.folderId));
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(folder.statusOf(other)).to.equal('completed');
    expect(folder.record(deep).error).to.include({ code: 'duplicate', survivor: other });
    expect(folder.record(deep).error!.message).to.include(`a/${a}.jpg`);
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
  });

  it('are found across runs: what is migrated stays, however clean the name of the new one', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    const first = folder.add(`${a} (1).jpg`, 'same');
    await folder.migrator(['migrate']);
    const second = folder.add(`${a}.jpg`, 'same');
    const count = meter(sandbox.cloud);
    expect((await folder.migrator(['migrate', '--rescan'])).code).to.equal(0);
    expect(count()).not.to.have.any.keys('s3 PutObject', 'field createMedia');
    expect(folder.statusOf(first)).to.equal('completed');
    expect(folder.record(second).error).to.include({ code: 'duplicate', survivor: first });
  });

  it('with one name and other bytes are left to a person, who is told of both', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    const one = folder.add(`${a}.jpg`, 'one');
    const two = folder.add(`${a}.jpg`, 'two');
    expect((await folder.migrator(['migrate'])).code).to.equal(3);
    const [first, second] = folder.statusOf(one) === 'completed' ? [one, two] : [two, one];
    const { error } = folder.record(second!);
    expect(error).to.include({ code: 'key_collision', first });
    expect(error!.message).to.include(first!).and.to.include(second!);
    expect(Object.keys(folder.objects())).to.deep.equal([`${a}/${a}.jpg`]);
    const before = folder.objects();
    sandbox.cloud.drive.tree.rename(second!, `${a}b.jpg`);
    expect((await folder.migrator(['migrate', '--rescan'])).code).to.equal(0);
    expect(folder.objects()).to.include(before);
    expect(Object.values(folder.objects()).sort()).to.deep.equal(['one', 'two']);
  });

  it('leave alone what cost them nothing: a second run asks for no observation and writes nothing', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    for (const name of [`${a}.jpg`, `${a} (1).jpg`]) folder.add(name, 'same');
    await folder.migrator(['migrate']);
    const before = folder.home.manifests(folder.folderId);
    const count = meter(sandbox.cloud);
    expect((await folder.migrator(['resume'])).code).to.equal(0);
    expect(count()).to.have.all.keys('drive token');
    expect(folder.home.manifests(folder.folderId)).to.deep.equal(before);
  });

  describe('when the one that was to be migrated', () => {
    async function withFailingSurvivor() {
      const folder = await opened();
      const [a] = folder.ids;
      const survivor = folder.add(`${a}.jpg`, 'same');
      const copy = folder.add(`${a} (1).jpg`, 'same');
      return { folder, a: a!, survivor, copy, tree: sandbox.cloud.drive.tree };
    }

    it('disappears before it was: the other one takes its place', async () => {
      const { folder, a, survivor, copy, tree } = await withFailingSurvivor();
      await folder.migrator(['scan']);
      tree.remove(survivor);
      expect((await folder.migrator(['migrate', '--rescan'])).code).to.equal(3);
      expect(folder.statusOf(survivor)).to.equal('orphan: removed_from_drive');
      expect(folder.statusOf(copy)).to.equal('completed');
      expect(folder.objects()).to.deep.equal({ [`${a}/${a} (1).jpg`]: 'same' });
      expect(folder.media()).to.have.length(1);
    });

    it('disappears after it was: the other one remains its duplicate', async () => {
      const { folder, a, survivor, copy, tree } = await withFailingSurvivor();
      await folder.migrator(['migrate']);
      tree.remove(survivor);
      expect((await folder.migrator(['migrate', '--rescan'])).code).to.equal(0);
      expect(folder.statusOf(copy)).to.equal('duplicate: duplicate');
      expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
    });

    it('gets other bytes: the other one keeps the old ones', async () => {
      const { folder, a, survivor, copy, tree } = await withFailingSurvivor();
      await folder.migrator(['migrate']);
      tree.replaceContent(survivor, Buffer.from('new'));
      expect((await folder.migrator(['migrate', '--rescan'])).code).to.equal(0);
      expect(folder.statusOf(copy)).to.equal('completed');
      expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'new', [`${a}/${a} (1).jpg`]: 'same' });
      expect(folder.links()).to.have.length(2);
    });

    it('is renamed to show something else before it was: both go ahead', async () => {
      const { folder, a, survivor, copy, tree } = await withFailingSurvivor();
      await folder.migrator(['scan']);
      tree.rename(survivor, `${a + 1}.jpg`);
      expect((await folder.migrator(['migrate', '--rescan'])).code).to.equal(0);
      expect([folder.statusOf(survivor), folder.statusOf(copy)]).to.deep.equal(['completed', 'completed']);
      expect(folder.links()).to.deep.equal([`${a} → ${a}/${a} (1).jpg`, `${a + 1} → ${a + 1}/${a + 1}.jpg`]);
    });
  });

  describe('when the one that was to be migrated cannot be transferred', () => {
    const content = 'same';
    const bytes = Buffer.from(content);
    const KINDS: Record<string, (file: { name: string; parent: string }) => void> = {
      'its owner forbids the download': file =>
        sandbox.cloud.drive.tree.addFile({ ...file, content: bytes, canDownload: false }),
      'Google takes it for malware': file =>
        sandbox.cloud.drive.tree.addFile({ ...file, content: bytes, abusive: true }),
      'its bytes are others than Drive says': file =>
        sandbox.cloud.drive.tree.addFile({ ...file, content: Buffer.from('sane'), md5: md5Of(bytes) }),
    };
    for (const [kind, addBroken] of Object.entries(KINDS)) {
      it(`another copy takes its place in the same run, once and for all: ${kind}`, async () => {
        const folder = await opened();
        const [a] = folder.ids;
        const name = `${a}.jpg`;
        // By its name, and by its folder, it is the one that would be migrated.
        addBroken({ name, parent: addFolder('a', folder.folderId) });
        const copies = ['b', 'c'].map(parent =>
          folder.add(name, content, addFolder(parent, folder.folderId)),
        );
        expect((await folder.migrator(['migrate'])).code).to.equal(3);
        expect(folder.objects()).to.deep.equal({ [`${a}/${name}`]: content });
        expect(folder.links()).to.deep.equal([`${a} → ${a}/${name}`]);
        expect(copies.map(id => folder.statusOf(id))).to.deep.equal(['completed', 'duplicate: duplicate']);
        expect(folder.record(copies[1]!).error).to.include({ survivor: copies[0] });

        const count = meter(sandbox.cloud);
        expect((await folder.migrator(['resume'])).code).to.equal(0);
        expect(count()).not.to.have.any.keys('drive files.download', 's3 PutObject', 'field createMedia');
        expect(folder.statusOf(copies[0]!)).to.equal('completed');
        const before = folder.home.manifests(folder.folderId);
        expect((await folder.migrator(['resume'])).code).to.equal(0);
        expect(folder.home.manifests(folder.folderId)).to.deep.equal(before);
      });
    }

    it('another one takes its place though the first copy cannot be transferred either, stage by stage', async () => {
      const folder = await opened();
      const [a] = folder.ids;
      const { tree } = sandbox.cloud.drive;
      for (const name of [`${a}.jpg`, `${a} (1).jpg`])
        tree.addFile({ name, parent: folder.folderId, content: bytes, canDownload: false });
      const good = folder.add(`${a} - Copy.jpg`, content);
      const stages = async () => {
        for (const stage of ['list', 'parse', 'resolve', 'transfer', 'link'])
          await folder.migrator([stage, '--folder-id', folder.folderId], { stdout: 'none' });
      };
      await stages();
      const objects = { [`${a}/${a} - Copy.jpg`]: content };
      expect(folder.objects()).to.deep.equal(objects);
      expect(folder.statusOf(good)).to.equal('completed');
      const count = meter(sandbox.cloud);
      await stages();
      expect(count()).not.to.have.any.keys('drive files.download', 's3 PutObject', 'field createMedia');
      expect(folder.objects()).to.deep.equal(objects);
      expect(folder.links()).to.have.length(1);
    });
  });

  it('in one file: an observation that its name lists twice is linked once', async () => {
    const folder = await opened();
    const [a, b] = folder.ids;
    const id = folder.add(`${a},${b}+${a}.jpg`, 'ab');
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    const object = `${a}/${a},${b}+${a}.jpg`;
    expect(folder.media()).to.have.length(2);
    expect(Object.keys(folder.objects())).to.deep.equal([object]);
    expect(folder.record(id).sequentialIds).to.deep.equal([a, b]);
  });
});
