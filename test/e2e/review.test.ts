import { expect } from 'chai';
import type { FileRecord } from '../../stages/record.ts';
import { type SampleFile, type SampleFolder, seedSampleFolder } from '../cloud/drive/sample-folder.ts';
import { type Home, meter, Sandbox } from './sandbox.ts';

/** Moves the cursor, sets the window's title, turns the writing direction. */
const HARMFUL = '\u001b]0;owned\u0007\u202egpj.jpg';
const FORMULA = '=HYPERLINK("x").jpg';

interface Shown {
  id: string;
  name: string;
  path: string;
  link: string;
  status: string;
  error: { code: string; message: string };
  relaxed: { sequentialIds: number[] } | null;
}

interface Reasons {
  need_a_person: number;
  readable_relaxed: number;
  reasons: { code: string; count: number; files: Shown[] }[];
  accepted?: Shown[];
}

describe('review', () => {
  const sandbox = Sandbox.forAll();
  let sample: SampleFolder;
  let home: Home;

  before(async () => {
    sample = seedSampleFolder(sandbox.cloud.drive);
    for (const name of [HARMFUL, FORMULA])
      sandbox.cloud.drive.tree.addFile({ name, parent: sample.folderId, content: Buffer.from(name) });
    sandbox.cloud.appSync.addObservations(sample.sequentialIds);
    home = await sandbox.home({ folderId: sample.folderId });
    await home.exits(3, ['migrate']);
  });

  const shown = (...args: string[]): Promise<Reasons & { code: number | null }> =>
    home.json('review', ...args);
  const filesOf = ({ reasons }: Reasons) => reasons.flatMap(({ files }) => files);
  const last = (id: string): FileRecord =>
    home.manifest(sample.folderId, 'link').findLast(record => record.id === id)!;
  const onlyRelaxed = () => sample.files.filter(({ strictIds, relaxedIds }) => !strictIds && relaxedIds);
  const idsOf = (files: readonly { id: string }[]) => files.map(({ id }) => id).sort();
  const objectsOf = (file: SampleFile) =>
    sandbox.cloud.s3.objects().filter(({ key }) => key.endsWith(`/${file.name}`));

  it('shows every file that needs a person, and only these, with link, reason and relaxed reading', async () => {
    const before = home.manifests(sample.folderId);
    const count = meter(sandbox.cloud);
    const { code, ...found } = await shown();
    expect(code).to.equal(3);
    expect(count()).to.deep.equal({});
    expect(home.manifests(sample.folderId)).to.deep.equal(before);

    const needing = home
      .manifest(sample.folderId, 'link')
      .filter(({ status }) => ['needs_review', 'orphan', 'partial'].includes(status));
    const files = filesOf(found);
    expect(idsOf(files)).to.deep.equal(idsOf(needing));
    expect(found.need_a_person).to.equal(needing.length);
    for (const { code, count, files } of found.reasons) {
      expect(files).to.have.length(count);
      for (const file of files) {
        expect(file.error.code).to.equal(code);
        expect(file.error).to.deep.equal(last(file.id).error);
        expect(file.link).to.equal(`https://drive.google.com/file/d/${file.id}/view`);
      }
    }
    const readings = new Map(files.map(({ id, relaxed }) => [id, relaxed?.sequentialIds ?? null]));
    for (const { id, strictIds, relaxedIds } of sample.files)
      if (readings.has(id)) expect(readings.get(id)).to.deep.equal(strictIds ? null : relaxedIds);
  });

  it('counts first, then names each file by reason, and does no harm to the terminal', async () => {
    const { code, stdout, stderr } = await home.migrator(['review']);
    expect(code).to.equal(3);
    const found = await shown();
    const [first, ...lines] = stdout.split('\n');
    expect(first).to.include(`: ${found.need_a_person} of ${sample.files.length + 2} files need a person.`);
    for (const { code, count } of found.reasons) expect(stdout).to.match(new RegExp(` ${count}  ${code} `));
    const copy = sample.files.find(({ name }) => name === '5414 (2).mp4')!;
    const line = lines.find(text => text.includes(copy.name))!;
    expect(line)
      .to.include(`${copy.path}/${copy.name}`)
      .and.to.include(copy.id)
      .and.to.match(/relaxed: 5414$/);
    expect(stdout).to.include('\\u001b]0;owned\\u0007\\u202egpj.jpg').and.to.include('\\u200f6610.jpg');
    expect(stdout).not.to.match(/[^\P{C}\n]/u);
    expect(stderr).to.include('"migrator review --accept relaxed"');
  });

  it('gives a table in which no name is a formula and every file is one line', async () => {
    const { stdout } = await home.exits(3, ['review', '--format', 'csv']);
    const [header, ...rows] = stdout.trimEnd().split('\r\n');
    expect(header).to.match(/^\uFEFFstatus,folder,file,reason,link,/);
    expect(rows).to.have.length((await shown()).need_a_person);
    expect(rows.find(row => row.includes('HYPERLINK'))).to.include(`,"'=HYPERLINK(""x"").jpg",`);
    expect(rows.join('')).not.to.match(/[^\P{C}]/u);
  });

  it('shows only the reasons that were asked for, and says which there are when no file has one', async () => {
    const some = await shown('--only', 'no_observation,range_backwards', '--only', 'key_collision');
    const codes = some.reasons.map(({ code }) => code);
    expect(codes).to.have.members(['no_observation', 'range_backwards', 'key_collision']);
    expect(some.code).to.equal(3);
    const none = await home.exits(0, ['review', '--only', 'md5_mismatch']);
    expect(none.stderr).to.match(/"md5_mismatch".*name_unreadable/);
  });

  it('accepts nothing when it is only asked what it would do', async () => {
    const before = home.manifests(sample.folderId);
    const { stderr } = await home.exits(3, ['review', '--accept', 'relaxed', '--dry-run']);
    expect(stderr).to.include(`Would accept ${onlyRelaxed().length} readings`);
    expect(home.manifests(sample.folderId)).to.deep.equal(before);
  });

  it('--accept relaxed lets resume migrate exactly the files of the reasons that were accepted', async () => {
    const objects = sandbox.cloud.s3.objects().map(({ key }) => key);
    const { reasons } = await shown();
    const readable = reasons
      .find(({ code }) => code === 'name_unreadable')!
      .files.filter(({ relaxed }) => relaxed);
    const others = onlyRelaxed().filter(({ id }) => !readable.some(file => file.id === id));
    expect(others).not.to.have.length(0);

    const accepted = await shown('--accept', 'relaxed', '--only', 'name_unreadable');
    expect(idsOf(accepted.accepted!)).to.deep.equal(idsOf(readable));
    expect(accepted.code).to.equal(3);
    expect(filesOf(accepted).every(({ relaxed }) => !relaxed)).to.equal(true);
    expect((await shown()).need_a_person).to.equal(filesOf({ reasons } as Reasons).length - readable.length);
    expect((await home.json('status')).summary.pending).to.equal(readable.length);

    await home.migrator(['resume']);
    for (const { id, relaxed } of readable) {
      const file = sample.files.find(file => file.id === id)!;
      const [object, ...more] = objectsOf(file);
      expect(more).to.deep.equal([]);
      expect(sandbox.cloud.s3.read(object!.key)).to.deep.equal(sandbox.cloud.drive.tree.read(id));
      expect(last(id)).to.include({ status: 'completed', name: file.name });
      expect(last(id).media).to.have.length(relaxed!.sequentialIds.length);
      for (const { id: mediaId, observationId } of last(id).media!)
        expect(sandbox.cloud.appSync.media.get(mediaId)).to.deep.include({ observationId });
    }
    expect(sandbox.cloud.s3.objects()).to.have.length(objects.length + readable.length);
    for (const { id } of others) expect(last(id).status).to.equal('needs_review');

    const rest = await home.migrator(['review', '--accept', 'relaxed']);
    expect(rest.stdout).to.match(/4290\.jfif → 4290\n/);
    expect(rest.stderr).to.include(`${others.length} reading`).and.to.include('parse.ndjson');
    expect(rest.stderr).to.include('"migrator resume"');
    const again = await home.migrator(['review', '--accept', 'relaxed']);
    expect(again.stderr).to.include('no relaxed reading to accept');
  });

  it('ends with 0 when nothing needs a person', async () => {
    const folderId = sandbox.seed({ '88602 (1).jpg': 'a' }, [88602]);
    const own = await sandbox.home({ folderId });
    await own.exits(3, ['scan']);
    await own.exits(0, ['review', '--accept', 'relaxed']);
    await own.exits(0, ['migrate']);
    const { stdout } = await own.exits(0, ['review']);
    expect(stdout).to.equal(`Folder "pictures" (${folderId}): none of 1 file needs a person.\n`);
  });
});
