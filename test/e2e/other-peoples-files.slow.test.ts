import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { MIGRATOR } from '../project-root.ts';
import { type Home, Sandbox } from './sandbox.ts';

describe("other people's files", () => {
  const sandbox = Sandbox.forAll();
  let home: Home;
  let folderId: string;
  /** Everyone can write here, as in /tmp. */
  let shared: string;

  before(async () => {
    folderId = sandbox.seed({ '1.jpg': 'one' }, [1]);
    home = await sandbox.home({ folderId });
    await home.exits(0, ['migrate']);
    shared = join(sandbox.folder, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
  });

  it('stay in the folder of a run that never saw a file', async () => {
    const folder = join(home.path, 'runs', 'unknownFolder');
    mkdirSync(join(folder, 'mine'), { recursive: true });
    writeFileSync(join(folder, 'notes.txt'), 'x');
    for (const command of ['scan', 'migrate']) await home.exits(1, [command, '--folder-id', 'unknownFolder']);
    expect(readdirSync(folder)).to.have.members(['mine', 'notes.txt']);
    for (const command of ['scan', 'parse', 'transfer', 'link']) {
      await home.exits(1, [command, '--folder-id', 'otherUnknownFolder']);
      expect(existsSync(join(home.path, 'runs', 'otherUnknownFolder')), command).to.equal(false);
    }
  });

  it('in the place of rejected lines are left alone, and named', async () => {
    const rejected = join(home.path, 'runs', folderId, 'parse.rejected.ndjson');
    const victim = join(sandbox.folder, 'not-rejected');
    writeFileSync(victim, 'precious');
    for (const plant of [() => symlinkSync(victim, rejected), () => execFileSync('mkfifo', [rejected])]) {
      plant();
      const args = ['parse', '--in', '-', '--folder-id', folderId, '--skip-bad-lines'];
      const { code, stderr } = await home.migrator(args, { stdin: 'hello\n' });
      expect([code, readFileSync(victim, 'utf8')]).to.deep.equal([1, 'precious']);
      expect(stderr).to.match(/parse\.rejected\.ndjson is (a symbolic link|not a regular file)/);
      rmSync(rejected);
    }
  });

  it('with the names of its own are neither changed nor removed, and a pipe there keeps nobody waiting', async () => {
    const folder = join(home.path, 'runs', folderId);
    const own = 'lock run.json observations.json linking.ndjson linking.1-of-2.ndjson transfer.ndjson';
    const names = own.split(' ').map(name => join(folder, name));
    const inHome = ['progress', 'failed'].map(name => join(home.path, `${name}_${folderId}.json`));
    for (const path of [...names, ...inHome]) {
      const before = existsSync(path) ? readFileSync(path) : null;
      for (const content of path.endsWith('transfer.ndjson')
        ? [null]
        : ['my notes\n', '{"my":"notes"}\n', null]) {
        rmSync(path, { force: true });
        if (content === null) execFileSync('mkfifo', [path]);
        else writeFileSync(path, content);
        const { stderr } = await home.exits(1, ['migrate', '--folder-id', folderId]);
        expect(stderr)
          .to.include(path)
          .and.to.match(/Move it to another place|Remove it/);
        if (content !== null) expect(readFileSync(path, 'utf8')).to.equal(content);
      }
      rmSync(path);
      if (before) writeFileSync(path, before);
    }
  });

  it('in the place of its sign-ins keep their content and mode', async () => {
    const other = await sandbox.home({ folderId });
    const notes = join(other.path, 'notes.json');
    other.edit(config => Object.assign(config.google_drive, { token_path: notes }));
    for (const [path, ...login] of [
      [notes, 'google', '--no-browser'],
      [join(other.path, 'cognito_token.json'), 'aws'],
    ] as [string, ...string[]][]) {
      writeFileSync(path, '{"my": "notes"}', { mode: 0o644 });
      for (const args of [['doctor'], ['login', ...login], ['logout']]) await other.migrator(args);
      expect([readFileSync(path, 'utf8'), lstatSync(path).mode & 0o777]).to.deep.equal([
        '{"my": "notes"}',
        0o644,
      ]);
      rmSync(path);
      execFileSync('mkfifo', [path]);
      await other.migrator(['doctor']);
      await other.migrator(['logout']);
      expect(lstatSync(path).isFIFO()).to.equal(true);
      rmSync(path);
    }
  });

  it('are not written through a link that was planted where the tool writes', async () => {
    const victim = join(sandbox.folder, 'victim');
    for (const args of [['report'], ['export', '--format', 'json'], ['parse', '--folder-id', folderId]]) {
      writeFileSync(victim, 'precious');
      const planted = join(shared, `${args[0]}.out`);
      symlinkSync(victim, planted);
      const { code, stderr } = await home.migrator([
        ...args,
        args[0] === 'parse' ? '--out' : '--output',
        planted,
      ]);
      expect(readFileSync(victim, 'utf8'), args[0]).to.equal('precious');
      if (args[0] === 'parse')
        expect([code, stderr]).to.satisfy(([, text]: [number, string]) => /symbolic link/.test(text));
      else expect([code, lstatSync(planted).isFile()]).to.deep.equal([0, true]);
    }
  });

  it('are not written through a link of another user, in a folder of theirs', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const [victim, theirs] = [join(sandbox.folder, 'victim'), join(sandbox.folder, 'theirs')];
    const NOBODY = 65534;
    writeFileSync(victim, 'precious');
    mkdirSync(theirs, { mode: 0o755 });
    symlinkSync(victim, join(theirs, 'out.csv'));
    lchownSync(join(theirs, 'out.csv'), NOBODY, NOBODY);
    chownSync(theirs, NOBODY, NOBODY);
    await home.migrator(['export', '--format', 'csv', '--output', join(theirs, 'out.csv')]);
    expect(readFileSync(victim, 'utf8')).to.equal('precious');
    const planted = join(shared, 'theirs.ndjson');
    symlinkSync(victim, planted);
    lchownSync(planted, NOBODY, NOBODY);
    const { stderr } = await home.migrator(['list', '--folder-id', folderId, '--out', planted]);
    expect(stderr).to.include(`${planted} is a symbolic link`);
    expect(readFileSync(victim, 'utf8')).to.equal('precious');
  });

  it('are not written through links in a home that others can write', async () => {
    const open = await sandbox.home({ folderId, signedIn: false });
    chmodSync(open.path, 0o777);
    const victim = join(sandbox.folder, 'victim-2');
    writeFileSync(victim, 'precious');
    for (const name of [`progress_${folderId}.json.tmp`, 'cognito_token.json', 'cognito_token.json.lock'])
      symlinkSync(victim, join(open.path, name));
    symlinkSync(victim, join(open.path, `progress_${folderId}.json`));
    await open.migrator(['migrate']);
    const folder = join(sandbox.folder, 'victim-folder');
    mkdirSync(join(folder, folderId), { recursive: true });
    for (const name of ['logs', 'runs']) {
      rmSync(join(open.path, name), { recursive: true, force: true });
      symlinkSync(folder, join(open.path, name));
    }
    expect((await open.migrator(['migrate'])).stderr).to.include('symbolic link');
    expect(readdirSync(folder, { recursive: true })).to.deep.equal([folderId]);
    expect(readFileSync(victim, 'utf8')).to.equal('precious');
    expect(lstatSync(victim).mode & 0o777).to.equal(0o644);
  });

  it('that are pipes and standard streams are written to, and devices stay devices', async () => {
    const pipe = join(sandbox.folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const exporting = `${MIGRATOR} export --format csv --output`;
    const script = `cat ${pipe} & ${exporting} ${pipe}; wait; ${exporting} /dev/stdout | cat`;
    const { stdout } = await home.pipe([script]);
    expect(stdout.match(/status,folder,file,/g)).to.have.length(2);
    const device = join(sandbox.folder, 'device');
    symlinkSync('/dev/null', device);
    await home.exits(0, ['export', '--output', device]);
    expect(lstatSync('/dev/null').isCharacterDevice()).to.equal(true);
  });
});
