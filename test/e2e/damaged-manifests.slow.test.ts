import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { MIGRATOR } from '../project-root.ts';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

describe('a run whose manifests somebody has worked on', () => {
  const sandbox = Sandbox.forAll();

  const migrated = (files?: number) => PictureFolder.migrated(sandbox, files);
  const STAGES = ['list', 'parse', 'resolve', 'transfer', 'link'] as const;
  const pathsOf = (folder: PictureFolder) => STAGES.map(stage => folder.manifestPath(folder.folderId, stage));

  it('goes on as if nothing had been done when they are re-ordered, doubled, and full of blank lines, CRLF and BOM', async () => {
    const { folder, objects, links } = await migrated();
    for (const path of pathsOf(folder)) {
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n').reverse();
      writeFileSync(path, `\uFEFF\r\n${[...lines, '', ...lines].join('\r\n\r\n')}\r\n  \r\n`);
    }
    const count = meter(sandbox.cloud);
    await folder.exits(0, ['resume']);
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
    const cut = await folder.exits(0, ['resume']);
    expect(cut.stderr).to.include('incomplete');
    expect(folder.objects()).to.deep.equal(objects);
    expect(folder.links()).to.deep.equal(links);

    for (const path of pathsOf(folder).slice(1)) rmSync(path);
    await folder.exits(0, ['resume']);
    rmSync(dirname(pathsOf(folder)[0]!), { recursive: true });
    await folder.exits(0, ['migrate']);
    expect(folder.objects()).to.deep.equal(objects);
    expect(folder.links()).to.deep.equal(links);
  });

  it('rebuilds the projection when it is missing or broken', async () => {
    const { folder } = await migrated();
    const path = join(folder.path, `progress_${folder.folderId}.json`);
    for (const text of [null, '', '{"files": {"']) {
      if (text === null) rmSync(path);
      else writeFileSync(path, text);
      await folder.exits(0, ['resume']);
      expect(JSON.parse(readFileSync(path, 'utf8')).summary).to.deep.equal({ completed: 3 });
    }
    expect(existsSync(`${path}.bak`)).to.equal(false);
  });

  it('is not worked on by two at a time, but is taken over from a process that has died', async () => {
    const { folder } = await migrated(1);
    const lock = join(dirname(pathsOf(folder)[0]!), 'lock');
    const { pid } = spawnSync(process.execPath, ['--version']);
    const holder = { host: hostname(), command: 'migrator migrate', since: new Date().toISOString() };
    for (const command of [['resume'], ['verify', '--repair'], ['undo', '--yes'], ['migrate', '--rescan']]) {
      writeFileSync(lock, JSON.stringify({ ...holder, host: 'elsewhere', pid: 4711 }));
      const refused = await folder.exits(1, command);
      expect(refused.stderr).to.include('process 4711').and.to.include('elsewhere');
    }
    writeFileSync(lock, JSON.stringify({ ...holder, pid }));
    await folder.exits(0, ['resume']);
    expect(existsSync(lock)).to.equal(false);
  });

  it('stops with a clear error when the disk is full, and loses nothing', async function () {
    if (process.platform === 'win32') this.skip();
    const folder = await PictureFolder.open(sandbox, 20);
    for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`);
    // A limit on the size of files is the portable way to a disk that takes no more: the manifests reach it first.
    const limited = `trap '' XFSZ; ulimit -f 8; exec ${MIGRATOR} migrate`;
    const { stderrs, codes } = await folder.pipe([`sh -c "${limited}"`], { stdout: 'none' });
    expect(codes, stderrs[0]).to.deep.equal([1]);
    expect(stderrs[0])
      .to.match(/^Error: .*runs.*ndjson/m)
      .and.not.to.match(/\n\s+at /);
    await folder.exits(0, ['resume']);
    expect(Object.keys(folder.objects())).to.have.length(20);
    expect(folder.links()).to.have.length(20);
  });
});
