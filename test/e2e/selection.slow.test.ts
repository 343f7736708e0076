import { expect } from 'chai';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

const NO_CHANGES = { added: 0, renamed: 0, replaced: 0, removed: 0 };

describe('A part of a folder', () => {
  const sandbox = Sandbox.forAll();
  let folder: PictureFolder;
  let raw: string;
  let rawFile: string;
  beforeEach(async () => {
    folder = await PictureFolder.open(sandbox, 3);
    const { tree } = sandbox.cloud.drive;
    const [a, b, c] = folder.ids;
    const year = tree.addFolder({ name: '2019', parent: folder.folderId });
    raw = tree.addFolder({ name: 'raw', parent: year });
    folder.add(`${a}.jpg`, 'a');
    folder.add(`${b}.jpg`, 'b', year);
    rawFile = folder.add(`${c}.jpg`, 'c', raw);
    tree.addShortcut({ name: 'loop', parent: folder.folderId, targetId: raw });
  });

  const json = (...args: string[]) => folder.json(...args);
  const listQueries = async (work: () => Promise<unknown>) => {
    const count = meter(sandbox.cloud);
    await work();
    return count()['drive files.list'] ?? 0;
  };

  it('is migrated alone, then the whole folder: nothing twice, nothing removed', async () => {
    const queries = await listQueries(() => folder.migrator(['migrate', '--no-recursive']));
    expect(queries, 'the folders below are not read').to.equal(1);
    expect(folder.links()).to.have.length(1);

    const second = await json('migrate', '--rescan', '--exclude', 'raw', '--exclude', 'loop');
    expect(second).to.deep.include({ total_files: 2, changes: { ...NO_CHANGES, added: 1 } });
    expect(folder.links()).to.have.length(2);

    const count = meter(sandbox.cloud);
    const whole = await json('migrate', '--rescan');
    expect(whole).to.deep.include({ total_files: 3, changes: { ...NO_CHANGES, added: 1 } });
    expect(count()).to.include({ 's3 PutObject': 1, 'field createMedia': 1 });

    const narrow = await json('migrate', '--rescan', '--include', '2019/*');
    expect(narrow).to.deep.include({ total_files: 1, changes: NO_CHANGES });
    expect((await json('status')).summary).to.deep.equal({ completed: 3 });
  });

  it('is what a run keeps to: scan, resume and single stages do not touch the rest', async () => {
    await folder.migrator(['scan']);
    await folder.exits(0, ['scan', '--rescan', '--exclude', 'RAW', '--exclude', 'loop']);
    const plain = await folder.migrator(['migrate']);
    expect(plain.stderr).to.include("--exclude 'RAW'");
    expect(folder.links()).to.have.length(2);
    expect((await json('resume', '--rescan')).total_files, 'resume keeps the selection').to.equal(2);
    const stage = await folder.migrator(['transfer', '--folder-id', folder.folderId]);
    expect(stage.stderr).to.include('transfer: 2 files');
    expect((await json('status')).summary).to.deep.equal({ pending: 1, completed: 2 });
    sandbox.cloud.drive.tree.rename(rawFile, 'no-longer.jpg');
    expect((await json('migrate', '--rescan')).summary).to.deep.equal({ completed: 2, needs_review: 1 });
  });

  it('cannot be changed without a new listing, and the refusal says how', async () => {
    await folder.migrator(['migrate', '--exclude', '2019']);
    for (const command of ['migrate', 'list']) {
      const { stderr } = await folder.exits(
        2,
        [command, '--folder-id', folder.folderId, '--include', '*.png'],
        {
          stdout: 'none',
        },
      );
      expect(stderr).to.include("--exclude '2019'").and.to.include('--rescan');
    }
    await folder.exits(0, ['migrate', '--exclude', '2019']);
  });

  it('takes no file for removed that was renamed out of it, or whose folder was', async () => {
    await folder.migrator(['migrate']);
    const { tree } = sandbox.cloud.drive;
    tree.rename(raw, 'thumbs');
    const without = ['--exclude', 'thumbs', '--exclude', 'loop'];
    const { changes, summary } = await json('migrate', '--rescan', ...without);
    expect(changes).to.deep.equal(NO_CHANGES);
    expect(summary).to.deep.equal({ completed: 2 });
    expect((await json('status')).summary).to.deep.equal({ completed: 3 });
  });

  it('is what --max-transfer allows in one process: the rest stays pending', async () => {
    const large = await PictureFolder.open(sandbox, 8, { migration: { concurrency: 1 } });
    for (const id of large.ids) large.add(`${id}.jpg`, Buffer.alloc(100_000, id % 256));
    const first = await large.exits(3, ['migrate', '--max-transfer', '200K']);
    expect(first.stderr).to.include('Stopped: 200 KiB have been transferred (--max-transfer).');
    const done = large.links().length;
    expect(done).to.be.within(2, 5);
    const transfer = ['transfer', '--folder-id', large.folderId, '--max-transfer', '0.1M'];
    await large.exits(3, transfer);
    const { code, folder_id } = await large.json('resume', '--max-transfer', '1K');
    expect([code, folder_id]).to.deep.equal([3, large.folderId]);
    await large.exits(0, ['resume', '--max-transfer', '1G']);
    expect(large.links()).to.have.length(8);
    for (const size of ['10', '-1G']) await large.exits(2, ['migrate', `--max-transfer=${size}`]);
  });

  it('is listed by list into a pipe, with patterns that are refused if they are none', async () => {
    const { stdout } = await folder.migrator(['list', '--include', '2019/*']);
    expect(stdout.trim().split('\n')).to.have.length(1);
    const { code, stderr } = await folder.migrator(['list', '--include', '[a']);
    expect([code, stderr.includes('--include "[a"')]).to.deep.equal([2, true]);
  });
});
