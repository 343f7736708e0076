import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FileRecord } from '../../stages/record.ts';
import { hold } from '../faults.ts';
import { mediaOf, Sandbox } from './sandbox.ts';

for (const strictLists of [false, true]) {
  describe(`observations without a sequential id, in lists ${strictLists ? 'without' : 'with'} nulls,`, () => {
    const sandbox = Sandbox.forEach({ index: false, appSync: { strictLists } });

    it('stop nothing but themselves', async () => {
      const folderId = sandbox.seed({ '21.jpg': 'one', '22-23.jpg': 'two' }, []);
      const bad = ['bad-1', 'bad-2'];
      sandbox.cloud.appSync.addObservations(bad.map(id => ({ id, sequentialId: null })));
      const home = await sandbox.home({ folderId });
      // It reads one record only.
      const doctor = await home.exits(0, ['doctor']);
      expect(doctor.stdout).to.match(/except for the record bad-[12]/);
      sandbox.cloud.appSync.addObservations([21, 22, 23]);
      const migrated = await home.exits(0, ['migrate']);
      // Warnings of one kind are shown once a minute while a run is in progress.
      expect(migrated.stderr)
        .to.match(/record bad-[12]/)
        .and.to.match(/1 similar warning since/);
      const { stderr } = await home.exits(0, ['observations-without-media']);
      for (const id of bad) expect(stderr).to.contain(`record ${id}`);
      const { report, ...read } = await home.json('report', '--output', 'page.html');
      expect(read.unreadable_record_count).to.equal(2);
      expect(read.unreadable_records.map(({ record }: { record: string }) => record)).to.have.members(bad);
      expect(readFileSync(report, 'utf8')).to.contain(bad[0]).and.contain(bad[1]);
      expect(mediaOf(sandbox.cloud).map(({ sequentialId }) => sequentialId)).to.deep.equal([21, 22, 23]);
    });
  });
}

describe('a run that cannot keep what it has not read', () => {
  const sandbox = Sandbox.forEach({ index: false });

  it('says so once with --json, although its lock cannot be released either', async () => {
    const folderId = sandbox.seed({ '1.jpg': 'one' });
    const home = await sandbox.home({ folderId });
    sandbox.cloud.appSync.addObservations([{ id: 'bad', sequentialId: null }]);
    const { reached, release } = hold(sandbox.cloud.appSync.service);
    const migrating = home.start(['migrate', '--json']);
    await reached;
    const facts = join(home.manifestPath(folderId, 'list'), '../run.json');
    rmSync(facts);
    mkdirSync(facts);
    release();
    const { code, stdout } = await migrating.ended;
    expect([code, JSON.parse(stdout).error.code]).to.deep.equal([1, 'foreign_file']);
  });
});

describe('records that cannot be used', () => {
  const sandbox = Sandbox.forEach();

  it('(media records without a url) are no loss of a file, neither of their own nor of another one', async () => {
    const folderId = sandbox.seed({ '31.jpg': 'one', '32.jpg': 'two' }, [31, 32]);
    const home = await sandbox.home({ folderId });
    await home.exits(0, ['migrate']);
    const [{ media }] = home.manifest(folderId, 'link').filter(({ name }) => name === '31.jpg') as [
      FileRecord,
    ];
    const { id } = media![0]!;
    sandbox.cloud.appSync.changeMedia(id, { url: null as unknown as string });
    const { code, stdout, stderr } = await home.migrator(['verify', '--repair', '--json']);
    expect(stderr).to.contain(`record ${id}`);
    const { problems, set_back } = JSON.parse(stdout);
    expect(problems.map(({ name, code }: { name: string; code: string }) => [name, code])).to.deep.equal([
      ['31.jpg', 'media_unreadable'],
    ]);
    expect([code, set_back]).to.deep.equal([3, 0]);
    await home.exits(0, ['undo', '--yes']);
    expect(sandbox.cloud.appSync.media.size).to.equal(0);
  });

  it('(ids and keys that lead elsewhere) are for a person, and reach neither S3 nor AppSync', async () => {
    const folderId = sandbox.seed({ '1.jpg': 'a', '2.jpg': 'b', '3.jpg': 'c', '4.jpg': 'd' }, [4]);
    sandbox.cloud.appSync.addObservations([
      { sequentialId: 1, id: '../../other/evil' },
      { sequentialId: 2, id: 'a/b' },
      { sequentialId: 3, id: 'x\u0007' },
    ]);
    const home = await sandbox.home({ folderId });
    await home.exits(3, ['migrate']);
    const codes = home.manifest(folderId, 'link').map(({ error }) => error?.code);
    expect(codes.filter(code => code === 'unsafe_observation_id')).to.have.length(3);
    expect(sandbox.cloud.s3.objects()).to.have.length(1);
    const [line] = home.manifest(folderId, 'resolve').filter(({ name }) => name === '4.jpg');
    for (const key of ['media/../other/4.jpg', 'media/o1/\ud800.jpg']) {
      const stdin = `${JSON.stringify({ ...line, key })}\n`;
      const { code, stdout } = await home.migrator(['transfer', '--in', '-', '--out', '-'], { stdin });
      expect([code, JSON.parse(stdout).error.code]).to.deep.equal([3, 'unsafe_key']);
    }
    expect(sandbox.cloud.s3.objects()).to.have.length(1);
  });
});
