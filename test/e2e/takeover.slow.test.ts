import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PictureFolder } from './picture-folder.ts';
import { meter, Sandbox } from './sandbox.ts';

describe('a migration that the Python tool has begun', () => {
  const sandbox = Sandbox.forAll();

  const progressOf = (folder: PictureFolder) => join(folder.path, `progress_${folder.folderId}.json`);

  function leaveBehind(folder: PictureFolder, files: Record<string, object>): string {
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
  ) {
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

  it('goes on file by file: nothing is done twice, what is missing is done', async () => {
    const folder = await PictureFolder.open(sandbox, 9);
    const [a, b, c, d, e, f, g, h, i] = folder.ids as number[] as [number, ...number[]] & number[];
    const done = stored(folder, `${a}.jpg`, [a]);
    const uploaded = stored(folder, `${b}.jpg`, [b!], { linked: [], status: 'uploaded' });
    const linkedSince = stored(folder, `${c}.jpg`, [c!], { status: 'uploaded' });
    const partial = stored(folder, `${d}-${f}.jpg`, [d!, e!, f!], { linked: [e!], status: 'partial' });
    const unfinished = [g!, h!, i!].map(id => folder.add(`${id}.jpg`, `fresh ${id}`));
    const copy = folder.add(`${a}b.jpg`, `bytes of ${a}.jpg`);
    const states = ['failed', 'orphan', 'needs_review'];
    const text = leaveBehind(folder, {
      [done.id]: done.entry,
      [uploaded.id]: uploaded.entry,
      [linkedSince.id]: { ...linkedSince.entry, media_ids: [] },
      [partial.id]: partial.entry,
      ...Object.fromEntries(
        unfinished.map((id, at) => [id, { filename: `${folder.ids[6 + at]}.jpg`, status: states[at]! }]),
      ),
    });
    const before = folder.media();
    const count = meter(sandbox.cloud);
    await folder.exits(0, ['migrate']);
    expect(count()).to.include({ 'drive files.download': 3, 's3 PutObject': 3, 'field createMedia': 6 });
    const range = `${d}/${d}-${f}.jpg`;
    const links = [
      ...[a, b, c, g, h, i].map(id => `${id} → ${id}/${id}.jpg`),
      ...[d, e, f].map(id => `${id} → ${range}`),
    ].sort();
    expect(folder.links()).to.deep.equal(links);
    expect(folder.media()).to.deep.include.members(before);
    expect(folder.statusOf(copy)).to.equal('duplicate: duplicate');
    expect(folder.read(`progress_${folder.folderId}.json.bak`)).to.equal(text);
    const ours = JSON.parse(folder.read(`progress_${folder.folderId}.json`));
    expect(ours.summary).to.deep.equal({ completed: 7, duplicate: 1 });
    expect(ours.files[done.id]).to.include({ s3_url: done.entry.s3_url, media_id: done.entry.media_ids![0] });

    const manifests = folder.manifests(folder.folderId);
    const again = meter(sandbox.cloud);
    await folder.exits(0, ['migrate']);
    const work = ['drive files.download', 's3 PutObject', 'field createMedia', 'field listMedia'];
    expect(again()).not.to.have.any.keys(...work);
    expect(folder.manifests(folder.folderId)).to.deep.equal(manifests);

    sandbox.cloud.drive.tree.replaceContent(uploaded.id, Buffer.from('other bytes'));
    await folder.exits(0, ['migrate', '--rescan']);
    expect(folder.objects()).to.include({ [`${b}/${b}.jpg`]: 'other bytes' });
    expect(folder.links()).to.deep.equal(links);
  });

  it('is taken over also where the folder was listed before, and where the first run cannot sign in', async () => {
    const folder = await PictureFolder.open(sandbox, 1, { signedIn: false });
    const [a] = folder.ids as [number];
    const { id, entry } = stored(folder, `${a}.jpg`, [a]);
    const text = leaveBehind(folder, { [id]: entry });
    await folder.migrator(['list'], { stdout: 'none' });
    const env = { ...folder.env, AMPLIFY_MEDIA_MIGRATOR_PASSWORD: 'wrong' };
    await folder.exits(1, ['migrate'], { env });
    expect(folder.read(`progress_${folder.folderId}.json.bak`)).to.equal(text);
    const count = meter(sandbox.cloud);
    await folder.exits(0, ['migrate']);
    expect(count()).not.to.have.any.keys('drive files.download', 's3 PutObject', 'field createMedia');
    expect(folder.links()).to.deep.equal([`${a} → ${a}/${a}.jpg`]);
  });
});

describe('migrate --skip-existing', () => {
  const sandbox = Sandbox.forAll();

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
    await folder.exits(0, ['migrate', '--skip-existing']);
    const range = `${b}/${b}-${c}.jpg`;
    const links = [`${a} → ${a}/${a}.jpg`, `${b} → ${range}`, `${c} → ${range}`, `${d} → ${d}/${d}.jpg`];
    expect(folder.links()).to.deep.equal(links);
    // The range is stored already: its bytes are compared, not stored again.
    expect(count()).to.include({ 'field createMedia': 2, 'field listMedia': 1, 'drive files.download': 2 });
    await folder.exits(0, ['resume']);
    await folder.exits(0, ['resume', '--skip-existing']);
    expect(folder.links()).to.deep.equal(links);
  });

  it('knows an address that the other tool has written with other escapes', async () => {
    const folder = await PictureFolder.open(sandbox, 1, { more: { naming: 'relaxed' } });
    const [a] = folder.ids as [number];
    folder.add(`${a} (1).jpg`, 'x');
    const url = folder.urlOf(a, `${a}%20(1).jpg`);
    sandbox.cloud.appSync.addMedia({ url, observationId: folder.observationOf(a) });
    sandbox.cloud.s3.put(folder.keyOf(a, `${a} (1).jpg`), 'x', 'image/jpeg');
    await folder.exits(0, ['migrate', '--skip-existing']);
    expect(folder.media()).to.have.length(1);
    await folder.exits(0, ['verify']);
  });
});
