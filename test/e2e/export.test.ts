import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type FileRecord, STATUSES, type Status } from '../../stages/record.ts';
import { always, answer } from '../faults.ts';
import { type Home, linesOf, meter, recordsIn, Sandbox, statuses } from './sandbox.ts';

const AWKWARD = '=cmd|x a,"b".pdf line\nbreak.pdf \u202e1885-ק.pdf 00042 -1 +1 @x \tx'.split(' ');

describe('export, and status, of a run with every status', () => {
  const sandbox = Sandbox.forAll();
  let home: Home;
  let folderId: string;
  /** The file that holds for each id, in the order of the listing. */
  let records: FileRecord[];

  before(async () => {
    const { drive } = sandbox.cloud;
    folderId = sandbox.seed(
      { '11.jpg': 'one', '12.jpg': 'twins', '12a.jpg': 'twins', '13-14.jpg': 'a range', '99.jpg': 'orphan' },
      [11, 12, 13, 15],
    );
    const add = (name: string) => drive.tree.addFile({ name, parent: folderId, content: Buffer.from(name) });
    for (const name of AWKWARD) add(name);
    const broken = add('15.jpg');
    home = await sandbox.home({ folderId });
    always(drive.service, new RegExp(`/${broken}\\?.*alt=media`), answer(503, 'Injected.'));
    const { code, stderr } = await home.migrator(['migrate']);
    drive.service.intercept = null;
    expect(code, stderr).to.equal(3);
    // As a run stands in its middle.
    const under = (id: string, status: Status): FileRecord => ({ id, name: `${id}.jpg`, status });
    appendFileSync(
      home.manifestPath(folderId, 'list'),
      linesOf(['p', 'd', 'u'].map(id => under(id, 'pending'))),
    );
    appendFileSync(
      home.manifestPath(folderId, 'transfer'),
      linesOf([under('d', 'downloaded'), under('u', 'uploaded')]),
    );
    const latest = new Map<string, FileRecord>();
    for (const stage of ['list', 'transfer', 'link'] as const)
      for (const record of home.manifest(folderId, stage)) latest.set(record.id, record);
    records = [...latest.values()];
    expect(Object.keys(statuses(records))).to.have.members([...STATUSES]);
  });

  const exported = (...flags: string[]) => home.exits(0, ['export', ...flags]);
  const withStatus = (...wanted: Status[]) => records.filter(({ status }) => wanted.includes(status));
  const idsOf = (items: { id: string }[]) => items.map(({ id }) => id);

  it('both need neither sign-in nor configuration, not even a good one, and ask nobody', async () => {
    const path = join(home.path, 'config.json');
    const config = readFileSync(path);
    const count = meter(sandbox.cloud);
    const before = home.manifests(folderId);
    const env = { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: '' };
    try {
      for (const spoil of [() => rmSync(path), () => writeFileSync(path, 'not JSON')]) {
        spoil();
        for (const command of ['status', 'export']) {
          const { stdout } = await home.exits(0, [command, '--json'], { env });
          expect(JSON.parse(stdout).summary).to.deep.equal(statuses(records));
        }
      }
    } finally {
      writeFileSync(path, config);
    }
    expect(count()).to.deep.equal({});
    expect(home.manifests(folderId)).to.deep.equal(before);
  });

  it('JSON is what the progress file says of these files, with the names of folders', async () => {
    const whole = JSON.parse((await exported('--json')).stdout);
    // As the migration left it; of what has been added since it knows nothing.
    const projected = JSON.parse(home.read(`progress_${folderId}.json`));
    expect(whole).to.have.all.keys(...Object.keys(projected), 'folder_name');
    expect(whole.folder_name).to.equal(sandbox.cloud.drive.tree.get(folderId)!.name);
    expect(whole).to.include({ folder_id: folderId, started_at: projected.started_at });
    expect(whole.total_files).to.equal(records.length);
    expect(Object.keys(whole.files)).to.have.members(idsOf(records));
    for (const [id, entry] of Object.entries(projected.files)) {
      const { path } = records.find(record => record.id === id)!;
      expect(whole.files[id]).to.deep.equal({ ...(entry as object), path });
    }
  });

  it('takes several statuses, by commas or by flags', async () => {
    const flags = ['--status=orphan,failed', '--status', 'partial', '--format', 'ndjson'];
    const { stdout, stderr } = await exported(...flags);
    expect(recordsIn(stdout)).to.have.deep.members(withStatus('orphan', 'failed', 'partial'));
    expect(stderr).to.include('3 files').and.to.include('1 orphan').and.to.include('1 failed');
  });

  it('CSV has one row a file that a spreadsheet neither runs nor misreads', async () => {
    const { stdout } = await exported('--status', 'needs_review', '--format', 'csv');
    expect(stdout.startsWith('\uFEFFstatus,folder,file,reason,link,')).to.equal(true);
    expect(stdout.endsWith('\r\n')).to.equal(true);
    const rows = stdout.slice(1, -2).split('\r\n');
    expect(rows).to.have.length(1 + AWKWARD.length);
    expect(stdout).not.to.match(/[^\r]\n|\r[^\n]|[\t\u202e]/);
    const named = (cell: string) => rows.filter(row => row.includes(`,${cell},`)).length;
    const cells = [`"'=cmd|x"`, '"a,""b"".pdf"', 'line\\u000abreak.pdf', '\\u202e1885-ק.pdf'];
    for (const cell of [...cells, "'00042", "'-1", "'+1", "'@x", '\\u0009x'])
      expect(named(cell), cell).to.equal(1);
  });

  it('goes by the extension of the file, and --format by itself', async () => {
    const path = (name: string) => join(sandbox.folder, name);
    const begins = async (name: string, ...flags: string[]) => {
      const { stdout } = await exported('--output', path(name), ...flags);
      expect(stdout).to.equal('');
      return readFileSync(path(name), 'utf8').slice(0, 6);
    };
    expect(await begins('a.csv')).to.equal('\uFEFFstatu');
    expect(await begins('a.NDJSON')).to.equal('{"id":');
    expect(await begins('a.txt')).to.equal('{\n  "f');
    expect(await begins('b.json', '--format', 'csv')).to.equal('\uFEFFstatu');
  });

  it('with --json and a file, standard output says what was written', async () => {
    const output = join(sandbox.folder, 'told.json');
    const { stdout, stderr } = await exported('--json', '--output', output, '--status', 'orphan');
    const told = { folder_id: folderId, output, total_files: 1, summary: { orphan: 1 } };
    expect(JSON.parse(stdout)).to.deep.equal(told);
    expect(stderr).to.equal('');
    expect(JSON.parse(readFileSync(output, 'utf8')).files).to.have.all.keys(idsOf(withStatus('orphan')));
  });

  it('replaces a file as a whole, behind a link too, and leaves it alone when it fails', async () => {
    const folder = join(sandbox.folder, 'replaced');
    mkdirSync(folder);
    const [real, link] = [join(folder, 'real.csv'), join(folder, 'link.csv')];
    writeFileSync(real, 'old', { mode: 0o640 });
    symlinkSync(real, link);
    await exported('--output', link);
    expect(readFileSync(real, 'utf8')).to.include('11.jpg');
    expect(statSync(real).mode & 0o777).to.equal(0o640);

    const kept = readFileSync(home.manifestPath(folderId, 'link'));
    appendFileSync(home.manifestPath(folderId, 'link'), 'not a record\n{}\n');
    const { code } = await home.migrator(['export', '--output', link]);
    writeFileSync(home.manifestPath(folderId, 'link'), kept);
    expect(code).to.equal(1);
    expect(readFileSync(real, 'utf8')).to.include('11.jpg');
    expect(readdirSync(folder)).to.have.members(['real.csv', 'link.csv']);
  });

  it('both work while another process works on the run, and do not complain of the line it is writing', async () => {
    const path = home.manifestPath(folderId, 'link');
    const lock = join(home.path, 'runs', folderId, 'lock');
    const kept = readFileSync(path);
    const holder = {
      pid: process.pid,
      host: hostname(),
      command: 'migrator migrate',
      since: new Date().toISOString(),
    };
    appendFileSync(path, '{"id":"torn');
    try {
      for (const command of ['status', 'export']) {
        const args = [command, '--json'];
        if (command === 'status') expect((await home.migrator(args)).stderr).to.include('is incomplete');
        writeFileSync(lock, JSON.stringify(holder));
        const { code, stdout, stderr } = await home.migrator(args);
        rmSync(lock);
        expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
        expect(JSON.parse(stdout).summary).to.deep.equal(statuses(records));
      }
    } finally {
      rmSync(lock, { force: true });
      writeFileSync(path, kept);
    }
  });

  it('says what is wrong with its flags', async () => {
    const refused = async (...flags: string[]) => {
      const { code, stdout, stderr } = await home.migrator(['export', ...flags]);
      return `${code} ${stdout}${stderr}`;
    };
    expect(await refused('--status', 'orphn')).to.match(/^2 .*orphn.*needs_review/s);
    expect(await refused('--json', '--format', 'csv')).to.match(/^2 .*"two_formats"/s);
    expect(await refused('--folder-id', '1other')).to.match(/^1 Error: There is no run of the folder 1other/);
    expect(await refused('-o', join(sandbox.folder, 'no-such', 'x.csv'))).to.match(
      /^1 .*folder does not exist/s,
    );
    const nobody = sandbox.bareHome('nobody');
    expect((await nobody.migrator(['export'])).stderr).to.include('There is no run yet');
  });
});
