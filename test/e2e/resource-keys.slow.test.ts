import { expect } from 'chai';
import { breakAfter } from '../faults.ts';
import { PictureFolder } from './picture-folder.ts';
import { Sandbox } from './sandbox.ts';

const KEY = '0-the_folder';

/** A folder that was shared by link long ago; most of what is in it has a resource key of its own. */
describe('A folder that needs resource keys', () => {
  const sandbox = Sandbox.forAll();

  async function opened() {
    const folder = await PictureFolder.open(sandbox, 5);
    const { tree } = sandbox.cloud.drive;
    const [a, b, c, d, e] = folder.ids;
    const file = (name: string, parent: string, resourceKey?: string) =>
      tree.addFile({ name, parent, content: Buffer.from(name), resourceKey });
    tree.change(folder.folderId, { resourceKey: KEY });
    const keyed = tree.addFolder({ name: 'keyed', parent: folder.folderId, resourceKey: '0-below' });
    const plain = tree.addFolder({ name: 'plain', parent: folder.folderId });
    const elsewhere = tree.addFolder({ name: 'elsewhere', resourceKey: '0-elsewhere' });
    file(`${a}.jpg`, folder.folderId, '0-a');
    file(`${b}.jpg`, keyed, '0-b');
    file(`${c}.jpg`, plain);
    file(`${d}.jpg`, elsewhere, '0-d');
    const alone = file('alone.jpg', tree.addFolder({ name: 'another' }), '0-alone');
    tree.addShortcut({ name: 'linked', parent: keyed, targetId: elsewhere });
    tree.addShortcut({ name: `${e}.jpg`, parent: folder.folderId, targetId: alone });
    return folder;
  }

  it('is unknown without its key, with the way out', async () => {
    const folder = await opened();
    const { stderr } = await folder.exits(1, ['migrate']);
    expect(stderr).to.include('resourcekey');
  });

  it('is migrated by its address, which later commands need not repeat', async () => {
    const folder = await opened();
    const address = `https://drive.google.com/drive/u/0/folders/${folder.folderId}?resourcekey=${KEY}&usp=sharing`;
    const scan = await folder.exits(0, ['scan', '--folder-id', address]);
    expect(scan.stderr).not.to.include(KEY);
    const { service } = sandbox.cloud.drive;
    const broken = new Set<string>();
    // Each download breaks once, and goes on by Range.
    service.intercept = (request, response) => {
      if (!request.url?.includes('alt=media') || broken.has(request.url)) return false;
      broken.add(request.url);
      return breakAfter(3)(request, response);
    };
    const migrated = await folder.migrator(['resume']);
    service.intercept = null;
    expect(migrated.code, migrated.stderr).to.equal(0);
    expect(Object.keys(folder.objects())).to.have.length(5);
    expect(folder.links()).to.have.length(5);
    expect(folder.record(folder.manifest(folder.folderId, 'list')[0]!.id)).to.have.property('resourceKey');
    for (const command of [
      ['migrate', '--rescan'],
      ['status', '--folder-id', address],
    ]) {
      await folder.exits(0, command);
    }
  });

  it('is migrated by the key in the configuration, where the folder is named by its id', async () => {
    const folder = await opened();
    const open = `https://drive.google.com/open?id=${folder.folderId}&resourcekey=${KEY}`;
    await folder.exits(0, ['config', '--folder-id', open]);
    expect(JSON.parse(folder.read('config.json')).google_drive).to.include({
      folder_id: folder.folderId,
      resource_key: KEY,
    });
    const listed = await folder.migrator(['list', '--folder-id', folder.folderId, '--out', '-']);
    expect(listed.stdout.trim().split('\n'), listed.stderr).to.have.length(5);
    await folder.migrator(['config', '--folder-id', 'another']);
    expect(JSON.parse(folder.read('config.json')).google_drive.resource_key).to.equal('');
  });

  it('has a record for what needs a key that nobody gives', async () => {
    const folder = await opened();
    const { tree } = sandbox.cloud.drive;
    const closed = tree.addFolder({ name: 'closed', parent: folder.folderId });
    sandbox.cloud.drive.behaviour.unlistable = new Map([[closed, { status: 404, times: 100 }]]);
    const address = `https://drive.google.com/drive/folders/${folder.folderId}?resourcekey=${KEY}`;
    await folder.exits(3, ['migrate', '--folder-id', address]);
    sandbox.cloud.drive.behaviour.unlistable = undefined;
    expect(folder.statusOf(closed)).to.equal('needs_review: folder_unreadable');
    expect(folder.links()).to.have.length(5);
  });
});
