import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

/** An entry of the Python tool's progress file. */
interface Entry {
  filename: string;
  status: string;
  sequential_ids?: number[];
  observation_ids?: string[];
  s3_url?: string | null;
  media_ids?: string[];
  error?: string | null;
  updated_at?: string;
  size?: number;
  checksum?: string | null;
}

describe('a migration that the Python tool has begun', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open();
  });
  after(() => sandbox.close());

  const opened = (observations = 3) => PictureFolder.open(sandbox, observations);
  const progressOf = (folder: PictureFolder) => join(folder.home.path, `progress_${folder.folderId}.json`);

  function leaveBehind(folder: PictureFolder, files: Record<string, Entry>): string {
    const text = JSON.stringify({
      folder_id: folder.folderId,
      started_at: '2024-05-01T10:00:00Z',
      updated_at: '2024-05-01T11:00:00Z',
      total_files: Object.keys(files).length,
      files,
      summary: { completed: 1 },
    });
    writeFileSync(progressOf(folder), text);
    return text;
  }

  /** A file as the Python tool left it: in Drive, in the bucket, linked to these of its ids, and its entry. */
  function stored(
    folder: PictureFolder,
    name: string,
    ids: number[],
    { linked = ids, status = 'completed', content = `bytes of ${name}` } = {},
  ): { id: string; entry: Entry } {
    const { s3, appSync, drive } = sandbox.cloud;
    const id = folder.add(name, content);
    const url = folder.urlOf(ids[0]!, name);
    s3.put(folder.keyOf(ids[0]!, name), content, 'image/jpeg');
    const media = appSync.addMedia(
      ...linked.map(each => ({ url, observationId: folder.observationOf(each) })),
    );
    const entry = {
      filename: name,
      status,
      sequential_ids: ids,
      observation_ids: ids.map(each => folder.observationOf(each)),
      s3_url: url,
      media_ids: media.map(item => item.id),
      error: null,
      updated_at: '2024-05-01T11:00:00Z',
      size: content.length,
      checksum: drive.tree.get(id).content!.md5(),
    };
    return { id, entry };
  }

  it('is gone on with: completed files are neither downloaded nor linked again, uploaded ones only linked', async () => {
    const folder = await opened();
    const [a, b, c] = folder.ids as [number, number, number];
    const done = stored(folder, `${a}.jpg`, [a]);
    const uploaded = stored(folder, `${b}.jpg`, [b], { linked: [], status: 'uploaded' });
    const fresh = folder.add(`${c}.jpg`, 'fresh');
    const text = leaveBehind(folder, {
      [done.id]: done.entry,
      [uploaded.id]: uploaded.entry,
      [fresh]: { filename: `${c}.jpg`, status: 'failed', error: 'Connection reset' },
    });
    const count = meter(sandbox.cloud);
    const { code, stderr } = await folder.migrator(['migrate']);
    expect(code, stderr).to.equal(0);
    expect(count()).to.include({ 'drive files.download': 1, 's3 PutObject': 1, 'field createMedia': 2 });
    const links = [`${a} → ${a}/${a}.jpg`, `${b} → ${b}/${b}.jpg`, `${c} → ${c}/${c}.jpg`];
    expect(folder.links()).to.deep.equal(links);
    expect(folder.home.read(`progress_${folder.folderId}.json.bak`)).to.equal(text);
    const ours = JSON.parse(folder.home.read(`progress_${folder.folderId}.json`));
    expect(ours.summary).to.deep.equal({ completed: 3 });
    expect(ours.files[done.id]).to.include({ s3_url: done.entry.s3_url, media_id: done.entry.media_ids![0] });

    const manifests = folder.home.manifests(folder.folderId);
    const again = meter(sandbox.cloud);
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(again()).not.to.have.any.keys(
      'drive files.download',
      's3 PutObject',
      'field createMedia',
      'field listMedia',
    );
    expect(folder.home.manifests(folder.folderId)).to.deep.equal(manifests);
    expect((await folder.migrator(['migrate', '--rescan'])).code).to.equal(0);
    expect(folder.links()).to.deep.equal(links);
  });

  it('is completed where links are missing, and only there, though nothing says which of its media is which', async () => {
    const folder = await opened();
    const [a, b, c] = folder.ids as [number, number, number];
    const { id, entry } = stored(folder, `${a}-${c}.jpg`, [a, b, c], { linked: [b], status: 'partial' });
    leaveBehind(folder, { [id]: entry });
    const made = folder.media();
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    const object = `${a}/${a}-${c}.jpg`;
    expect(folder.links()).to.deep.equal([a, b, c].map(each => `${each} → ${object}`));
    expect(folder.media()).to.deep.include.members(made);
    const count = meter(sandbox.cloud);
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(count()).not.to.have.any.keys('field createMedia', 'field listMedia');
  });

  it('is completed where it was linked after the last time that its progress was written', async () => {
    const folder = await opened();
    const [a] = folder.ids as [number];
    const { id, entry } = stored(folder, `${a}.jpg`, [a], { status: 'uploaded' });
    leaveBehind(folder, { [id]: { ...entry, media_ids: [] } });
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
  });

  it('is done afresh where it had failed, found no observation or waited for a person', async () => {
    const folder = await opened();
    const names = folder.ids.map(id => `${id}.jpg`);
    const ids = names.map(name => folder.add(name, name));
    const entries = ['failed', 'orphan', 'needs_review'].map((status, index) => [
      ids[index]!,
      { filename: names[index]!, status, s3_url: null, media_ids: [] },
    ]);
    leaveBehind(folder, Object.fromEntries(entries));
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(folder.links()).to.have.length(3);
    expect(Object.keys(folder.objects())).to.have.length(3);
  });

  it('replaces what has changed in Drive since, and keeps its link', async () => {
    const folder = await opened();
    const [a] = folder.ids as [number];
    const { id, entry } = stored(folder, `${a}.jpg`, [a]);
    leaveBehind(folder, { [id]: entry });
    await folder.migrator(['migrate']);
    sandbox.cloud.drive.tree.replaceContent(id, Buffer.from('other bytes'));
    const { code, stderr } = await folder.migrator(['migrate', '--rescan']);
    expect(code, stderr).to.equal(0);
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'other bytes' });
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
  });

  it('is taken over also where the folder had been scanned or listed by us before', async () => {
    const folder = await opened();
    const [a] = folder.ids as [number];
    const { id, entry } = stored(folder, `${a}.jpg`, [a]);
    leaveBehind(folder, { [id]: entry });
    await folder.migrator(['list'], { stdout: 'none' });
    const count = meter(sandbox.cloud);
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(count()).not.to.have.any.keys('drive files.download', 's3 PutObject', 'field createMedia');
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
  });

  it('has its files for survivors where there are duplicates', async () => {
    const folder = await opened();
    const [a] = folder.ids as [number];
    const { id, entry } = stored(folder, `${a}b.jpg`, [a]);
    const copy = folder.add(`${a}.jpg`, `bytes of ${a}b.jpg`);
    leaveBehind(folder, { [id]: entry });
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(folder.statusOf(copy)).to.equal('duplicate: duplicate');
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}b.jpg`]);
  });

  it('loses nothing when the first run of ours cannot even sign in', async () => {
    const folder = await opened();
    const [a] = folder.ids as [number];
    const { id, entry } = stored(folder, `${a}.jpg`, [a]);
    const text = leaveBehind(folder, { [id]: entry });
    const env = { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: 'wrong' };
    expect((await folder.migrator(['migrate'], { env: { ...folder.home.env, ...env } })).code).to.equal(1);
    const kept = existsSync(progressOf(folder)) ? progressOf(folder) : `${progressOf(folder)}.bak`;
    expect(folder.home.read(kept.slice(folder.home.path.length))).to.equal(text);
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
  });
});

describe('migrate --skip-existing', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open();
  });
  after(() => sandbox.close());

  it('leaves alone what another tool has linked, and links only what it has not', async () => {
    const folder = await PictureFolder.open(sandbox, 4);
    const [a, b, c, d] = folder.ids as [number, number, number, number];
    const { appSync, s3 } = sandbox.cloud;
    for (const [name, first, linked] of [
      [`${a}.jpg`, a, [a]],
      [`${b}-${c}.jpg`, b, [c]],
    ] as const) {
      folder.add(name, name);
      s3.put(folder.keyOf(first, name), name, 'image/jpeg');
      for (const each of linked)
        appSync.addMedia({ url: folder.urlOf(first, name), observationId: folder.observationOf(each) });
    }
    folder.add(`${d}.jpg`, 'new');
    const count = meter(sandbox.cloud);
    const { code, stderr } = await folder.migrator(['migrate', '--skip-existing']);
    expect(code, stderr).to.equal(0);
    const range = `${b}/${b}-${c}.jpg`;
    const links = [`${a} → ${a}/${a}.jpg`, `${b} → ${range}`, `${c} → ${range}`, `${d} → ${d}/${d}.jpg`];
    expect(folder.links()).to.deep.equal(links);
    // The range is stored already: its bytes are compared, not stored again.
    expect(count()).to.include({ 'field createMedia': 2, 'field listMedia': 1, 'drive files.download': 2 });
    expect((await folder.migrator(['resume'])).code).to.equal(0);
    expect((await folder.migrator(['resume', '--skip-existing'])).code).to.equal(0);
    expect(folder.links()).to.deep.equal(links);
  });

  it('knows an address that the other tool has written with other escapes', async () => {
    const folder = await PictureFolder.open(sandbox, 1, { more: { naming: 'relaxed' } });
    const [a] = folder.ids as [number];
    folder.add(`${a} (1).jpg`, 'x');
    const url = folder.urlOf(a, `${a}%20(1).jpg`);
    sandbox.cloud.appSync.addMedia({ url, observationId: folder.observationOf(a) });
    sandbox.cloud.s3.put(folder.keyOf(a, `${a} (1).jpg`), 'x', 'image/jpeg');
    expect((await folder.migrator(['migrate', '--skip-existing'])).code).to.equal(0);
    expect(folder.media()).to.have.length(1);
    const { code, stderr } = await folder.migrator(['verify']);
    expect(code, stderr).to.equal(0);
  });
});
