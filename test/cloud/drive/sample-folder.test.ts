import { expect } from 'chai';
import { createDrive, type DriveService } from './drive.ts';
import { seedSampleFolder } from './sample-folder.ts';

describe('the sample folder', () => {
  let drive: DriveService;
  beforeEach(async () => {
    drive = await createDrive();
  });
  afterEach(() => drive.service.close());

  it('describes exactly what a listing finds', () => {
    const { folderId, files } = seedSampleFolder(drive);
    const found = new Map<string, string>();
    const walk = (id: string, path: string): void => {
      for (const item of drive.tree.childrenOf(id)) {
        if (item.kind === 'folder') walk(item.id, path ? `${path}/${item.name}` : item.name);
        else if (!item.trashed && item.targetId !== folderId) found.set(item.id, `${path}|${item.name}`);
      }
    };
    walk(folderId, '');
    expect(new Map(files.map(file => [file.id, `${file.path}|${file.name}`]))).to.eql(found);
    expect(files.length).to.be.within(40, 45);
  });

  it('has every kind of file, of trouble and of ending', () => {
    const { folderId, files, sequentialIds } = seedSampleFolder(drive);
    const strict = files
      .filter(file => file.strictIds)
      .map(file => file.name.toLowerCase().split('.').at(-1));
    expect(strict).to.include.members(['jpg', 'jpeg', 'png', 'gif', 'mp4', 'mov', 'avi']);
    const endings = files.flatMap(file => file.ends);
    expect(endings).to.include.members(['completed', 'partial', 'orphan', 'needs_review', 'duplicate']);
    expect(sequentialIds).to.include.members([6000, 6001, 6002, 6004]).and.not.include.members([6003]);

    const group = (name: string) =>
      files.filter(file => file.group === name).map(file => drive.tree.get(file.id));
    const [same, twin] = group('same');
    const [one, other] = group('one name');
    expect(same!.content!.md5()).to.equal(twin!.content!.md5());
    expect(one!.content!.md5()).not.to.equal(other!.content!.md5());
    expect([one!.name, one!.parent]).to.eql([other!.name, other!.parent]);
    expect([...drive.tree.items()].filter(item => item.targetId === folderId)).to.have.length(1);
  });

  it('is the same every time', async () => {
    const again = await createDrive();
    expect(seedSampleFolder(again)).to.eql(seedSampleFolder(drive));
    await again.service.close();
  });
});
