import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { answer, inject, lostAnswer, times } from '../faults.ts';
import { PictureFolder } from './picture-folder.ts';
import { end } from './run-command.ts';
import { arrival, type Home, meter, recordsIn, Sandbox, statuses } from './sandbox.ts';

describe('undo', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open();
  });
  afterEach(() => {
    sandbox.cloud.s3.service.intercept = null;
    sandbox.cloud.appSync.service.intercept = null;
  });
  after(() => sandbox.close());

  async function migrated(files = 3) {
    const folder = await PictureFolder.open(sandbox, files);
    const driveIds = folder.ids.map(id => folder.add(`${id}.jpg`, `bytes of ${id}`));
    const { code, stderr } = await folder.migrator(['migrate']);
    expect(code, stderr).to.equal(0);
    return { folder, driveIds, objects: folder.objects(), links: folder.links() };
  }
  const lastOf = async (home: Home, folderId: string) => {
    const args = ['export', '--format', 'ndjson', '--folder-id', folderId];
    return recordsIn((await home.migrator(args)).stdout);
  };
  const undone = async (folder: PictureFolder, ...flags: string[]) => {
    const { code, stdout, stderr } = await folder.migrator(['undo', '--json', ...flags]);
    if (stdout === '') throw new Error(stderr);
    return { code, ...JSON.parse(stdout) };
  };

  it('says with --dry-run what it would remove, and removes nothing', async () => {
    const { folder, objects, links } = await migrated();
    const before = folder.home.manifests(folder.folderId);
    const expected = { code: 0, dry_run: true, media: 3, objects: 3, left: [] };
    expect(await undone(folder, '--dry-run')).to.deep.equal(expected);
    expect(folder.objects()).to.deep.equal(objects);
    expect(folder.links()).to.deep.equal(links);
    expect(folder.home.manifests(folder.folderId)).to.deep.equal(before);
  });

  it('asks first: where nobody can be asked it removes nothing without --yes', async () => {
    const { folder, objects } = await migrated(1);
    const { code, stderr } = await folder.migrator(['undo']);
    expect(code).to.equal(2);
    expect(stderr).to.include('--yes').and.to.include('1 file');
    expect(folder.objects()).to.deep.equal(objects);
  });

  it('removes what the run has created and nothing else; a migration afterwards makes it all again', async () => {
    const { folder, objects, links } = await migrated();
    const [a] = folder.ids as [number];
    const { s3, appSync } = sandbox.cloud;
    s3.put(folder.keyOf(a, 'of-somebody-else.jpg'), 'x');
    const url = folder.urlOf(a, 'of-somebody-else.jpg');
    const [foreign] = appSync.addMedia({ url, observationId: folder.observationOf(a) });
    expect(await undone(folder, '--yes')).to.deep.equal({
      code: 0,
      dry_run: false,
      media: 3,
      objects: 3,
      left: [],
    });
    expect(folder.objects()).to.deep.equal({ [`${a}/of-somebody-else.jpg`]: 'x' });
    expect(folder.media().map(({ id }) => id)).to.deep.equal([foreign!.id]);
    const progress = JSON.parse(folder.home.read(`progress_${folder.folderId}.json`));
    expect(progress.summary).to.deep.equal({ pending: 3 });
    expect(await undone(folder, '--yes')).to.deep.include({ media: 0, objects: 0, left: [] });

    s3.remove(folder.keyOf(a, 'of-somebody-else.jpg'));
    appSync.removeMedia(foreign!.id);
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(folder.objects()).to.deep.equal(objects);
    expect(folder.links()).to.deep.equal(links);
  });

  it('leaves an object that was replaced since, and one that was there before, and says so', async () => {
    const folder = await PictureFolder.open(sandbox, 3);
    const [a, b, c] = folder.ids as [number, number, number];
    for (const id of [a, b, c]) folder.add(`${id}.jpg`, `bytes of ${id}`);
    const { s3 } = sandbox.cloud;
    s3.put(folder.keyOf(a, `${a}.jpg`), `bytes of ${a}`, 'image/jpeg');
    await folder.migrator(['migrate']);
    s3.put(folder.keyOf(b, `${b}.jpg`), 'replaced by somebody', 'image/jpeg');
    const { code, left, objects, media } = await undone(folder, '--yes');
    expect({ code, objects, media }).to.deep.equal({ code: 3, objects: 1, media: 3 });
    expect(left.map(({ why }: { why: string }) => why)).to.have.length(2);
    expect(folder.objects()).to.deep.equal({
      [`${a}/${a}.jpg`]: `bytes of ${a}`,
      [`${b}/${b}.jpg`]: 'replaced by somebody',
    });
    expect(folder.media()).to.deep.equal([]);
  });

  it('leaves an object that is replaced at that very moment', async () => {
    const { folder } = await migrated(1);
    const [a] = folder.ids as [number];
    const { s3 } = sandbox.cloud;
    s3.service.intercept = ({ method }) => {
      if (method === 'DELETE') s3.put(folder.keyOf(a, `${a}.jpg`), 'replaced by somebody', 'image/jpeg');
      return false;
    };
    const { code, left } = await undone(folder, '--yes');
    expect(code).to.equal(3);
    expect(left).to.have.length(1);
    expect(folder.objects()).to.deep.equal({ [`${a}/${a}.jpg`]: 'replaced by somebody' });
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
    expect((await folder.migrator(['migrate', '--skip-existing'])).code).to.equal(0);
    expect(await undone(folder, '--yes')).to.deep.include({ code: 0, media: 0, objects: 0, left: [] });
    expect(folder.media()).to.deep.equal(before);
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(folder.media()).to.deep.equal(before);
  });

  it('takes back also what it had linked to a file whose name means nothing any more', async () => {
    const { folder, driveIds } = await migrated(1);
    sandbox.cloud.drive.tree.rename(driveIds[0]!, 'holiday.jpg');
    await folder.migrator(['migrate', '--rescan']);
    expect(await undone(folder, '--yes')).to.deep.include({ code: 0, media: 1, objects: 1 });
    expect(folder.objects()).to.deep.equal({});
    expect(folder.media()).to.deep.equal([]);
  });

  it('does not count as removed what it may not look at', async () => {
    const { folder, objects } = await migrated(1);
    sandbox.cloud.s3.service.intercept = (request, response) => {
      if (request.method !== 'HEAD') return false;
      response.writeHead(403).end();
      return true;
    };
    expect((await folder.migrator(['undo', '--yes'])).code).to.equal(1);
    sandbox.cloud.s3.service.intercept = null;
    expect(folder.objects()).to.deep.equal(objects);
    expect(await undone(folder, '--yes')).to.deep.include({ code: 0, objects: 1 });
    expect(folder.objects()).to.deep.equal({});
  });

  describe('of two runs that met', () => {
    const verified = async (folder: PictureFolder, folderId = folder.folderId) => {
      const { code, stdout } = await folder.migrator(['verify', '--json', '--folder-id', folderId]);
      return { code, problems: JSON.parse(stdout).problems };
    };
    const clean = { code: 0, problems: [] };

    for (const kind of ['a folder with identical files', 'the folder above']) {
      it(`takes back nothing of the first one: ${kind}, migrated at another computer`, async () => {
        const { folder, objects, links } = await migrated();
        const { tree } = sandbox.cloud.drive;
        const above = tree.addFolder({ name: 'above' });
        if (kind === 'the folder above') tree.move(folder.folderId, above);
        else for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`, above);
        const other = await sandbox.home({ folderId: above });
        expect((await other.migrator(['migrate'])).code).to.equal(0);
        expect(statuses(other.manifest(above, 'link'))).to.deep.equal({ completed: 3 });

        const { code, stdout } = await other.migrator(['undo', '--yes', '--json']);
        const { media, objects: removed, left } = JSON.parse(stdout);
        expect({ code, media, removed }).to.deep.equal({ code: 3, media: 0, removed: 0 });
        expect(left.map(({ why }: { why: string }) => why).join()).to.match(/(.*before this run.*){3}/);
        expect(folder.objects()).to.deep.equal(objects);
        expect(folder.links()).to.deep.equal(links);
        expect(await verified(folder)).to.deep.equal(clean);
        expect(statuses(await lastOf(other, above))).to.deep.equal({ pending: 3 });
        expect((await other.migrator(['undo', '--yes'])).code).to.equal(0);
      });
    }

    it('leaves what another run of the same home uses, until that one is undone', async () => {
      const { folder, links } = await migrated();
      const above = sandbox.cloud.drive.tree.addFolder({ name: 'twin' });
      for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`, above);
      expect((await folder.migrator(['migrate', '--folder-id', above])).code).to.equal(0);

      const first = await undone(folder, '--yes', '--folder-id', folder.folderId);
      expect(first).to.deep.include({ code: 3, media: 0, objects: 0 });
      expect(first.left[0].why).to.include(above);
      expect(folder.links()).to.deep.equal(links);
      for (const id of [above, folder.folderId]) expect(await verified(folder, id)).to.deep.equal(clean);

      await folder.migrator(['undo', '--yes', '--folder-id', above]);
      const last = await undone(folder, '--yes', '--folder-id', folder.folderId);
      expect(last).to.deep.include({ code: 0, media: 3, objects: 3, left: [] });
      expect(folder.objects()).to.deep.equal({});
      expect(folder.media()).to.deep.equal([]);
    });

    it('leaves media records that were there though the object was not', async () => {
      const { folder, links } = await migrated(1);
      const above = sandbox.cloud.drive.tree.addFolder({ name: 'twin' });
      const [id] = folder.ids as [number];
      folder.add(`${id}.jpg`, `bytes of ${id}`, above);
      sandbox.cloud.s3.remove(folder.keyOf(id, `${id}.jpg`));
      const other = await sandbox.home({ folderId: above });
      expect((await other.migrator(['migrate'])).code).to.equal(0);
      const { stdout } = await other.migrator(['undo', '--yes', '--json']);
      expect(JSON.parse(stdout)).to.include({ media: 0, objects: 0 });
      expect(JSON.parse(stdout).left[0].why).to.include('media record');
      expect(folder.links()).to.deep.equal(links);
      expect(await verified(folder)).to.deep.equal(clean);
    });
  });

  it('knows its own work again after lost answers and a crash', async () => {
    const folder = await PictureFolder.open(sandbox, 30);
    for (const id of folder.ids) folder.add(`${id}.jpg`, `bytes of ${id}`);
    const { s3, appSync } = sandbox.cloud;
    inject(s3.service, /^PUT/, times(3, lostAnswer));
    let isLinked = () => {};
    const linked = new Promise<void>(resolve => {
      isLinked = resolve;
    });
    let open = 0;
    // No response comes once the first media records are there.
    appSync.service.intercept = (_, response) => {
      open += 1;
      const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
      response.writeHead = (...args: unknown[]) => {
        open -= 1;
        if (folder.media().length === 0) return writeHead(...args);
        response.end = () => response;
        isLinked();
        return response;
      };
      return false;
    };
    const migration = folder.home.start(['migrate']);
    await Promise.race([linked, migration.ended]);
    end(migration.child, 'SIGKILL');
    await migration.ended;
    while (open > 0) await new Promise(resolve => setImmediate(resolve));
    expect(folder.media()).not.to.deep.equal([]);
    appSync.service.intercept = null;
    s3.service.intercept = null;

    const outcome = await undone(folder, '--yes');
    expect(outcome.left).to.deep.equal([]);
    expect(folder.media()).to.deep.equal([]);
    expect((await folder.migrator(['migrate'])).code).to.equal(0);
    expect(await undone(folder, '--yes')).to.deep.include({ media: 30, objects: 30, left: [] });
    expect(folder.objects()).to.deep.equal({});
  });

  it('says by status how far it came where S3 refuses to remove objects, and goes on from there', async () => {
    const { folder } = await migrated();
    inject(
      sandbox.cloud.s3.service,
      /^DELETE/,
      times(9, answer(403, '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>')),
    );
    expect((await folder.migrator(['undo', '--yes'])).code).to.equal(1);
    expect(folder.media()).to.deep.equal([]);
    const { stdout } = await folder.migrator(['status', '--json']);
    expect(JSON.parse(stdout).summary).to.deep.equal({ uploaded: 3 });
    expect(JSON.parse(folder.home.read(`progress_${folder.folderId}.json`)).summary).to.deep.equal({
      uploaded: 3,
    });
    sandbox.cloud.s3.service.intercept = null;
    expect(await undone(folder, '--yes')).to.deep.include({ code: 0, media: 0, objects: 3, left: [] });
    expect(folder.objects()).to.deep.equal({});
  });

  it('goes on when its keys expire', async () => {
    const { folder } = await migrated(2);
    const { s3, credentials } = sandbox.cloud;
    let expired = 0;
    s3.service.intercept = request => {
      const keyId = /Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1];
      if (expired < 3 && keyId) credentials.expire(keyId);
      expired += 1;
      return false;
    };
    expect(await undone(folder, '--yes')).to.deep.include({ code: 0, media: 2, objects: 2, left: [] });
    expect(folder.objects()).to.deep.equal({});
  });

  for (const { at, service, fits, n } of [
    { at: 'before it has removed any media', service: 'appSync', fits: /POST/, n: 1 },
    { at: 'among the objects', service: 's3', fits: /DELETE/, n: 14 },
    { at: 'among the media records of the second batch', service: 'appSync', fits: /POST/, n: 2 },
  ] as const) {
    it(`by kill -9 ${at} is completed by the next run`, async () => {
      const { folder, objects } = await migrated(30);
      const target = sandbox.cloud[service].service;
      const reached = arrival(target, ({ method }) => fits.test(method!), n);
      const undo = folder.home.start(['undo', '--yes']);
      await Promise.race([reached, undo.ended]);
      end(undo.child, 'SIGKILL');
      expect((await undo.ended).code).to.equal(null);
      target.intercept = null;
      expect((await folder.migrator(['undo', '--yes'])).code).to.equal(0);
      expect(folder.objects()).to.deep.equal({});
      expect(folder.media()).to.deep.equal([]);
      const count = meter(sandbox.cloud);
      expect((await folder.migrator(['migrate'])).code).to.equal(0);
      expect(count()).to.include({ 's3 PutObject': 30, 'field createMedia': 30 });
      expect(folder.objects()).to.deep.equal(objects);
    });
  }

  it('by Ctrl-C ends with 130, and goes on when it is run again', async () => {
    const { folder } = await migrated(30);
    const { service } = sandbox.cloud.s3;
    const reached = arrival(service, ({ method }) => method === 'DELETE', 3);
    const undo = folder.home.start(['undo', '--yes']);
    await reached;
    process.kill(undo.child.pid!, 'SIGINT');
    expect((await undo.ended).code).to.equal(130);
    expect(Object.keys(folder.objects())).to.have.length.within(1, 27);
    expect((await folder.migrator(['undo', '--yes'])).code).to.equal(0);
    expect(folder.objects()).to.deep.equal({});
    expect(folder.media()).to.deep.equal([]);
  });
});
