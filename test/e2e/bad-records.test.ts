import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Home, recordsIn, Sandbox } from './sandbox.ts';

const GOOD = '{"id":"one","name":"1.jpg"}';

describe('a manifest with a line that is no record', () => {
  const sandbox = Sandbox.forAll();
  let folderId: string;
  let home: Home;
  before(async () => {
    folderId = sandbox.seed({ '1.jpg': 'one', '2.jpg': 'two' }, [1, 2]);
  });
  beforeEach(async () => {
    home = await sandbox.home({ folderId });
  });

  const BAD_LINES = [
    { line: '{"id":"two","name":"2.j', column: 20, says: /double quote/ },
    { line: '[1,2]', column: 1, says: /JSON object/ },
    { line: '{"id":"two","name":"2.jpg","status":"done"}', column: 1, says: /"status" is "done".*completed/ },
  ];

  it('is named with file, line and column', async () => {
    const path = join(home.path, 'edited.ndjson');
    const text = `${GOOD}\n\n${BAD_LINES[0]!.line}\n${GOOD.replace('one', 'three')}\n`;
    writeFileSync(path, text);
    const byFile = await home.migrator(['parse', '--in', path]);
    const byPipe = await home.migrator(['parse'], { stdin: text });
    expect([byFile.code, byPipe.code]).to.deep.equal([1, 1]);
    expect(byFile.stderr).to.include(path);
    expect(byPipe.stderr).to.include('standard input, line 3');
    for (const { stderr } of [byFile, byPipe]) {
      expect(stderr)
        .to.include(`line 3, column ${BAD_LINES[0]!.column}: `)
        .and.to.include('--skip-bad-lines')
        .and.not.to.match(/\n\s+at /);
    }
  });

  it('is left out with --skip-bad-lines, and kept with its reason', async () => {
    const input = join(home.path, 'edited.ndjson');
    const out = join(home.path, 'out', 'parse.ndjson');
    const lines = BAD_LINES.map(({ line }) => line);
    writeFileSync(input, [GOOD, ...lines, ''].join('\n'));
    const { stderr } = await home.exits(3, ['parse', '--in', input, '--out', out, '--skip-bad-lines']);
    const rejected = join(home.path, 'out', 'parse.rejected.ndjson');
    expect(stderr).to.include(`${lines.length} lines`).and.to.include(rejected);
    expect(recordsIn(home.read('out', 'parse.ndjson')).map(({ id }) => id)).to.deep.equal(['one']);
    const kept = recordsIn(home.read('out', 'parse.rejected.ndjson'));
    expect(kept.map(({ line }) => line)).to.deep.equal(lines);
    for (const [index, { column, says }] of BAD_LINES.entries())
      expect(kept[index]!.reason)
        .to.match(new RegExp(`line ${index + 2}, column ${column}`))
        .and.to.match(says);
  });

  it("stops a run in the run's own manifest, and touches nothing", async () => {
    await home.migrator(['scan']);
    const path = home.manifestPath(folderId, 'parse');
    const text = `not a record\n${home.read('runs', folderId, 'parse.ndjson')}`;
    writeFileSync(path, text);
    const { stderr } = await home.exits(1, ['migrate']);
    expect(stderr).to.include(`${path}, line 1, column 1`);
    expect(home.read('runs', folderId, 'parse.ndjson')).to.equal(text);
    expect(sandbox.cloud.s3.objects()).to.deep.equal([]);
    // The lock is not left behind.
    expect(existsSync(join(home.path, 'runs', folderId, 'lock'))).to.equal(false);
  });

  it('does with a warning when only the last line was cut off by a crash', async () => {
    await home.migrator(['scan']);
    const path = home.manifestPath(folderId, 'resolve');
    const text = home.read('runs', folderId, 'resolve.ndjson');
    writeFileSync(path, text.slice(0, -20));
    const { stderr } = await home.exits(0, ['scan']);
    expect(stderr).to.match(/Warning: .*resolve\.ndjson: line 2.*incomplete/);
    expect(home.manifest(folderId, 'resolve')).to.have.length(2);
    expect(home.manifest(folderId, 'resolve').every(({ key }) => key)).to.equal(true);
  });

  it('is not written into a pipe: a fault of the first stage does not look like a record to the second', async () => {
    const { codes, stderrs } = await home.pipe(['cat', ['parse', '--json'], ['resolve']], { stdin: 'x\n' });
    expect(codes).to.deep.equal([0, 1, 0]);
    expect(JSON.parse(stderrs[1]!).error.code).to.equal('bad_line');
    expect(stderrs[2]).not.to.match(/Error/);
  });

  for (const { args, what } of [
    { args: ['parse', '--in', '.'], what: 'that is a folder' },
    { args: ['list', '--out', '.'], what: 'to be written that is a folder' },
  ]) {
    it(`${what} gets a clear message`, async () => {
      const { stderr } = await home.exits(1, args, { cwd: sandbox.folder });
      expect(stderr)
        .to.match(/^Error: /)
        .and.not.to.match(/unexpected|\n\s+at /);
    });
  }

  it('that needs an earlier stage says which', async () => {
    const { stderr } = await home.exits(1, ['transfer'], { stdout: 'none' });
    expect(stderr).to.include('resolve.ndjson').and.to.include('migrator resolve');
  });

  it('without what the stage needs is marked, not lost', async () => {
    const { codes, stdout } = await home.pipe(['cat', ['transfer'], ['link']], { stdin: `${GOOD}\n` });
    expect(codes).to.deep.equal([0, 3, 3]);
    const [record] = recordsIn(stdout);
    expect(record).to.include({ id: 'one', status: 'failed' });
    expect(record!.error!.message).to.match(/migrator resolve/);
  });
});

describe('a file name that cannot be used', () => {
  const NAMES: Record<string, string> = {
    'a slash': '1/2.jpg',
    'a way out': '../7.jpg',
    'a newline': '3\n.jpg',
    'a bell': '4\u0007.jpg',
    'a DEL': '5\u007f.jpg',
    'a C1 control': '6\u0085.jpg',
    'half a surrogate pair': '7\ud83d.jpg',
    'an escape sequence': '\u001b[31m8.jpg',
    'an id above GraphQL Int': '2147483648.jpg',
    'a range that is too wide': '1-101.jpg',
    nothing: '',
  };
  const sandbox = Sandbox.forAll();

  it('is left to a person and stops no other file', async () => {
    const good = { '2147483647.jpg': 'largest', '10.jpg': 'ten' };
    const bad = Object.fromEntries(Object.values(NAMES).map(name => [name, `bytes of ${name}`]));
    const folderId = sandbox.seed({ ...bad, ...good }, [2147483647, 10, 1, 2]);
    const home = await sandbox.home({ folderId, more: { naming: 'relaxed' } });
    const { stderr } = await home.exits(3, ['migrate']);
    const records = home.manifest(folderId, 'link');
    expect(records).to.have.length(Object.keys(NAMES).length + 2);
    for (const [what, name] of Object.entries(NAMES)) {
      const record = records.find(each => each.name === name);
      expect(record?.status, what).to.equal('needs_review');
      expect(record!.error!.message, what).to.include(record!.id);
    }
    for (const name of Object.keys(good))
      expect(records.find(each => each.name === name)?.status, name).to.equal('completed');
    expect(sandbox.cloud.s3.objects()).to.have.length(2);
    // What the names hold must not reach the terminal as it is.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are looked for.
    expect(stderr).not.to.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('is refused too where a hand-edited id is too large for GraphQL', async () => {
    const home = await sandbox.home({ folderId: sandbox.seed({}) });
    const stdin = '{"id":"x","name":"1.jpg","sequentialIds":[2147483648]}\n{"id":"y","name":"10.jpg"}\n';
    const { stdout } = await home.exits(3, ['resolve'], { stdin });
    const [tooLarge, good] = recordsIn(stdout);
    expect(tooLarge!.status).to.equal('needs_review');
    expect(good!.observations).to.have.length(1);
  });
});
