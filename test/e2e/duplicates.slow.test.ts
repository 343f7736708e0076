import { expect } from 'chai';
import { md5Of } from '../services/s3/local-storage.ts';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

describe('files that are alike', () => {
  const sandbox = Sandbox.forAll();

  const opened = (observations = 2) =>
    PictureFolder.open(sandbox, observations, { more: { naming: 'relaxed' } });
  const addFolder = (name: string, parent: string) => sandbox.cloud.drive.tree.addFolder({ name, parent });

  it('with the same bytes and ids are migrated once, by the cleanest name, in whatever order and folder they are', async () => {
    const folder = await opened(5);
    const [a, b, c, d, e] = folder.ids as [number, number, number, number, number];
    const copies = (id: number) => [`${id} (1).jpg`, `${id} - Copy.jpg`];
    const survivors = new Map<number, string>();
    for (const name of copies(a)) folder.add(name, 'first');
    survivors.set(a, folder.add(`${a}.jpg`, 'first'));
    survivors.set(b, folder.add(`${b}.jpg`, 'second'));
    for (const name of copies(b)) folder.add(name, 'second');
    const deep = folder.add(`${c}.jpg`, 'third', addFolder('b', folder.folderId));
    survivors.set(c, folder.add(`${c}.jpg`, 'third', addFolder('a', folder.folderId)));
    survivors.set(d, folder.add(`${d},${e}+${d}.jpg`, 'twice in one name'));
    await folder.exits(0, ['migrate']);
    expect(folder.objects()).to.deep.equal({
      [`${a}/${a}.jpg`]: 'first',
      [`${b}/${b}.jpg`]: 'second',
      [`${c}/${c}.jpg`]: 'third',
      [`${d}/${d},${e}+${d}.jpg`]: 'twice in one name',
    });
    expect(folder.media(), 'an observation that a name lists twice is linked once').to.have.length(5);
    const duplicates = folder
      .manifest(folder.folderId, 'link')
      .filter(({ status }) => status === 'duplicate');
    expect(duplicates).to.have.length(5);
    for (const { sequentialIds, error } of duplicates)
      expect(error?.survivor).to.equal(survivors.get(sequentialIds![0]!));
    expect(folder.record(deep).error!.message).to.include(`a/${c}.jpg`);

    const before = folder.manifests(folder.folderId);
    const count = meter(sandbox.cloud);
    await folder.exits(0, ['resume']);
    expect(count()).to.have.all.keys('drive token');
    expect(folder.manifests(folder.folderId)).to.deep.equal(before);
  });

  it('with one name and other bytes are left to a person, who is told of both', async () => {
    const folder = await opened();
    const [a] = folder.ids;
    const one = folder.add(`${a}.jpg`, 'one');
    const two = folder.add(`${a}.jpg`, 'two');
    await folder.exits(3, ['migrate']);
    const [first, second] = folder.statusOf(one) === 'completed' ? [one, two] : [two, one];
    const { error } = folder.record(second!);
    expect(error).to.include({ code: 'key_collision', first });
    expect(error!.message).to.include(first!).and.to.include(second!);
    expect(Object.keys(folder.objects())).to.deep.equal([`${a}/${a}.jpg`]);
    const before = folder.objects();
    sandbox.cloud.drive.tree.rename(second!, `${a}b.jpg`);
    await folder.exits(0, ['migrate', '--rescan']);
    expect(folder.objects()).to.include(before);
    expect(Object.values(folder.objects()).sort()).to.deep.equal(['one', 'two']);
  });

  it('before the migration: a copy takes the place of one that disappears or shows something else now', async () => {
    const folder = await opened(3);
    const [a, b, c] = folder.ids as [number, number, number];
    const { tree } = sandbox.cloud.drive;
    const pair = (id: number) => [folder.add(`${id}.jpg`, `${id}`), folder.add(`${id} (1).jpg`, `${id}`)];
    const [gone, heir] = pair(a) as [string, string];
    const [renamed, kept] = pair(b) as [string, string];
    await folder.migrator(['scan']);
    tree.remove(gone);
    tree.rename(renamed, `${c}.jpg`);
    await folder.exits(3, ['migrate', '--rescan']);
    expect(folder.statusOf(gone)).to.equal('orphan: removed_from_drive');
    for (const id of [heir, renamed, kept]) expect(folder.statusOf(id)).to.equal('completed');
    expect(folder.links()).to.deep.equal([
      `${a} → ${a}/${a} (1).jpg`,
      `${b} → ${b}/${b} (1).jpg`,
      `${c} → ${c}/${c}.jpg`,
    ]);
  });

  it('after the migration: what is migrated stays, and a copy is migrated only when the bytes changed', async () => {
    const folder = await opened(3);
    const [a, b, c] = folder.ids as [number, number, number];
    const { tree } = sandbox.cloud.drive;
    const pair = (id: number) => [folder.add(`${id}.jpg`, `${id}`), folder.add(`${id} (1).jpg`, `${id}`)];
    const [gone, copy] = pair(a) as [string, string];
    const [changed, other] = pair(b) as [string, string];
    const first = folder.add(`${c} (1).jpg`, 'same');
    await folder.migrator(['migrate']);
    tree.remove(gone);
    tree.replaceContent(changed, Buffer.from('new'));
    const cleaner = folder.add(`${c}.jpg`, 'same');
    await folder.exits(0, ['migrate', '--rescan']);
    expect(folder.statusOf(copy)).to.equal('duplicate: duplicate');
    expect(folder.statusOf(other)).to.equal('completed');
    expect(folder.statusOf(first)).to.equal('completed');
    expect(folder.record(cleaner).error).to.include({ code: 'duplicate', survivor: first });
    expect(folder.objects()).to.deep.equal({
      [`${a}/${a}.jpg`]: `${a}`,
      [`${b}/${b}.jpg`]: 'new',
      [`${b}/${b} (1).jpg`]: `${b}`,
      [`${c}/${c} (1).jpg`]: 'same',
    });
  });

  it('another copy takes the place of one that cannot be transferred, in the same run, once and for all', async () => {
    const folder = await opened(3);
    const { tree } = sandbox.cloud.drive;
    const first = addFolder('a', folder.folderId);
    const others = ['b', 'c'].map(name => addFolder(name, folder.folderId));
    const broken = [
      { content: 'forbidden', canDownload: false },
      { content: 'malware', abusive: true },
      { content: 'wrong md5', md5: md5Of(Buffer.from('right')) },
    ];
    const copies = broken.map(({ content, ...flaw }, index) => {
      const name = `${folder.ids[index]}.jpg`;
      const good = flaw.md5 ? 'right' : content;
      // By its folder it is the one that would be migrated.
      tree.addFile({ name, parent: first, content: Buffer.from(content), ...flaw });
      return others.map(parent => folder.add(name, good, parent));
    });
    await folder.exits(3, ['migrate']);
    for (const pair of copies)
      expect(pair.map(id => folder.statusOf(id))).to.deep.equal(['completed', 'duplicate: duplicate']);
    expect(Object.values(folder.objects())).to.have.members(['forbidden', 'malware', 'right']);
    expect(folder.links()).to.have.length(3);

    const count = meter(sandbox.cloud);
    await folder.exits(0, ['resume']);
    expect(count()).not.to.have.any.keys('drive files.download', 's3 PutObject', 'field createMedia');
    const before = folder.manifests(folder.folderId);
    await folder.exits(0, ['resume']);
    expect(folder.manifests(folder.folderId)).to.deep.equal(before);
  });
});
