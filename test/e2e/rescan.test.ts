import { expect } from 'chai';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

const NO_CHANGES = { added: 0, renamed: 0, replaced: 0, removed: 0 };

/** Migrates again after a new listing; returns the exit code and what has changed. */
async function rescan(folder: PictureFolder, ...more: string[]) {
  const { code, changes } = await folder.json('migrate', '--rescan', ...more);
  return { code, changes };
}

describe('migrate --rescan', () => {
  const sandbox = Sandbox.forAll();

  describe('of a folder in which much has changed', () => {
    let folder: PictureFolder;
    let files: Record<string, string>;
    let ids: number[];
    let first: Awaited<ReturnType<typeof rescan>>;
    let second: Awaited<ReturnType<typeof rescan>>;
    let statuses: { first: Record<string, string>; second: Record<string, string> };
    let counts: Record<string, number>;

    const statusOfAll = () =>
      Object.fromEntries(Object.entries(files).map(([what, id]) => [what, folder.statusOf(id)]));

    before(async () => {
      folder = await PictureFolder.open(sandbox, 12);
      ids = [...folder.ids];
      const { tree } = sandbox.cloud.drive;
      const add = (index: number) => folder.add(`${ids[index]}.jpg`, `old ${index}`);
      files = {
        unchanged: add(0),
        'renamed within its observation': add(1),
        'renamed to another observation': add(2),
        'renamed to a name without meaning': add(3),
        replaced: add(4),
        'replaced, but not downloadable': add(5),
        'removed after it was migrated': add(6),
        'in the trash for a while': add(7),
        'renamed to a name with a meaning': folder.add('holiday.jpg', 'old 8'),
        'removed before it was migrated': folder.add('beach.jpg', 'old 9'),
      };
      await folder.migrator(['migrate']);

      tree.rename(files['renamed within its observation']!, `${ids[1]}b.jpg`);
      tree.rename(files['renamed to another observation']!, `${ids[11]}.jpg`);
      tree.rename(files['renamed to a name without meaning']!, 'party.jpg');
      tree.replaceContent(files.replaced!, Buffer.from('new 4'));
      tree.replaceContent(files['replaced, but not downloadable']!, Buffer.from('new 5'));
      tree.change(files['replaced, but not downloadable']!, { canDownload: false });
      tree.remove(files['removed after it was migrated']!);
      tree.change(files['in the trash for a while']!, { trashed: true });
      tree.rename(files['renamed to a name with a meaning']!, `${ids[8]}.jpg`);
      tree.remove(files['removed before it was migrated']!);
      files.added = folder.add(`${ids[10]}.jpg`, 'old 10');
      const count = meter(sandbox.cloud);
      first = await rescan(folder);
      counts = count();
      const afterFirst = statusOfAll();

      tree.rename(files['renamed to another observation']!, `${ids[2]}.jpg`);
      tree.rename(files['renamed to a name without meaning']!, `${ids[3]}c.jpg`);
      tree.change(files['replaced, but not downloadable']!, { canDownload: true });
      tree.rename(files['replaced, but not downloadable']!, `${ids[5]}b.jpg`);
      tree.change(files['in the trash for a while']!, { trashed: false });
      second = await rescan(folder);
      statuses = { first: afterFirst, second: statusOfAll() };
    });

    it('counts each change once', () => {
      expect(first).to.deep.equal({ code: 3, changes: { added: 1, renamed: 4, replaced: 2, removed: 3 } });
      expect(second).to.deep.equal({ code: 3, changes: { added: 1, renamed: 3, replaced: 0, removed: 0 } });
    });

    it('gives each file the status that a person would expect', () => {
      const { 'replaced, but not downloadable': refused, ...others } = statuses.first;
      expect(refused).to.match(/^(failed|needs_review)/);
      expect(others).to.deep.equal({
        unchanged: 'completed',
        'renamed within its observation': 'completed',
        'renamed to another observation': 'needs_review: linked_elsewhere',
        'renamed to a name without meaning': statuses.first['renamed to a name without meaning'],
        replaced: 'completed',
        'removed after it was migrated': 'completed',
        'in the trash for a while': 'completed',
        'renamed to a name with a meaning': 'completed',
        'removed before it was migrated': 'orphan: removed_from_drive',
        added: 'completed',
      });
      expect(others['renamed to a name without meaning']).to.match(/^needs_review/);
      const open = Object.entries(statuses.second).filter(([, status]) => status !== 'completed');
      expect(open).to.deep.equal([['removed before it was migrated', 'orphan: removed_from_drive']]);
    });

    it('uploads only new bytes, over the old objects, and leaves each link as it was', async () => {
      expect(counts).to.include({ 's3 PutObject': 3, 'field createMedia': 2 });
      const content = (index: number) => ([4, 5].includes(index) ? `new ${index}` : `old ${index}`);
      const kept = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10];
      const objects = kept.map(index => [`${ids[index]}/${ids[index]}.jpg`, content(index)]);
      expect(folder.objects()).to.deep.equal(Object.fromEntries(objects));
      expect(folder.links()).to.deep.equal(
        kept.map(index => `${ids[index]} → ${ids[index]}/${ids[index]}.jpg`).sort(),
      );
    });

    it('finds nothing when it is run again, and moves nothing', async () => {
      const before = folder.manifests(folder.folderId);
      const count = meter(sandbox.cloud);
      expect((await rescan(folder, '--skip-existing')).changes).to.deep.equal(NO_CHANGES);
      expect(count()).not.to.have.any.keys('s3 PutObject', 'field createMedia', 'drive files.download');
      expect(folder.manifests(folder.folderId)).to.deep.equal(before);
    });
  });

  it('reads the names of added files as the run was told to, unless it is told otherwise now', async () => {
    const folder = await PictureFolder.open(sandbox, 3);
    const [a, b, c] = folder.ids;
    folder.add(`${a}A.jpg`, 'a');
    await folder.migrator(['migrate', '--naming', 'relaxed']);
    folder.add(`${b}B.jpg`, 'b');
    await folder.exits(0, ['resume', '--rescan']);
    expect(folder.objects()).to.have.all.keys(`${a}/${a}A.jpg`, `${b}/${b}B.jpg`);
    folder.add(`${c}C.jpg`, 'c');
    await folder.exits(3, ['resume', '--rescan', '--naming', 'strict']);
    expect(folder.objects()).to.have.all.keys(`${a}/${a}A.jpg`, `${b}/${b}B.jpg`);
  });

  it('keeps the key of a transferred file when a missing observation of its range appears', async () => {
    const folder = await PictureFolder.open(sandbox, 1);
    const first = folder.ids[0]!;
    const [earlier, later] = [first + 49, first + 50];
    const id = folder.add(`${earlier}-${later}.jpg`, 'range');
    folder.addObservation(later);
    await folder.migrator(['migrate']);
    expect(folder.statusOf(id)).to.equal('partial: observations_missing');
    folder.addObservation(earlier);
    sandbox.cloud.drive.tree.remove(id);
    expect((await rescan(folder)).changes.removed).to.equal(1);
    await folder.migrator(['resume']);
    const object = `${later}/${earlier}-${later}.jpg`;
    expect(folder.objects()).to.deep.equal({ [object]: 'range' });
    expect(folder.links()).to.deep.equal([`${earlier} → ${object}`, `${later} → ${object}`]);
  });

  it('is not needed for a file that is replaced between listing and transfer', async () => {
    const folder = await PictureFolder.open(sandbox, 1);
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
    await folder.exits(0, ['migrate']);
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'newer' });
    expect(folder.record(id)).to.include({ size: 5, verified: 'md5' });
  });

  it('does not help a file whose bytes contradict its md5; a person may accept them as they come', async () => {
    const folder = await PictureFolder.open(sandbox, 1);
    const [a] = folder.ids;
    const content = Buffer.from('real');
    const md5 = 'a'.repeat(32);
    const id = sandbox.cloud.drive.tree.addFile({ name: `${a}.jpg`, parent: folder.folderId, content, md5 });
    await folder.exits(3, ['migrate']);
    expect(folder.statusOf(id)).to.equal('needs_review: bytes_contradict');
    const accepted = await folder.migrator(['review', '--accept', 'as-downloaded']);
    expect(accepted.stdout).to.include('as downloaded');
    await folder.exits(0, ['resume']);
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'real' });
    expect(folder.record(id)).to.include({ md5, verified: 'downloaded', status: 'completed' });
    await folder.exits(0, ['verify', '--deep']);
  });
});
