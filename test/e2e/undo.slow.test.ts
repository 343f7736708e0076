import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { always, answer, arrival, deferred, inject, lostAnswer, times } from '../faults.ts';
import { PictureFolder } from './picture-folder.ts';
import { end } from './run-command.ts';
import { Sandbox, statuses } from './sandbox.ts';

describe('undo', () => {
  const sandbox = Sandbox.forAll();

  it('leaves an object that was replaced since, and one that was there before, and says so', async () => {
    const folder = await PictureFolder.open(sandbox, 3);
    const [a, b, c] = folder.ids as [number, number, number];
    for (const id of [a, b, c]) folder.add(`${id}.jpg`, `bytes of ${id}`);
    const { s3 } = sandbox.cloud;
    s3.put(folder.keyOf(a, `${a}.jpg`), `bytes of ${a}`, 'image/jpeg');
    await folder.migrator(['migrate']);
    s3.put(folder.keyOf(b, `${b}.jpg`), 'replaced by somebody', 'image/jpeg');
    const { code, left, objects, media } = await folder.json('undo', '--yes');
    expect({ code, objects, media }).to.deep.equal({ code: 3, objects: 1, media: 3 });
    expect(left.map(({ why }: { why: string }) => why)).to.have.length(2);
    expect(folder.objects()).to.deep.equal({
      [`${a}/${a}.jpg`]: `bytes of ${a}`,
      [`${b}/${b}.jpg`]: 'replaced by somebody',
    });
    expect(folder.media()).to.deep.equal([]);
  });

  it('leaves what another tool has stored and linked as it is, and takes back only its own links', async () => {
    const folder = await PictureFolder.open(sandbox, 2);
    const [a, b] = folder.ids as [number, number];
    const name = `${a}-${b}.jpg`;
    folder.add(name, 'ab');
    const { s3, appSync } = sandbox.cloud;
    s3.put(folder.keyOf(a, name), 'ab', 'image/jpeg');
    for (const id of [a, b])
      appSync.addMedia({ url: folder.urlOf(a, name), observationId: folder.observationOf(id) });
    const before = folder.media();
    await folder.exits(0, ['migrate', '--skip-existing']);
    expect(await folder.json('undo', '--yes')).to.deep.include({ code: 0, media: 0, objects: 0, left: [] });
    expect(folder.media()).to.deep.equal(before);
    await folder.exits(0, ['migrate']);
    expect(folder.media()).to.deep.equal(before);
  });

  it('leaves an object that is replaced at that very moment', async () => {
    const { folder } = await PictureFolder.migrated(sandbox, 1);
    const [a] = folder.ids as [number];
    const { s3 } = sandbox.cloud;
    s3.service.intercept = ({ method }) => {
      if (method === 'DELETE') s3.put(folder.keyOf(a, `${a}.jpg`), 'replaced by somebody', 'image/jpeg');
      return false;
    };
    const { code, left } = await folder.json('undo', '--yes');
    expect(code).to.equal(3);
    expect(left).to.have.length(1);
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'replaced by somebody' });
  });

  it('does not count as removed what it may not look at', async () => {
    const { folder, objects } = await PictureFolder.migrated(sandbox, 1);
    always(sandbox.cloud.s3.service, /^HEAD/, answer(403, ''));
    await folder.exits(1, ['undo', '--yes']);
    sandbox.cloud.s3.service.intercept = null;
    expect(folder.objects()).to.deep.equal(objects);
    expect(await folder.json('undo', '--yes')).to.deep.include({ code: 0, objects: 1 });
    expect(folder.objects()).to.deep.equal({});
  });

  describe('of two runs that met', () => {
    const verified = async (folder: PictureFolder, folderId = folder.folderId) => {
      const { code, problems } = await folder.json('verify', '--folder-id', folderId);
      return { code, problems };
    };
    const clean = { code: 0, problems: [] };

    it('takes back nothing of the first one, which was run at another computer', async () => {
      const { folder, objects, links } = await PictureFolder.migrated(sandbox);
      const above = sandbox.cloud.drive.tree.addFolder({ name: 'above' });
      for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`, above);
      const other = await sandbox.home({ folderId: above });
      await other.exits(0, ['migrate']);
      expect(statuses(other.manifest(above, 'link'))).to.deep.equal({ completed: 3 });

      const { code, media, objects: removed, left } = await other.json('undo', '--yes');
      expect({ code, media, removed }).to.deep.equal({ code: 3, media: 0, removed: 0 });
      expect(left.map(({ why }: { why: string }) => why).join()).to.match(/(.*before this run.*){3}/);
      expect(folder.objects()).to.deep.equal(objects);
      expect(folder.links()).to.deep.equal(links);
      expect(await verified(folder)).to.deep.equal(clean);
      await other.exits(0, ['undo', '--yes']);
    });

    it('leaves what another run of the same home uses, until that one is undone', async () => {
      const { folder, links } = await PictureFolder.migrated(sandbox);
      const above = sandbox.cloud.drive.tree.addFolder({ name: 'twin' });
      for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`, above);
      await folder.exits(0, ['migrate', '--folder-id', above]);

      const first = await folder.json('undo', '--yes', '--folder-id', folder.folderId);
      expect(first).to.deep.include({ code: 3, media: 0, objects: 0 });
      expect(first.left[0].why).to.include(above);
      expect(folder.links()).to.deep.equal(links);
      for (const id of [above, folder.folderId]) expect(await verified(folder, id)).to.deep.equal(clean);

      await folder.migrator(['undo', '--yes', '--folder-id', above]);
      const last = await folder.json('undo', '--yes', '--folder-id', folder.folderId);
      expect(last).to.deep.include({ code: 0, media: 3, objects: 3, left: [] });
      expect(folder.objects()).to.deep.equal({});
      expect(folder.media()).to.deep.equal([]);
    });
  });

  it('knows its own work again after lost answers and a crash', async () => {
    const folder = await PictureFolder.open(sandbox, 30);
    for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`);
    const { s3, appSync } = sandbox.cloud;
    inject(s3.service, /^PUT/, times(3, lostAnswer));
    const linked = deferred();
    let open = 0;
    // No response comes once the first media records are there.
    appSync.service.intercept = (_, response) => {
      open += 1;
      const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
      response.writeHead = (...args: unknown[]) => {
        open -= 1;
        if (folder.media().length === 0) return writeHead(...args);
        response.end = () => response;
        linked.resolve();
        return response;
      };
      return false;
    };
    const migration = folder.start(['migrate']);
    await Promise.race([linked.promise, migration.ended]);
    end(migration.child, 'SIGKILL');
    await migration.ended;
    while (open > 0) await new Promise(resolve => setImmediate(resolve));
    expect(folder.media()).not.to.deep.equal([]);
    appSync.service.intercept = null;
    s3.service.intercept = null;

    const outcome = await folder.json('undo', '--yes');
    expect(outcome.left).to.deep.equal([]);
    expect(folder.media()).to.deep.equal([]);
    await folder.exits(0, ['migrate']);
    expect(await folder.json('undo', '--yes')).to.deep.include({ media: 30, objects: 30, left: [] });
    expect(folder.objects()).to.deep.equal({});
  });

  it('says by status how far it came where S3 refuses to remove objects, and goes on from there', async () => {
    const { folder } = await PictureFolder.migrated(sandbox);
    inject(
      sandbox.cloud.s3.service,
      /^DELETE/,
      times(9, answer(403, '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>')),
    );
    await folder.exits(1, ['undo', '--yes']);
    expect(folder.media()).to.deep.equal([]);
    expect((await folder.json('status')).summary).to.deep.equal({ uploaded: 3 });
    expect(JSON.parse(folder.read(`progress_${folder.folderId}.json`)).summary).to.deep.equal({
      uploaded: 3,
    });
    sandbox.cloud.s3.service.intercept = null;
    expect(await folder.json('undo', '--yes')).to.deep.include({ code: 0, media: 0, objects: 3, left: [] });
    expect(folder.objects()).to.deep.equal({});
  });

  it('is completed by the next run after kill -9', async () => {
    const { folder, objects } = await PictureFolder.migrated(sandbox, 30);
    const { service } = sandbox.cloud.s3;
    const reached = arrival(service, ({ method }) => method === 'DELETE', 14);
    const undo = folder.start(['undo', '--yes']);
    await Promise.race([reached, undo.ended]);
    end(undo.child, 'SIGKILL');
    expect((await undo.ended).code).to.equal(null);
    service.intercept = null;
    await folder.exits(0, ['undo', '--yes']);
    expect(folder.objects()).to.deep.equal({});
    expect(folder.media()).to.deep.equal([]);
    await folder.exits(0, ['migrate']);
    expect(folder.objects()).to.deep.equal(objects);
  });

  it('by Ctrl-C ends with 130, and goes on when it is run again', async () => {
    const { folder } = await PictureFolder.migrated(sandbox, 30);
    const { service } = sandbox.cloud.s3;
    const reached = arrival(service, ({ method }) => method === 'DELETE', 3);
    const undo = folder.start(['undo', '--yes']);
    await reached;
    process.kill(undo.child.pid!, 'SIGINT');
    expect((await undo.ended).code).to.equal(130);
    expect(Object.keys(folder.objects())).to.have.length.within(1, 27);
    await folder.exits(0, ['undo', '--yes']);
    expect(folder.objects()).to.deep.equal({});
    expect(folder.media()).to.deep.equal([]);
  });
});
