import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FileRecord, StageName } from '../../stages/record.ts';
import type { SampleFolder } from '../cloud/drive/sample-folder.ts';
import { MIGRATOR } from '../project-root.ts';
import { expectArrived, linksIn } from './expected.ts';
import { type Home, linesOf, meter, recordsIn, Sandbox, statuses } from './sandbox.ts';

const STAGES = ['list', 'parse', 'resolve', 'transfer', 'link'] as const;

describe('the five stages as five processes', () => {
  const sandbox = Sandbox.forEach();
  let sample: SampleFolder;
  let home: Home;

  beforeEach(async () => {
    sample = sandbox.seedSample();
    home = await sandbox.home({ folderId: sample.folderId });
  });

  const sorted = (records: FileRecord[]) => records.map(({ id }) => id).sort();

  it('do the main job joined by pipes, and pass on each record exactly once', async () => {
    const between = STAGES.map(stage => join(sandbox.folder, `${stage}.seen`));
    const members = STAGES.flatMap((stage, index) => [[stage], `tee ${between[index]}`]);
    const { stdout, codes, stderrs } = await home.pipe(members);

    expectArrived(sandbox.cloud, sample);
    const [listed, ...later] = between.map(path => recordsIn(home.read(`../${path.split('/').at(-1)}`)));
    expect(listed).to.have.length(sample.files.length);
    for (const records of later) expect(sorted(records)).to.deep.equal(sorted(listed!));
    expect(recordsIn(stdout)).to.deep.equal(later.at(-1));
    // Each stage says by its exit code whether some of its records need a person.
    expect(codes.filter((_, index) => index % 2 === 0)).to.deep.equal([0, 3, 3, 3, 3]);
    for (const [index, stage] of STAGES.entries()) {
      expect(stderrs[index * 2], stage).to.match(new RegExp(`^${stage}: ${sample.files.length} files`, 'm'));
    }
    expect(home.manifests(sample.folderId)).to.deep.equal({});
  });

  it('take the last line of a file that has several, when a manifest is put in by "<"', async () => {
    await home.migrator(['scan']);
    const resolved = home.manifest(sample.folderId, 'resolve');
    const pending = resolved.filter(({ status }) => status === 'pending');
    const stopped = { ...pending[0]!, status: 'needs_review', observations: undefined };
    const path = join(sandbox.folder, 'resolved.ndjson');
    writeFileSync(path, linesOf([...resolved, stopped]));
    const { stdout } = await home.pipe([`${MIGRATOR} transfer < "${path}"`]);
    const records = recordsIn(stdout);
    expect(records).to.have.length(resolved.length);
    expect(records.find(({ id }) => id === stopped.id)!.status).to.equal('needs_review');
    expect(sandbox.cloud.s3.objects()).to.have.length(records.filter(({ url }) => url).length);
  });

  it('parse on the way when list is piped straight into resolve', async () => {
    const { stdout, codes } = await home.pipe([['list'], ['resolve']]);
    expect(codes).to.deep.equal([0, 3]);
    expect(recordsIn(stdout).filter(({ key }) => key)).to.have.length.above(15);
  });

  it('end quietly when the reader has seen enough', async () => {
    const { codes, stderrs, stdout } = await home.pipe([['list'], 'head -3']);
    expect(recordsIn(stdout)).to.have.length(3);
    expect(codes).to.deep.equal([0, 0]);
    expect(stderrs[0]).not.to.match(/EPIPE|Error|Warning/);
  });
});

describe("the five stages in the run's folder", () => {
  const sandbox = Sandbox.forAll();
  let sample: SampleFolder;
  let home: Home;
  const run = async (stages: readonly StageName[]) => {
    for (const stage of stages) {
      const { code } = await home.migrator([stage, '--folder-id', sample.folderId], { stdout: 'none' });
      expect(code, stage).to.be.oneOf([0, 3]);
    }
  };
  const idsIn = (stage: StageName) =>
    home
      .manifest(sample.folderId, stage)
      .map(({ id }) => id)
      .sort();

  before(async () => {
    sample = sandbox.seedSample();
    home = await sandbox.home();
  });

  it('do the main job whatever the standard streams are: a log of cron, or none; and status tells of it', async () => {
    const log = join(home.path, 'log');
    for (const [index, stage] of STAGES.entries()) {
      const streams = index % 2 === 0 ? `</dev/null >>'${log}' 2>&1` : '<&- >&-';
      const { codes } = await home.pipe([`(${MIGRATOR} ${stage} --folder-id ${sample.folderId} ${streams})`]);
      expect(codes[0], stage).to.be.oneOf([0, 3]);
    }
    expect(readFileSync(log, 'utf8')).not.to.include('"id":');
    expectArrived(sandbox.cloud, sample);
    for (const stage of STAGES) {
      expect(idsIn(stage), stage).to.have.length(sample.files.length);
      expect(idsIn(stage), stage).to.deep.equal(idsIn('list'));
    }
    expect((await home.json('status')).summary).to.deep.equal(
      statuses(home.manifest(sample.folderId, 'link')),
    );
  });

  it('skip what their own manifests have finished when they start again', async () => {
    const manifests = home.manifests(sample.folderId);
    const count = meter(sandbox.cloud);
    await run(['resolve', 'transfer', 'link']);
    expect(home.manifests(sample.folderId)).to.deep.equal(manifests);
    const counts = count();
    expect(counts['drive files.download'] ?? 0).to.be.at.most(1);
    expect(counts).not.to.have.any.keys('s3 PutObject', 'field createMedia');
  });

  it('do the rest when a manifest lacks some files, and replace nothing in S3', async () => {
    const transferred = home.manifest(sample.folderId, 'transfer');
    const uploaded = transferred.filter(({ status }) => status === 'uploaded');
    const lost = new Set(uploaded.slice(0, 5).map(({ id }) => id));
    const rest = transferred.filter(({ id }) => !lost.has(id));
    writeFileSync(home.manifestPath(sample.folderId, 'transfer'), linesOf(rest));
    const links = linksIn(sandbox.cloud);
    const count = meter(sandbox.cloud);
    await run(['transfer', 'link']);
    expect(idsIn('transfer')).to.deep.equal(idsIn('list'));
    expect(home.manifest(sample.folderId, 'transfer').filter(({ url }) => url)).to.have.length(
      uploaded.length,
    );
    expect(linksIn(sandbox.cloud)).to.deep.equal(links);
    expect(count()).not.to.have.any.keys('field createMedia');
  });
});

describe('the stages of a named folder', () => {
  const sandbox = Sandbox.forAll();

  let id = 200;
  const opened = async (configured = false) => {
    id += 1;
    const folderId = sandbox.seed({ [`${id}.jpg`]: 'a' }, [id]);
    const home = await sandbox.home(configured ? { folderId } : {});
    const log = join(home.path, 'log');
    const shell = async (line: string) => (await home.pipe([`(${line})`])).codes[0];
    return { folderId, home, log, shell };
  };

  it('use the streams when they are asked to', async () => {
    const { folderId, home } = await opened();
    const listed = await home.migrator(['list', '--folder-id', folderId]);
    const args = ['parse', '--folder-id', folderId, '--in', '-', '--out', '-'];
    const { stdout } = await home.migrator(args, { stdin: listed.stdout });
    expect(recordsIn(stdout)).to.have.length(1);
    expect(home.manifests(folderId)).to.deep.equal({});
    const { stderr } = await home.exits(1, args.slice(0, 3), { stdin: listed.stdout });
    expect(stderr).to.include('migrator list').and.to.include('--in -');
  });

  it('of a folder that only the configuration names use pipes, and its run where there are none', async () => {
    const { folderId, home, log, shell } = await opened(true);
    const { stdout } = await home.pipe([['list'], ['parse']]);
    expect(recordsIn(stdout)).to.have.length(1);
    expect(home.manifests(folderId)).to.deep.equal({});
    for (const stage of ['list', 'parse'])
      expect(await shell(`${MIGRATOR} ${stage} </dev/null >'${log}' 2>&1`), stage).to.equal(0);
    expect(home.manifest(folderId, 'parse')).to.have.length(1);
    expect((await home.migrator(['parse'], { stdin: '' })).stderr).to.include('--folder-id');
  });

  it('without a folder and without input are a usage error', async () => {
    const { home } = await opened();
    for (const stage of ['parse', 'link']) {
      const { code, stderr } = await home.migrator([stage]);
      expect({ stage, code }).to.deep.equal({ stage, code: 2 });
      expect(stderr).to.include('--in FILE');
    }
  });
});
