import { expect } from 'chai';
import { type SampleFolder, seedSampleFolder } from '../cloud/drive/sample-folder.ts';
import { expectArrived, linksIn } from './expected.ts';
import type { Outcome } from './run-command.ts';
import { type Home, meter, Sandbox, statuses } from './sandbox.ts';

const STAGES = ['list', 'parse', 'resolve', 'transfer', 'link'] as const;

describe('migrate on the sample folder', () => {
  const sandbox = Sandbox.forAll();
  let sample: SampleFolder;
  let home: Home;
  let first: Outcome;

  before(async () => {
    sample = sandbox.seedSample();
    home = await sandbox.home({ migration: { default_media_public: true } });
    first = await home.migrator(['migrate', '--folder-id', sample.folderId]);
  });

  it('brings every byte to its key and links each found observation once, and nothing else', () => {
    expectArrived(sandbox.cloud, sample);
    expect(sandbox.cloud.s3.uploads()).to.deep.equal([]);
  });

  it('takes isAvailableForPublicUse from the configuration', () => {
    for (const media of sandbox.cloud.appSync.media.values())
      expect(media.isAvailableForPublicUse).to.equal(true);
  });

  it('ends with exit code 3, since some files need a person, and says how many', () => {
    expect(first.code).to.equal(3);
    expect(first.stdout).to.equal('');
    expect(first.stderr)
      .to.match(/\d+ {2}completed .*\n/)
      .and.to.match(/\d+ {2}needs_review/);
  });

  it('has each listed file exactly once in each manifest', () => {
    const ids = sample.files.map(file =>
      file.kind === 'shortcut' ? sandbox.cloud.drive.tree.get(file.id).targetId : file.id,
    );
    for (const stage of STAGES) {
      const listed = home.manifest(sample.folderId, stage).map(({ id }) => id);
      expect(listed.sort(), stage).to.deep.equal([...ids].sort());
    }
  });

  it('gives each file the status that a person would expect', () => {
    const ends = new Map(home.manifest(sample.folderId, 'link').map(record => [record.id, record.status]));
    for (const file of sample.files) {
      const id = file.kind === 'shortcut' ? sandbox.cloud.drive.tree.get(file.id).targetId! : file.id;
      expect(ends.get(id), `${file.path}/${file.name}`).to.be.oneOf(file.ends);
    }
    for (const group of new Set(sample.files.flatMap(file => file.group ?? []))) {
      const members = sample.files.filter(file => file.group === group).map(({ id }) => ends.get(id));
      expect(
        members.filter(status => status === 'completed'),
        group,
      ).to.have.length(1);
    }
  });

  it('says of each file that stopped what happened, to which file, and in a code for scripts', () => {
    for (const record of home.manifest(sample.folderId, 'link')) {
      if (record.status === 'completed') expect(record.error, record.name).to.equal(undefined);
      else {
        expect(record.error!.message).to.include(record.name).and.to.include(record.id);
        expect(record.error!.code).to.match(/^[A-Za-z_]+$/);
        expect(STAGES).to.include(record.error!.stage);
      }
    }
  });

  it('projects the manifests into progress_{folder_id}.json', () => {
    const progress = JSON.parse(home.read(`progress_${sample.folderId}.json`));
    const records = home.manifest(sample.folderId, 'link');
    const keys = ['folder_id', 'started_at', 'updated_at', 'total_files', 'files', 'summary'];
    expect(progress).to.have.all.keys(keys);
    expect(progress.folder_id).to.equal(sample.folderId);
    expect(progress.total_files).to.equal(sample.files.length);
    expect(progress.summary).to.deep.equal(statuses(records));
    expect(Date.parse(progress.updated_at)).to.be.at.least(Date.parse(progress.started_at));
    for (const record of records) {
      const observationIds = (record.observations ?? []).map(({ id }) => id);
      const mediaIds = (record.media ?? []).map(({ id }) => id);
      expect(progress.files[record.id], record.name).to.deep.equal({
        filename: record.name,
        status: record.status,
        sequential_id: record.sequentialIds?.[0] ?? null,
        sequential_ids: record.sequentialIds ?? [],
        observation_id: observationIds[0] ?? null,
        observation_ids: observationIds,
        s3_url: record.url ?? null,
        media_id: mediaIds[0] ?? null,
        media_ids: mediaIds,
        error: record.error?.message ?? null,
      });
      for (const id of mediaIds) expect(sandbox.cloud.appSync.media.has(id)).to.equal(true);
    }
  });

  it('logs in JSON lines, without a secret in them', () => {
    const log = home.only('logs', /^migration_\d{8}T\d{6}Z.*\.log$/);
    const entries = log.trimEnd().split('\n');
    expect(entries).to.have.length.above(1);
    for (const entry of entries) expect(JSON.parse(entry)).to.include.keys('level', 'time', 'msg');
    const token = JSON.parse(home.read('google_token.json'));
    for (const secret of [sandbox.cloud.admin.password, token.refresh_token, token.client_secret])
      expect(log).not.to.include(secret);
  });

  it('lists what failed or is half done in failed_{folder_id}.json', () => {
    const failed = JSON.parse(home.only('.', /^failed_/));
    expect(failed.map(({ name }: { name: string }) => name)).to.deep.equal(['6002-6004.jpg']);
    expect(failed[0]).to.include.keys('id', 'name', 'status', 'error');
  });

  describe('run a second time', () => {
    let counts: Record<string, number>;
    let manifests: Record<string, string>;
    let second: Outcome;

    before(async () => {
      manifests = home.manifests(sample.folderId);
      const count = meter(sandbox.cloud);
      second = await home.migrator(['migrate', '--folder-id', sample.folderId]);
      counts = count();
    });

    it('downloads, uploads and creates nothing', () => {
      expect(second.code).to.equal(3);
      // The one file that may not be downloaded is asked for again: somebody may have allowed it.
      expect(counts['drive files.download'] ?? 0).to.be.at.most(1);
      expect(counts).not.to.have.any.keys('s3 PutObject', 's3 CreateMultipartUpload', 'field createMedia');
    });

    it('leaves every manifest as it was, byte for byte', () => {
      expect(home.manifests(sample.folderId)).to.deep.equal(manifests);
    });
  });

  describe('resumed with --naming relaxed', () => {
    it('takes up what only relaxed names say, and moves nothing that is done', async () => {
      const { cloud } = sandbox;
      const done = linksIn(cloud);
      const count = meter(cloud);
      await home.exits(3, ['resume', '--naming', 'relaxed', '--folder-id', sample.folderId]);
      const { links } = expectArrived(cloud, sample, 'relaxed');
      expect(count()['field createMedia']).to.equal(links.length - done.length);
    });
  });
});

describe('with 5,000 observations but no index on the sequential id', () => {
  const sandbox = Sandbox.forAll({ index: false });

  it('finds every one although only some pages hold a match', async () => {
    const { cloud } = sandbox;
    const sample = seedSampleFolder(cloud.drive);
    const wanted = new Set(sample.sequentialIds);
    const others = Array.from({ length: 5000 - wanted.size }, (_, other) => 1_000_000 + other);
    cloud.appSync.addObservations([...others.slice(0, 2500), ...wanted, ...others.slice(2500)]);
    const home = await sandbox.home();
    const count = meter(cloud);
    await home.exits(3, ['migrate', '--folder-id', sample.folderId]);
    const { links } = expectArrived(cloud, sample);
    expect(count()['appsync graphql']).to.be.at.most(5 + links.length / 25 + 10);
  });
});
