import { expect } from 'chai';
import { PictureFolder } from './picture-folder.ts';
import { Sandbox } from './sandbox.ts';

describe('A folder that Drive does not list', () => {
  const sandbox = Sandbox.forAll();
  let folder: PictureFolder;
  let below: string;
  let inside: string;
  beforeEach(async () => {
    folder = await PictureFolder.open(sandbox, 4);
    const [a, b, c] = folder.ids;
    const { tree } = sandbox.cloud.drive;
    below = tree.addFolder({ name: 'below', parent: folder.folderId });
    const beside = tree.addFolder({ name: 'beside', parent: folder.folderId });
    folder.add(`${a}.jpg`, 'a');
    folder.add(`${b}.jpg`, 'b', beside);
    inside = folder.add(`${c}.jpg`, 'c', tree.addFolder({ name: 'deep', parent: below }));
    folder.add('holiday.jpg', 'h', below);
  });
  const allow = () => {
    Object.assign(sandbox.cloud.drive.behaviour, { unlistable: undefined, incomplete: undefined });
  };
  afterEach(allow);

  const refuse = (id: string, status: 403 | 404 | 500, times = Number.POSITIVE_INFINITY) => {
    sandbox.cloud.drive.behaviour.unlistable = new Map([[id, { status, times }]]);
  };

  it('has a record of its own until it can be read', async () => {
    refuse(below, 403);
    const first = await folder.exits(3, ['migrate']);
    expect(first.stderr).to.match(/1 +folder_unreadable: below/);
    expect(folder.links(), 'the folder beside it, of the same query').to.have.length(2);
    expect(folder.record(below)).to.deep.include({ name: 'below', path: '', status: 'needs_review' });

    const review = await folder.migrator(['review']);
    expect(review.stdout).to.include(`https://drive.google.com/drive/folders/${below}`);
    expect((await folder.migrator(['status'])).stdout).to.include('folder_unreadable');

    allow();
    expect(await folder.json('migrate')).to.deep.include({
      total_files: 4,
      summary: { completed: 3, needs_review: 1 },
      changes: { added: 2, renamed: 0, replaced: 0, removed: 0 },
    });
    expect(folder.links()).to.have.length(3);
    for (const command of [
      ['status', '--json'],
      ['export', '--status', 'needs_review', '--format', 'json', '--output', '-'],
    ])
      expect((await folder.migrator(command)).stdout).not.to.include('folder_unreadable');
    expect((await folder.migrator(['review'])).stdout).not.to.include(below);
    for (const stage of ['parse', 'resolve', 'transfer', 'link'])
      expect((await folder.migrator([stage, '--folder-id', folder.folderId])).stderr).to.include('4 files');
  });

  it('does not make its files removed ones, whatever it is called by now', async () => {
    await folder.migrator(['migrate']);
    sandbox.cloud.drive.tree.rename(below, 'renamed');
    refuse(below, 404);
    const { changes } = await folder.json('migrate', '--rescan');
    expect(changes).to.deep.equal({ added: 0, renamed: 0, replaced: 0, removed: 0 });
    expect(folder.statusOf(inside)).to.equal('completed');
    allow();
    sandbox.cloud.drive.tree.change(inside, { trashed: true });
    const after = await folder.json('migrate', '--rescan');
    expect(after.changes).to.include({ added: 0, removed: 1 });
    expect(after.total_files).to.equal(4);
  });

  it('is a closed one as well: the account may see it, but not what is in it', async () => {
    sandbox.cloud.drive.tree.change(below, { closed: true });
    await folder.exits(3, ['migrate']);
    expect(folder.statusOf(below)).to.equal('needs_review: folder_unreadable');
    sandbox.cloud.drive.tree.change(below, { closed: false });
    await folder.migrator(['migrate']);
    expect(folder.links()).to.have.length(3);
  });

  it('is no fault when somebody puts it into the trash meanwhile', async () => {
    refuse(below, 404);
    sandbox.cloud.drive.service.intercept = request => {
      if (request.url?.includes(`/files/${below}`)) sandbox.cloud.drive.tree.change(below, { trashed: true });
      return false;
    };
    await folder.exits(0, ['migrate']);
    expect(folder.manifest(folder.folderId, 'list')).to.have.length(2);
  });

  it('stops the run when it is the folder itself', async () => {
    refuse(folder.folderId, 403);
    const { stderr } = await folder.exits(1, ['migrate']);
    expect(stderr).to.include('Drive does not list this folder');
  });

  it('is asked for again when Drive says that its search was incomplete; if that stays so, it has a record', async () => {
    sandbox.cloud.drive.behaviour.incomplete = new Map([[folder.folderId, 1]]);
    expect((await folder.json('migrate')).summary).to.include({ completed: 3 });
    sandbox.cloud.drive.behaviour.incomplete = new Map([[folder.folderId, 100]]);
    const { stderr } = await folder.exits(3, ['migrate', '--rescan']);
    expect(stderr)
      .to.match(/1 +listing_incomplete: pictures/)
      .and.to.include('0 removed');
    allow();
    expect((await folder.json('migrate')).summary).to.deep.equal({ completed: 3, needs_review: 1 });
  });
});
