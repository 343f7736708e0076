import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FileRecord, StageName } from '../../stages/record.ts';
import { type SampleFolder, seedSampleFolder } from '../cloud/drive/sample-folder.ts';
import { projectRoot } from '../project-root.ts';
import { expectedOf, linksIn, wrongObjects } from './expected.ts';
import { type Home, linesOf, meter, recordsIn, Sandbox, statuses } from './sandbox.ts';

const STAGES = ['list', 'parse', 'resolve', 'transfer', 'link'] as const;

describe('the five stages as five processes', () => {
  let sandbox: Sandbox;
  let sample: SampleFolder;
  let home: Home;

  beforeEach(async () => {
    sandbox = await Sandbox.open();
    sample = seedSampleFolder(sandbox.cloud.drive);
    sandbox.cloud.appSync.addObservations(sample.sequentialIds);
    home = await sandbox.home({ folderId: sample.folderId });
  });
  afterEach(() => sandbox.close());

  const expectEverythingToHaveArrived = () => {
    const expected = expectedOf(sandbox.cloud, sample, 'strict');
    expect(wrongObjects(sandbox.cloud, expected)).to.deep.equal([]);
    expect(linksIn(sandbox.cloud)).to.deep.equal(expected.links);
  };
  const sorted = (records: FileRecord[]) => records.map(({ id }) => id).sort();

  it('do the main job joined by pipes, and pass on each record exactly once', async () => {
    const between = STAGES.map(stage => join(sandbox.folder, `${stage}.seen`));
    const members = STAGES.flatMap((stage, index) => [[stage], `tee ${between[index]}`]);
    const { stdout, codes, stderrs } = await home.pipe(members);

    expectEverythingToHaveArrived();
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

  it('do it by files', async () => {
    const file = (stage: string) => join(sandbox.folder, `${stage}.ndjson`);
    for (const [index, stage] of STAGES.entries()) {
      const input = index === 0 ? [] : ['--in', file(STAGES[index - 1]!)];
      const { code, stdout } = await home.migrator([stage, ...input, '--out', file(stage)]);
      expect(code, stage).to.equal(index === 0 ? 0 : 3);
      expect(stdout, stage).to.equal('');
    }
    expectEverythingToHaveArrived();
    expect(recordsIn(home.read('../link.ndjson'))).to.have.length(sample.files.length);
  });

  it('take standard streams for "-"', async () => {
    const list = await home.migrator(['list', '--out', '-']);
    const parse = await home.migrator(['parse', '--in', '-', '--out', '-'], { stdin: list.stdout });
    expect(sorted(recordsIn(parse.stdout))).to.deep.equal(sorted(recordsIn(list.stdout)));
  });

  it('take the last line of a file that has several, when a manifest is put in by "<"', async () => {
    await home.migrator(['scan']);
    const resolved = home.manifest(sample.folderId, 'resolve');
    const pending = resolved.filter(({ status }) => status === 'pending');
    const stopped = { ...pending[0]!, status: 'needs_review', observations: undefined };
    const path = join(sandbox.folder, 'resolved.ndjson');
    writeFileSync(path, linesOf([...resolved, stopped]));
    const run = join(projectRoot(), 'bin', 'run.js');
    const { stdout } = await home.pipe([`"${process.execPath}" "${run}" transfer < "${path}"`]);
    const records = recordsIn(stdout);
    expect(records).to.have.length(resolved.length);
    expect(records.find(({ id }) => id === stopped.id)!.status).to.equal('needs_review');
    expect(sandbox.cloud.s3.objects()).to.have.length(records.filter(({ url }) => url).length);
  });

  it('parse on the way when list is piped straight into resolve', async () => {
    const { stdout, codes } = await home.pipe([['list'], ['resolve']]);
    expect(codes).to.deep.equal([0, 3]);
    const direct = await home.pipe([['list'], ['parse'], ['resolve']]);
    expect(recordsIn(stdout)).to.deep.equal(recordsIn(direct.stdout));
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
  let sandbox: Sandbox;
  let sample: SampleFolder;
  let home: Home;
  const stages = async () => {
    for (const stage of STAGES) {
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
    sandbox = await Sandbox.open();
    sample = seedSampleFolder(sandbox.cloud.drive);
    sandbox.cloud.appSync.addObservations(sample.sequentialIds);
    home = await sandbox.home();
    await stages();
  });
  after(() => sandbox.close());

  it('do the main job, and status tells of it', async () => {
    const expected = expectedOf(sandbox.cloud, sample, 'strict');
    expect(wrongObjects(sandbox.cloud, expected)).to.deep.equal([]);
    expect(linksIn(sandbox.cloud)).to.deep.equal(expected.links);
    for (const stage of STAGES) {
      expect(idsIn(stage), stage).to.have.length(sample.files.length);
      expect(idsIn(stage), stage).to.deep.equal(idsIn('list'));
    }
    const { stdout } = await home.migrator(['status', '--json']);
    expect(JSON.parse(stdout).summary).to.deep.equal(statuses(home.manifest(sample.folderId, 'link')));
  });

  it('skip what their own manifests have finished when they start again', async () => {
    const manifests = home.manifests(sample.folderId);
    const count = meter(sandbox.cloud);
    await stages();
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
    await home.migrator(['transfer', '--folder-id', sample.folderId], { stdout: 'none' });
    await home.migrator(['link', '--folder-id', sample.folderId], { stdout: 'none' });
    expect(idsIn('transfer')).to.deep.equal(idsIn('list'));
    expect(home.manifest(sample.folderId, 'transfer').filter(({ url }) => url)).to.have.length(
      uploaded.length,
    );
    expect(linksIn(sandbox.cloud)).to.deep.equal(links);
    expect(count()).not.to.have.any.keys('field createMedia');
  });
});

describe('the stages of a named folder', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open();
  });
  after(() => sandbox.close());

  const migrator = `"${process.execPath}" "${join(projectRoot(), 'bin', 'run.js')}"`;
  let id = 200;
  const opened = async (configured = false) => {
    id += 1;
    const folderId = sandbox.seed({ [`${id}.jpg`]: 'a' }, [id]);
    const home = await sandbox.home(configured ? { folderId } : {});
    const log = join(home.path, 'log');
    const shell = async (line: string) => (await home.pipe([`(${line})`])).codes[0];
    return { folderId, home, log, shell };
  };
  const KINDS: Record<string, (command: string, log: string) => string> = {
    'cron, with a log': (command, log) => `${command} </dev/null >>'${log}' 2>&1`,
    'closed streams': command => `${command} <&- >&-`,
    'a loop that reads': (command, log) =>
      `for _ in 1 2; do echo x; done | while read _; do ${command} >'${log}'; done`,
    'ssh -n': (command, log) => `true | ${command} | cat >'${log}'`,
  };
  for (const [kind, redirected] of Object.entries(KINDS)) {
    it(`work on the manifests of its run whatever the standard streams are: ${kind}`, async () => {
      const { folderId, home, log, shell } = await opened();
      await shell(`${migrator} list --folder-id ${folderId} </dev/null >'${log}' 2>&1`);
      for (const stage of STAGES.slice(1)) {
        expect(await shell(redirected(`${migrator} ${stage} --folder-id ${folderId}`, log)), stage).to.equal(
          0,
        );
      }
      expect(home.manifest(folderId, 'link').map(({ status }) => status)).to.deep.equal(['completed']);
      expect(readFileSync(log, 'utf8')).not.to.include('"id":');
    });
  }

  it('use the streams when they are asked to', async () => {
    const { folderId, home } = await opened();
    const listed = await home.migrator(['list', '--folder-id', folderId]);
    const args = ['parse', '--folder-id', folderId, '--in', '-', '--out', '-'];
    const { stdout } = await home.migrator(args, { stdin: listed.stdout });
    expect(recordsIn(stdout)).to.have.length(1);
    expect(home.manifests(folderId)).to.deep.equal({});
    const { code, stderr } = await home.migrator(args.slice(0, 3), { stdin: listed.stdout });
    expect(code).to.equal(1);
    expect(stderr).to.include('migrator list').and.to.include('--in -');
  });

  it('of a folder that only the configuration names use pipes, and its run where there are none', async () => {
    const { folderId, home, log, shell } = await opened(true);
    const { stdout } = await home.pipe([['list'], ['parse']]);
    expect(recordsIn(stdout)).to.have.length(1);
    expect(home.manifests(folderId)).to.deep.equal({});
    for (const stage of ['list', 'parse'])
      expect(await shell(`${migrator} ${stage} </dev/null >'${log}' 2>&1`), stage).to.equal(0);
    expect(home.manifest(folderId, 'parse')).to.have.length(1);
    expect((await home.migrator(['parse'], { stdin: '' })).stderr).to.include('--folder-id');
  });

  it('without a folder and without input are a usage error', async () => {
    const { home } = await opened();
    for (const stage of STAGES.slice(1)) {
      const { code, stderr } = await home.migrator([stage]);
      expect({ stage, code }).to.deep.equal({ stage, code: 2 });
      expect(stderr).to.include('--in FILE');
    }
  });
});

describe('an input file of somebody else', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open();
  });
  after(() => sandbox.close());

  const good = '{"id":"1","name":"שלום.jpg"}\n';
  const FILES: [string, Buffer | string, RegExp][] = [
    ['no JSON', 'hello', /line 1, column 1/],
    ['a torn last line', `${good}{"id":"2","na`, /line 2, column 11/],
    ['UTF-16 with a BOM', Buffer.from(`\uFEFF${good}`, 'utf16le'), /UTF-16.*\n.*--out/],
    ['UTF-16 without a BOM', Buffer.from(good, 'utf16le'), /UTF-16/],
    ['Latin-1', Buffer.from('{"id":"1","name":"ä.jpg"}\n', 'latin1'), /line 1, column 19.*UTF-8/],
  ];
  for (const [kind, content, message] of FILES) {
    it(`is an error that says where and why, from a file and from a pipe: ${kind}`, async () => {
      const home = await sandbox.home();
      const path = join(home.path, 'input');
      writeFileSync(path, content);
      for (const member of [`< '${path}'`, `--in '${path}'`]) {
        const run = `"${process.execPath}" "${join(projectRoot(), 'bin', 'run.js')}"`;
        const { codes, stderrs } = await home.pipe([`${run} parse ${member}`]);
        expect(codes, member).to.deep.equal([1]);
        expect(stderrs[0]).to.match(message);
      }
      const { codes, stderrs } = await home.pipe([`cat '${path}'`, ['parse']]);
      expect(codes[1]).to.equal(1);
      expect(stderrs[1]).to.match(message);
    });
  }

  it('is read to its end when it is a pipe with a name', async () => {
    const home = await sandbox.home();
    const fifo = join(home.path, 'fifo');
    const run = `"${process.execPath}" "${join(projectRoot(), 'bin', 'run.js')}"`;
    const script = `mkfifo '${fifo}'; printf '%s\\n' '${good.trim()}' > '${fifo}' & ${run} parse --in '${fifo}'`;
    const { stdout } = await home.pipe([script]);
    expect(recordsIn(stdout).map(({ id }) => id)).to.deep.equal(['1']);
  });
});

describe('a manifest edited by hand', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open();
  });
  after(() => sandbox.close());

  /** `list | parse`, an editor, `resolve | transfer | link`; gives the records at the end by name. */
  const edited = async (
    home: Home,
    edit: (records: FileRecord[]) => FileRecord[],
  ): Promise<Map<string, FileRecord>> => {
    const before = await home.pipe([['list'], ['parse']]);
    const stdin = linesOf(edit(recordsIn(before.stdout)));
    const after = await home.pipe(['cat', ['resolve'], ['transfer'], ['link']], { stdin });
    return new Map(recordsIn(after.stdout).map(record => [record.name, record]));
  };
  const change = (records: FileRecord[], name: string, fields: Partial<FileRecord>) =>
    records.map(record => (record.name === name ? { ...record, ...fields } : record));
  const objectNames = (folder: string[]) =>
    sandbox.cloud.s3
      .objects()
      .map(({ key }) => key.split('/').at(-1)!)
      .filter(name => folder.includes(name));

  it('moves a file whose sequential ids a person has written down', async () => {
    const folderId = sandbox.seed({ 'big tree.jpg': 'tree' }, [101, 102]);
    const home = await sandbox.home({ folderId });
    const ends = await edited(home, records =>
      change(records, 'big tree.jpg', { sequentialIds: [101, 102] }),
    );
    expect(ends.get('big tree.jpg')!.status).to.equal('completed');
    expect(ends.get('big tree.jpg')).not.to.have.property('error');
    expect(
      linksIn(sandbox.cloud)
        .filter(link => /big%20tree/.test(link))
        .map(link => link.split(' ')[0]),
    ).to.deep.equal(['101', '102']);
    const [object] = sandbox.cloud.s3.objects().filter(({ key }) => key.endsWith('/big tree.jpg'));
    expect(object).to.include({ contentType: 'image/jpeg', size: 4 });
  });

  it('leaves a file out whose line was deleted', async () => {
    const folderId = sandbox.seed({ '111.jpg': 'a', '112.jpg': 'b' }, [111, 112]);
    const home = await sandbox.home({ folderId });
    const ends = await edited(home, records => records.filter(({ name }) => name !== '112.jpg'));
    expect([...ends.keys()]).to.deep.equal(['111.jpg']);
    expect(objectNames(['111.jpg', '112.jpg'])).to.deep.equal(['111.jpg']);
  });

  it('carries a note of the person to the end', async () => {
    const folderId = sandbox.seed({ '121.jpg': 'a' }, [121]);
    const home = await sandbox.home({ folderId });
    const note = { text: 'seen by Dana', at: [1, 2, { deep: true }] };
    const ends = await edited(home, records => change(records, '121.jpg', { note }));
    expect(ends.get('121.jpg')).to.deep.include({ note, status: 'completed' });
  });

  it('links to the observations that a person has set, and looks for no others', async () => {
    const folderId = sandbox.seed({ '131.jpg': 'a' }, [131]);
    const [other] = sandbox.cloud.appSync.addObservations([139]);
    const home = await sandbox.home({ folderId });
    const observations = [{ sequentialId: 139, id: other!.id }];
    const ends = await edited(home, records => change(records, '131.jpg', { observations }));
    expect(ends.get('131.jpg')).to.deep.include({ observations, key: `media/${other!.id}/131.jpg` });
    expect(linksIn(sandbox.cloud).filter(link => /131\.jpg/.test(link))).to.have.length(1);
    expect(linksIn(sandbox.cloud).find(link => /131\.jpg/.test(link))).to.match(/^139 /);
  });

  it("is respected in the run's folder by migrate, after the file had been set aside", async () => {
    const folderId = sandbox.seed({ 'oak.jpg': 'oak', '141.jpg': 'x' }, [140, 141]);
    const home = await sandbox.home({ folderId });
    expect((await home.migrator(['migrate'])).code).to.equal(3);
    const path = home.manifestPath(folderId, 'parse');
    writeFileSync(
      path,
      linesOf(change(home.manifest(folderId, 'parse'), 'oak.jpg', { sequentialIds: [140] })),
    );
    const { code } = await home.migrator(['migrate']);
    expect(code).to.equal(0);
    expect(objectNames(['oak.jpg', '141.jpg'])).to.have.members(['oak.jpg', '141.jpg']);
    expect(linksIn(sandbox.cloud).filter(link => /oak\.jpg/.test(link))).to.have.length(1);
  });

  it('may be written by hand from nothing but id and name', async () => {
    const folderId = sandbox.seed({ '151.jpg': 'by hand' }, [151]);
    const [file] = sandbox.cloud.drive.tree.childrenOf(folderId);
    const home = await sandbox.home({ folderId });
    const stdin = linesOf([{ id: file!.id, name: '151.jpg' }]);
    const { stdout, codes } = await home.pipe(['cat', ['parse'], ['resolve'], ['transfer'], ['link']], {
      stdin,
    });
    expect(codes).to.deep.equal([0, 0, 0, 0, 0]);
    expect(recordsIn(stdout)[0]).to.include({ status: 'completed' });
    expect(objectNames(['151.jpg'])).to.deep.equal(['151.jpg']);
  });

  it('is read as editors on other systems leave it: BOM, CRLF, blank lines, no newline at the end', async () => {
    const folderId = sandbox.seed({ '161.jpg': 'a', '162.jpg': 'b' }, [161, 162]);
    const home = await sandbox.home({ folderId });
    const { stdout } = await home.pipe([['list'], ['parse']]);
    const [one, two] = stdout.trimEnd().split('\n');
    const stdin = `\uFEFF${one}\r\n\r\n   \n${two}`;
    const resolved = await home.migrator(['resolve'], { stdin });
    expect(resolved.code).to.equal(0);
    expect(recordsIn(resolved.stdout).map(({ name }) => name)).to.have.members(['161.jpg', '162.jpg']);
    const path = join(sandbox.folder, 'edited.ndjson');
    writeFileSync(path, stdin);
    const fromFile = await home.migrator(['resolve', '--in', path]);
    expect(recordsIn(fromFile.stdout)).to.deep.equal(recordsIn(resolved.stdout));
  });
});
