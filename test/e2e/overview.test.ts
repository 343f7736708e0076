import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import type { SampleFolder } from '../cloud/drive/sample-folder.ts';
import { type Home, meter, Sandbox, statuses, total } from './sandbox.ts';

describe('scan and dry run', () => {
  const sandbox = Sandbox.forAll();
  let sample: SampleFolder;
  let home: Home;
  before(() => {
    sample = sandbox.seedSample();
  });
  beforeEach(async () => {
    home = await sandbox.home({ folderId: sample.folderId });
  });

  for (const command of ['scan --bandwidth-mbit 1', 'migrate --dry-run']) {
    it(`${command} writes nothing to AWS and downloads nothing`, async () => {
      const { cloud } = sandbox;
      const observations = structuredClone([...cloud.appSync.observations]);
      const count = meter(cloud);
      const { code, summary, total_files, to_migrate } = await home.json(...command.split(' '));
      expect(code).to.equal(3);
      const counts = count();
      expect(total(counts, 's3')).to.equal(0);
      expect(counts).not.to.have.any.keys('drive files.download', 'field createMedia');
      for (const field of Object.keys(counts).filter(name => name.startsWith('field ')))
        expect(field).to.match(/^field (list|get|__)/);
      expect(cloud.s3.objects()).to.deep.equal([]);
      expect(cloud.appSync.media.size).to.equal(0);
      expect([...cloud.appSync.observations]).to.deep.equal(observations);
      expect(total_files).to.equal(sample.files.length);
      const records = home.manifest(sample.folderId, 'resolve');
      expect(summary).to.deep.equal(statuses(records));
      if (command === 'migrate --dry-run') return;
      const pending = records.filter(({ status }) => status === 'pending');
      const bytes = pending.reduce((sum, { size }) => sum + size!, 0);
      expect(to_migrate).to.include({ files: pending.length, bytes });
      expect(to_migrate.bound).to.equal('bandwidth');
      expect(to_migrate.estimated_seconds).to.be.closeTo((bytes * 8) / 1_000_000, 1);
    });
  }

  it('scan says how many files a migration would move', async () => {
    const { stderr } = await home.exits(3, ['scan']);
    const pending = home.manifest(sample.folderId, 'resolve').filter(({ status }) => status === 'pending');
    expect(stderr).to.include(`To migrate: ${pending.length} files`);
  });

  it('status and resume say so when there is no run', async () => {
    for (const [args, remedy] of [
      [['status'], 'migrator scan --folder-id'],
      [['resume'], `migrator migrate --folder-id ${sample.folderId}`],
      [['status', '--folder-id', '1other'], 'migrator scan --folder-id'],
    ] as const) {
      const { stderr } = await home.exits(1, [...args]);
      expect(stderr, args.join(' ')).to.match(new RegExp(`There is no run.*\\n.*${remedy}`));
    }
    expect(readdirSync(home.path)).not.to.include('runs');
  });
});

describe('after a migration', () => {
  const sandbox = Sandbox.forAll();
  let sample: SampleFolder;
  let home: Home;
  before(async () => {
    sample = sandbox.seedSample();
    home = await sandbox.home({ folderId: sample.folderId });
    await home.exits(3, ['migrate']);
  });

  it('status tells how far a run is, without asking anybody', async () => {
    const count = meter(sandbox.cloud);
    const offline = { HOME: sandbox.folder, AMPLIFY_MEDIA_MIGRATOR_PASSWORD: '' };
    const { stdout } = await home.exits(0, ['status', '--json'], { env: offline });
    expect(count()).to.deep.equal({});
    const records = home.manifest(sample.folderId, 'link');
    const { folder_name, last_activity, ...status } = JSON.parse(stdout);
    expect(status).to.deep.include({
      folder_id: sample.folderId,
      listed: true,
      total_files: sample.files.length,
      summary: statuses(records),
      in_progress: null,
      session: null,
    });
    expect(folder_name).to.equal(sandbox.cloud.drive.tree.get(sample.folderId)!.name);
    expect(Date.now() - Date.parse(last_activity)).to.be.within(0, 120_000);
    const spoken = await home.migrator(['status']);
    expect(spoken.stdout).to.include(`Folder "${folder_name}" (${sample.folderId}): `);
    expect(spoken.stdout).to.match(/^Not in progress. Last activity: \d{4}-\d\d-\d\d /m);
    const runs = await home.migrator(['runs']);
    expect(runs.stdout).to.match(new RegExp(`^"${folder_name}" .${sample.folderId}.\n  .*: .* completed`));
    expect(spoken.stdout).to.match(new RegExp(`${statuses(records).completed} {2}completed`));
  });

  it('orphans are looked for again only with --retry-orphans', async () => {
    const orphan = sample.files.find(({ ends }) => ends[0] === 'orphan')!;
    const statusOfOrphan = () =>
      home.manifest(sample.folderId, 'link').findLast(({ id }) => id === orphan.id)!.status;
    sandbox.cloud.appSync.addObservations(orphan.strictIds!);
    await home.migrator(['migrate']);
    expect(statusOfOrphan()).to.equal('orphan');
    await home.migrator(['migrate', '--retry-orphans']);
    expect(statusOfOrphan()).to.equal('completed');
  });

  it('an observation that appears later is linked to the object where it stands', async () => {
    const file = sample.files.find(({ ends }) => ends[0] === 'partial')!;
    const before = sandbox.cloud.s3.objects().map(({ key }) => key);
    const media = sandbox.cloud.appSync.media.size;
    sandbox.cloud.appSync.addObservations([6003]);
    const count = meter(sandbox.cloud);
    await home.migrator(['resume']);
    const record = home.manifest(sample.folderId, 'link').findLast(({ id }) => id === file.id)!;
    expect(record.status).to.equal('completed');
    expect(record).not.to.have.property('error');
    expect(sandbox.cloud.s3.objects().map(({ key }) => key)).to.deep.equal(before);
    expect(sandbox.cloud.appSync.media.size).to.equal(media + 1);
    // A file whose download fails again is looked for.
    expect(Object.keys(count()).filter(name => /^s3 (?!ListObjects)/.test(name))).to.deep.equal([]);
  });
});
