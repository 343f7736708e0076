import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { FileRecord } from '../../stages/record.ts';
import { projectRoot } from '../project-root.ts';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

const RUN = join(projectRoot(), 'bin', 'run.js');

describe('a run whose manifests somebody has worked on', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open();
  });
  after(() => sandbox.close());

  async function migrated(files = 3) {
    const folder = await PictureFolder.open(sandbox, files);
    for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`);
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    return { folder, objects: folder.objects(), links: folder.links() };
  }
  const STAGES = ['list', 'parse', 'resolve', 'transfer', 'link'] as const;
  const pathsOf = (folder: PictureFolder) =>
    STAGES.map(stage => folder.home.manifestPath(folder.folderId, stage));

  it('goes on as if nothing had been done when they are re-ordered, doubled, and full of blank lines, CRLF and BOM', async () => {
    const { folder, objects, links } = await migrated();
    for (const path of pathsOf(folder)) {
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n').reverse();
      writeFileSync(path, `\uFEFF\r\n${[...lines, '', ...lines].join('\r\n\r\n')}\r\n  \r\n`);
    }
    const count = meter(sandbox.cloud);
    const { code, stderr } = await folder.migrator(['resume']);
    expect(code, stderr).to.equal(0);
    expect(count()).not.to.have.any.keys('s3 PutObject', 'field createMedia', 'drive files.download');
    expect(folder.objects()).to.deep.equal(objects);
    expect(folder.links()).to.deep.equal(links);
  });

  it('repeats what was lost when each is cut in the middle, and what was lost altogether', async () => {
    const { folder, objects, links } = await migrated();
    for (const path of pathsOf(folder)) {
      const text = readFileSync(path, 'utf8');
      truncateSync(path, Buffer.byteLength(text) - 40);
    }
    const cut = await folder.migrator(['resume']);
    expect(cut.code, cut.stderr).to.equal(0);
    expect(cut.stderr).to.include('incomplete');
    expect(folder.objects()).to.deep.equal(objects);
    expect(folder.links()).to.deep.equal(links);

    for (const path of pathsOf(folder).slice(1)) rmSync(path);
    expect((await folder.migrator(['resume'])).code).to.equal(0);
    rmSync(dirname(pathsOf(folder)[0]!), { recursive: true });
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(folder.objects()).to.deep.equal(objects);
    expect(folder.links()).to.deep.equal(links);
  });

  it('rebuilds the projection when it is missing or broken', async () => {
    const { folder } = await migrated();
    const path = join(folder.home.path, `progress_${folder.folderId}.json`);
    for (const text of [null, '', '{"files": {"', 'null']) {
      if (text === null) rmSync(path);
      else writeFileSync(path, text);
      expect((await folder.migrator(['resume'])).code).to.equal(0);
      expect(JSON.parse(readFileSync(path, 'utf8')).summary).to.deep.equal({ completed: 3 });
    }
    expect(existsSync(`${path}.bak`)).to.equal(false);
  });

  it('goes through manifests of 100,000 lines: nothing is done twice, and a bad line is named', async () => {
    const { folder } = await migrated(1);
    const list = folder.home.manifestPath(folder.folderId, 'list');
    const [done] = folder.home.manifest(folder.folderId, 'list');
    const lines: string[] = [];
    for (let index = 0; index < 100_000; index += 1) {
      const file = index % 20_000;
      const record: FileRecord = {
        id: `hand-${file}`,
        name: `note ${file}.txt`,
        status: 'pending',
        note: 'später',
      };
      lines.push(index % 7 ? JSON.stringify(record) : '');
    }
    writeFileSync(list, `\uFEFF${[...lines.reverse(), JSON.stringify(done)].join('\r\n')}`);
    const count = meter(sandbox.cloud);
    const { code, stdout, stderr } = await folder.migrator(['resume', '--json']);
    expect(code, stderr).to.equal(3);
    expect(JSON.parse(stdout).summary).to.deep.equal({ completed: 1, needs_review: 20_000 });
    expect(count()).not.to.have.any.keys('s3 PutObject', 'field createMedia');

    appendFileSync(list, '\n{"id": "x", name}\n{"id": "y", "name": "y.jpg"}\n');
    const bad = await folder.migrator(['status']);
    expect(bad.code).to.equal(1);
    expect(bad.stderr).to.include(`${list}, line 100002, column 13`);
  });

  it('is not worked on by two at a time, but is taken over from a process that has died', async () => {
    const { folder } = await migrated(1);
    const lock = join(dirname(pathsOf(folder)[0]!), 'lock');
    const { pid } = spawnSync(process.execPath, ['--version']);
    const holder = { host: hostname(), command: 'migrator migrate', since: new Date().toISOString() };
    for (const command of [['resume'], ['verify', '--repair'], ['undo', '--yes'], ['migrate', '--rescan']]) {
      writeFileSync(lock, JSON.stringify({ ...holder, pid: process.pid }));
      const refused = await folder.migrator(command);
      expect(refused.code, command.join()).to.equal(1);
      expect(refused.stderr).to.include(`process ${process.pid}`);
    }
    writeFileSync(lock, JSON.stringify({ ...holder, pid }));
    expect((await folder.migrator(['resume'])).code).to.equal(0);
    expect(existsSync(lock)).to.equal(false);
  });

  it('says so when a folder stands in the place of its lock', async () => {
    const { folder } = await migrated(1);
    const lock = join(dirname(pathsOf(folder)[0]!), 'lock');
    mkdirSync(lock);
    const { code, stderr } = await folder.migrator(['resume']);
    expect(code).to.equal(1);
    expect(stderr).to.include(lock);
  });

  it('stops with a clear error when its place in the home is taken, or the home is a file', async () => {
    const { folder, objects } = await migrated(1);
    const transfer = folder.home.manifestPath(folder.folderId, 'transfer');
    const kept = readFileSync(transfer);
    rmSync(transfer);
    mkdirSync(transfer);
    const taken = await folder.migrator(['resume']);
    expect(taken.code).to.equal(1);
    expect(taken.stderr).to.include(transfer).and.to.include('cannot be used');
    rmSync(transfer, { recursive: true });
    writeFileSync(transfer, kept);

    const file = join(sandbox.folder, 'a-file');
    writeFileSync(file, 'x');
    const env = { ...folder.home.env, AMPLIFY_MEDIA_MIGRATOR_HOME: join(file, 'home') };
    const { code, stderr } = await folder.migrator(['scan', '--folder-id', folder.folderId], { env });
    expect(code).to.equal(1);
    expect(stderr)
      .to.match(/^Error: /)
      .and.not.to.match(/\n\s+at /);
    expect((await folder.migrator(['resume'])).code).to.equal(0);
    expect(folder.objects()).to.deep.equal(objects);
  });

  it('stops with a clear error when the disk is full, and loses nothing', async function () {
    if (process.platform === 'win32') this.skip();
    const folder = await PictureFolder.open(sandbox, 20);
    for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`);
    // A limit on the size of files is the portable way to a disk that takes no more: the manifests reach it first.
    const limited = `trap '' XFSZ; ulimit -f 8; exec '${process.execPath}' '${RUN}' migrate`;
    const { stderrs, codes } = await folder.home.pipe([`sh -c "${limited}"`], { stdout: 'none' });
    expect(codes, stderrs[0]).to.deep.equal([1]);
    expect(stderrs[0])
      .to.match(/^Error: .*runs.*ndjson/m)
      .and.not.to.match(/\n\s+at /);
    const { code, stderr } = await folder.migrator(['resume']);
    expect(code, stderr).to.equal(0);
    expect(Object.keys(folder.objects())).to.have.length(20);
    expect(folder.links()).to.have.length(20);
  });

  it('is migrated all the same when nobody listens to standard output, or it is closed', async () => {
    const folder = await PictureFolder.open(sandbox, 2);
    for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`);
    const { codes } = await folder.home.pipe([['migrate', '--json'], 'true']);
    expect(codes[1]).to.equal(0);
    expect(folder.links()).to.have.length(2);
    const closed = `'${process.execPath}' '${RUN}' status >&-`;
    const { stderrs } = await folder.home.pipe([closed], { stdout: 'none' });
    expect(stderrs[0]).not.to.match(/\n\s+at /);
  });
});
