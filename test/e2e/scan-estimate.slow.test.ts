import { expect } from 'chai';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

describe('the estimate of scan', () => {
  const sandbox = Sandbox.forAll();

  const estimated = async (folder: PictureFolder, ...args: string[]) =>
    (await folder.json('scan', ...args)).to_migrate;

  it('is no number for an empty folder', async () => {
    const folder = await PictureFolder.open(sandbox, 0);
    const { stderr } = await folder.exits(0, ['scan']);
    expect(stderr).to.include('To migrate: nothing.').and.not.to.include('0 s,');
    expect(await estimated(folder)).to.include({ files: 0, bytes: 0, estimated_seconds: 0, bound: null });
  });

  it('says what it assumes, and takes what the person says', async () => {
    const folder = await PictureFolder.open(sandbox, 3);
    for (const id of folder.ids) folder.add(`${id}.jpg`, Buffer.alloc(1_000_000, id));
    const { stderr } = await folder.migrator(['scan']);
    expect(stderr).to.include('limited by bandwidth: 100 Mbit/s, assumed (set it with "--bandwidth-mbit"');
    const said = await estimated(folder, '--bandwidth-mbit', '1');
    expect(said).to.include({
      estimated_seconds: 24,
      bound: 'bandwidth',
      bandwidth: 'given',
      bandwidth_mbit: 1,
    });
    folder.edit(config => Object.assign(config.google_drive, { queries_per_second: 1 }));
    expect(await estimated(folder)).to.include({
      bound: 'queries',
      queries_per_second: 1,
      bandwidth: 'assumed',
    });
  });

  it('measures the line with files of the folder, of which nothing is kept', async () => {
    const folder = await PictureFolder.open(sandbox, 6);
    for (const id of folder.ids) folder.add(`${id}.jpg`, Buffer.alloc(4_000_000, id));
    const count = meter(sandbox.cloud);
    const measured = await estimated(folder, '--measure');
    expect(measured.bandwidth).to.equal('measured');
    expect(measured.bandwidth_mbit).to.be.above(0);
    expect(count()).to.include({ 'drive files.download': 4 }).and.not.to.have.any.keys('s3 PutObject');
    const { stderr } = await folder.exits(2, ['scan', '--measure', '--bandwidth-mbit', '5']);
    expect(stderr).to.include('--measure');
  });

  it('leaves out what has been moved already, unless it has other bytes in Drive now', async () => {
    const folder = await PictureFolder.open(sandbox, 2);
    const id = folder.add(`${folder.ids[0]}.jpg`, 'first');
    await folder.migrator(['migrate']);
    folder.add(`${folder.ids[1]}.jpg`, 'second one');
    expect(await estimated(folder, '--rescan')).to.include({ files: 1, bytes: 10 });
    sandbox.cloud.drive.tree.replaceContent(id, Buffer.from('other bytes'));
    expect(await estimated(folder, '--rescan')).to.include({ files: 2, bytes: 21 });
  });
});
