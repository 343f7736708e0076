import { appendFileSync } from 'node:fs';
import { expect } from 'chai';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

describe('A file that is renamed in Drive after the listing', () => {
  const sandbox = Sandbox.forAll();
  let folder: PictureFolder;
  beforeEach(async () => {
    folder = await PictureFolder.open(sandbox, 8);
  });
  const rename = (id: string, name: string) => sandbox.cloud.drive.tree.rename(id, name);

  it('is noticed by the next migrate as long as it is not done', async () => {
    const { tree } = sandbox.cloud.drive;
    const [a, b, c, d, e, f, g] = folder.ids;
    const below = tree.addFolder({ name: 'below', parent: folder.folderId });
    const unreadable = folder.add('holiday.jpg', 'a', below);
    const orphan = folder.add(`${a! + 90}.jpg`, 'b');
    folder.add(`${c}.jpg`, 'c1');
    const collision = folder.add(`${c}.jpg`, 'c2');
    const pending = folder.add(`${d}.jpg`, 'e');
    const target = tree.addFile({
      name: 'x.jpg',
      parent: tree.addFolder({ name: 'y' }),
      content: Buffer.from('f'),
    });
    const shortcut = tree.addShortcut({ name: 'there.jpg', parent: below, targetId: target });
    await folder.exits(3, ['scan']);

    rename(unreadable, `${a}.jpg`);
    rename(orphan, `${b}.jpg`);
    rename(collision, `${c}b.jpg`);
    rename(pending, `${e}.jpg`);
    rename(shortcut, `${f}.jpg`);
    folder.add(`${g}.jpg`, 'new files are for --rescan');
    const count = meter(sandbox.cloud);
    const { code, changes } = await folder.json('migrate');
    expect([code, changes]).to.deep.equal([0, { added: 0, renamed: 5, replaced: 0, removed: 0 }]);
    expect(count()['drive files.list'], 'both folders in one query').to.equal(1);
    expect(folder.links()).to.deep.equal(
      [...[a, b, c, e, f].map(id => `${id} → ${id}/${id}.jpg`), `${c} → ${c}/${c}b.jpg`].sort(),
    );

    const done = meter(sandbox.cloud);
    rename(pending, 'nobody-asks.jpg');
    await folder.exits(0, ['migrate']);
    expect(done(), 'a finished run again').not.to.have.any.keys('drive files.list', 'drive files.get');
  });

  it('keeps what a person has written into its line, and a line that was deleted stays away', async () => {
    const [a, b] = folder.ids;
    const answered = folder.add('holiday.jpg', 'a');
    const other = folder.add('beach.jpg', 'b');
    await folder.migrator(['migrate']);
    const answer = { ...folder.record(answered, 'parse'), sequentialIds: [a], note: 'by hand' };
    appendFileSync(folder.manifestPath(folder.folderId, 'parse'), `${JSON.stringify(answer)}\n`);
    rename(answered, `${b}.jpg`);
    rename(other, 'sea.jpg');
    await folder.exits(3, ['migrate']);
    expect(folder.links()).to.deep.equal([`${a} → ${a}/holiday.jpg`]);
    expect(folder.record(answered).note).to.equal('by hand');
    expect(folder.record(other).name).to.equal('sea.jpg');
  });
});
