import { expect } from 'chai';
import { PictureFolder } from './picture-folder.ts';
import { Sandbox } from './sandbox.ts';
import { TerminalRun } from './terminal.ts';

describe('undo', () => {
  const sandbox = Sandbox.forAll();
  let folder: PictureFolder;
  let objects: Record<string, string>;
  let links: string[];

  before(async () => {
    ({ folder, objects, links } = await PictureFolder.migrated(sandbox));
  });

  it('says with --dry-run what it would remove, and removes nothing', async () => {
    const before = folder.manifests(folder.folderId);
    const expected = { code: 0, dry_run: true, media: 3, objects: 3, left: [] };
    expect(await folder.json('undo', '--dry-run')).to.deep.equal(expected);
    expect(folder.objects()).to.deep.equal(objects);
    expect(folder.links()).to.deep.equal(links);
    expect(folder.manifests(folder.folderId)).to.deep.equal(before);
  });

  it('asks first: it removes nothing after a no, nor without --yes where it cannot ask', async () => {
    const { stderr } = await folder.exits(2, ['undo']);
    expect(stderr).to.include('--yes').and.to.include('3 files');
    const terminal = new TerminalRun(['undo'], folder.env, { columns: 80 });
    await terminal.until(lines => lines.some(line => /^. Remove the objects/.test(line)));
    terminal.type('n\r');
    expect(await terminal.ended).to.equal(0);
    expect(terminal.lines().at(-1)).to.equal('Nothing was removed.');
    expect(folder.objects()).to.deep.equal(objects);
  });

  it('removes what the run has created and nothing else; a migration afterwards makes it all again', async () => {
    const [a] = folder.ids as [number];
    const { s3, appSync } = sandbox.cloud;
    s3.put(folder.keyOf(a, 'of-somebody-else.jpg'), 'x');
    const url = folder.urlOf(a, 'of-somebody-else.jpg');
    const [foreign] = appSync.addMedia({ url, observationId: folder.observationOf(a) });
    expect(await folder.json('undo', '--yes')).to.deep.equal({
      code: 0,
      dry_run: false,
      media: 3,
      objects: 3,
      left: [],
    });
    expect(folder.objects()).to.deep.equal({ [`${a}/of-somebody-else.jpg`]: 'x' });
    expect(folder.media().map(({ id }) => id)).to.deep.equal([foreign!.id]);
    const progress = JSON.parse(folder.read(`progress_${folder.folderId}.json`));
    expect(progress.summary).to.deep.equal({ pending: 3 });
    expect(await folder.json('undo', '--yes')).to.deep.include({ media: 0, objects: 0, left: [] });

    s3.remove(folder.keyOf(a, 'of-somebody-else.jpg'));
    appSync.removeMedia(foreign!.id);
    await folder.exits(0, ['migrate']);
    expect(folder.objects()).to.deep.equal(objects);
    expect(folder.links()).to.deep.equal(links);
  });
});
