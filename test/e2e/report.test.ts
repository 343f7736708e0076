import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PageData } from '../../src/results/report/page-files.ts';
import type { SampleFolder } from '../cloud/drive/sample-folder.ts';
import { type Home, meter, Sandbox, statuses } from './sandbox.ts';

describe('report', () => {
  const sandbox = Sandbox.forAll();
  let sample: SampleFolder;
  let home: Home;
  let cwd: string;

  before(async () => {
    sample = sandbox.seedSample();
    home = await sandbox.home({ folderId: sample.folderId });
    await home.migrator(['migrate']);
    cwd = join(sandbox.folder, 'here');
    mkdirSync(cwd);
  });

  const dataIn = (page: string) =>
    JSON.parse(/<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(page)![1]!) as PageData;
  const offline = () => ({ HOME: sandbox.folder, AMPLIFY_MEDIA_MIGRATOR_PASSWORD: '' });

  it('is a page in the current folder with every file of the run, made without asking anybody', async () => {
    const count = meter(sandbox.cloud);
    const manifests = home.manifests(sample.folderId);
    const { stdout, stderr } = await home.exits(0, ['report'], { cwd, env: offline() });
    expect(count()).to.deep.equal({});
    expect(home.manifests(sample.folderId)).to.deep.equal(manifests);
    const path = join(cwd, `report_${sample.folderId}.html`);
    expect(stdout).to.equal('');
    expect(stderr).to.include(path);
    const { files } = dataIn(readFileSync(path, 'utf8'));
    const listed = home.manifest(sample.folderId, 'list').map(({ id }) => id);
    expect(listed).to.have.length(sample.files.length);
    expect(files.map(([id]) => id)).to.deep.equal(listed);
  });

  it('goes to the file or to standard output that --output names', async () => {
    const output = join(cwd, 'page.html');
    const run = ['report', '--folder-id', sample.folderId, '--output'];
    await home.exits(0, [...run, output]);
    const { stdout } = await home.exits(0, [...run, '-']);
    expect(stdout).to.match(/^<!doctype html>[\s\S]*<\/html>\n$/);
    expect(dataIn(stdout)).to.deep.equal(dataIn(readFileSync(output, 'utf8')));
  });

  it('says the same as JSON, and then writes a page only where --output asks for one', async () => {
    const folder = join(cwd, 'json');
    mkdirSync(folder);
    const { stdout } = await home.migrator(['report', '--json'], { cwd: folder });
    const report = JSON.parse(stdout);
    const records = home.manifest(sample.folderId, 'link');
    expect(report).to.deep.include({
      folder_id: sample.folderId,
      total_files: sample.files.length,
      summary: statuses(records),
      report: null,
    });
    const stored = records.filter(({ url }) => url);
    expect(report.over_time.sessions.map(({ files }: { files: number }) => files)).to.deep.equal([
      stored.length,
    ]);
    expect(report.files).to.have.length(report.need_attention);
    const { photo, video } = report.by_kind;
    expect([photo.files > 0, video.files > 0]).to.deep.equal([true, true]);
    expect(report.observations.read_at).to.be.a('string');
    expect(report.observations.not_existing.sequential_ids).to.match(/\b6999\b/);
    expect(report.in_progress).to.equal(null);
    const unread = report.files.filter((file: { relaxed_reading: string | null }) => file.relaxed_reading);
    expect(unread).not.to.be.empty;
    expect(report.files.find(({ code }: { code: string }) => code === 'no_observation')).to.include({
      name: '6999.jpg',
      path: '6000-6999',
      status: 'orphan',
    });
    expect(existsSync(join(folder, `report_${sample.folderId}.html`))).to.equal(false);

    const both = await home.migrator(['report', '--json', '--output', 'both.html'], { cwd: folder });
    expect(JSON.parse(both.stdout).report).to.equal(join(folder, 'both.html'));
    expect(existsSync(join(folder, 'both.html'))).to.equal(true);
    const { code, error } = await home.json('report', '--output', '-');
    expect([code, error.code]).to.deep.equal([2, 'usage']);
  });

  it('serves the page with --watch on this computer until Ctrl-C, and says when the run has changed', async () => {
    const { child, ended } = home.start(['report', '--watch']);
    const [first] = await once(child.stdout!, 'data');
    const url = String(first).trim();
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
    const page = await (await fetch(url)).text();
    const { version } = dataIn(page);
    expect(page).to.include('connect-src &#39;self&#39;');
    const current = async () => (await fetch(`${url}version`)).text();
    expect(await current()).to.equal(version);
    const manifest = home.manifestPath(sample.folderId, 'link');
    appendFileSync(manifest, `${readFileSync(manifest, 'utf8').split('\n')[0]}\n`);
    expect(await current()).not.to.equal(version);
    expect((await fetch(new URL('/', url))).status).to.equal(404);
    const stranger = request(url, { headers: { Host: 'example.com' } }).end();
    expect((await once(stranger, 'response'))[0].statusCode).to.equal(403);
    child.kill('SIGINT');
    expect((await ended).code).to.equal(0);
  });

  it('tells when each object was stored, and a second run does not move that time', async () => {
    const times = () =>
      Object.fromEntries(home.manifest(sample.folderId, 'link').map(({ id, storedAt }) => [id, storedAt]));
    const before = times();
    const stored = home.manifest(sample.folderId, 'link').filter(({ url }) => url);
    for (const { storedAt } of stored) expect(Date.now() - Date.parse(storedAt!)).to.be.within(0, 600_000);
    await home.migrator(['resume']);
    expect(times()).to.deep.equal(before);
  });

  it('warns of a broken configuration, and needs none', async () => {
    const config = home.read('config.json');
    writeFileSync(join(home.path, 'config.json'), '{bad');
    const { code, stderr } = await home.migrator(['report'], { cwd });
    writeFileSync(join(home.path, 'config.json'), config);
    expect(code).to.equal(0);
    expect(stderr).to.match(/^Warning: .*config\.json is not JSON/);
  });

  it('says what is wrong when there is no run, or no such place', async () => {
    const none = await home.exits(1, ['report', '--folder-id', '1other'], { cwd });
    expect(none.stderr).to.match(/There is no run/);
    const nowhere = await home.exits(1, ['report', '--output', join(cwd, 'missing', 'x.html')]);
    expect(nowhere.stderr).to.match(/missing\/x\.html cannot be written[\s\S]*--output/);
  });
});
