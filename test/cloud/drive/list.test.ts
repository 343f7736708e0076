import type { drive_v3 } from '@googleapis/drive';
import { expect } from 'chai';
import { createDrive, type DriveService } from './drive.ts';
import { clientFor, refreshForm, refusal, requestToken } from './test-client.ts';

describe('files.list of the local Drive', () => {
  let drive: DriveService;
  let client: drive_v3.Drive;
  let folder: string;

  beforeEach(async () => {
    drive = await createDrive();
    client = clientFor(drive);
    folder = drive.tree.addFolder({ name: 'photos' });
  });
  afterEach(() => drive.service.close());

  const addFiles = (...names: string[]) =>
    names.map(name => drive.tree.addFile({ name, parent: folder, content: Buffer.from(name) }));

  /** Names page by page. */
  async function pages(parameters: drive_v3.Params$Resource$Files$List): Promise<string[][]> {
    const result: string[][] = [];
    let pageToken: string | undefined;
    do {
      const { data } = await client.files.list({ ...parameters, pageToken });
      result.push((data.files ?? []).map(file => file.name ?? ''));
      pageToken = data.nextPageToken ?? undefined;
    } while (pageToken);
    return result;
  }

  it('gives kind, id, name and type when nobody asks for fields', async () => {
    const [id] = addFiles('1.jpg');
    const { data } = await client.files.list({ q: `'${folder}' in parents` });
    expect(data).to.eql({
      kind: 'drive#fileList',
      incompleteSearch: false,
      files: [{ kind: 'drive#file', id, name: '1.jpg', mimeType: 'image/jpeg' }],
    });
  });

  it('gives sizes as strings, and neither size nor md5 for documents and folders', async () => {
    addFiles('1.jpg');
    drive.tree.addGoogleDoc({ name: 'doc', parent: folder });
    drive.tree.addFolder({ name: 'sub', parent: folder });
    const { data } = await client.files.list({
      q: `'${folder}' in parents`,
      fields: 'files(name,size,md5Checksum)',
      orderBy: 'name',
    });
    expect(data.files).to.eql([
      { name: '1.jpg', size: '5', md5Checksum: 'f3ccdd27d2000e3f9255a7e3e2c48800' },
      { name: 'doc' },
      { name: 'sub' },
    ]);
  });

  it('cuts into pages that together hold every file once', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `${index}.jpg`);
    addFiles(...names);
    const found = await pages({ q: `'${folder}' in parents`, pageSize: 10, orderBy: 'name_natural' });
    expect(found.map(page => page.length)).to.eql([10, 10, 5]);
    expect(found.flat()).to.eql(names);
  });

  it('sends 100 files at most unless asked for more, and refuses more than 1000', async () => {
    addFiles(...Array.from({ length: 150 }, (_, index) => `${index}.jpg`));
    expect((await pages({ q: `'${folder}' in parents` })).map(page => page.length)).to.eql([100, 50]);
    expect((await pages({ pageSize: 1000 })).length).to.equal(1);
    for (const pageSize of [0, -1, 1001]) {
      expect(await refusal(client.files.list({ pageSize }))).to.eql({
        status: 400,
        reason: 'invalidParameter',
        location: 'pageSize',
      });
    }
  });

  it('sends short and empty pages that go on, when told to', async () => {
    addFiles('1.jpg', '2.jpg', '3.jpg', '4.jpg', '5.jpg');
    Object.assign(drive.behaviour, { pageSizeLimit: 2, emptyPageEvery: 2 });
    const found = await pages({ q: `'${folder}' in parents`, orderBy: 'name' });
    expect(found).to.eql([['1.jpg', '2.jpg'], [], ['3.jpg', '4.jpg'], [], ['5.jpg']]);
  });

  it('takes a page token only as it was given and only for the query it was given for', async () => {
    addFiles('1.jpg', '2.jpg');
    const q = `'${folder}' in parents`;
    const { data } = await client.files.list({ q, pageSize: 1 });
    const token = data.nextPageToken!;
    expect(encodeURIComponent(token)).not.to.equal(token);
    const invalid = { status: 400, reason: 'invalid', location: 'pageToken' };
    const other = `${q} and trashed = false`;
    expect(await refusal(client.files.list({ q: other, pageToken: token }))).to.eql(invalid);
    expect(await refusal(client.files.list({ q, pageToken: token, orderBy: 'name' }))).to.eql(invalid);
    expect(await refusal(client.files.list({ q, pageToken: 'garbage' }))).to.eql(invalid);

    const stranger = clientFor(drive, 'stranger@example.com');
    expect(await refusal(stranger.files.list({ q, pageToken: token }))).to.eql(invalid);
    const { data: rest } = await client.files.list({ q, pageSize: 1, pageToken: token });
    expect(rest.files).to.have.length(1);

    const unencoded = `${drive.apiUrl}/drive/v3/files?q=${encodeURIComponent(q)}&pageToken=${token}`;
    const { body } = await requestToken(
      drive.tokenUri,
      refreshForm(drive.accounts.addUser('person@example.com')),
    );
    const response = await fetch(unencoded, { headers: { authorization: `Bearer ${body.access_token}` } });
    expect(response.status).to.equal(400);
  });

  it('promises no order unless asked, and then keeps to it', async () => {
    addFiles('10.jpg', '9.jpg', 'a.jpg');
    drive.tree.addFolder({ name: 'z', parent: folder });
    const q = `'${folder}' in parents`;
    expect(await pages({ q, orderBy: 'name' })).to.eql([['10.jpg', '9.jpg', 'a.jpg', 'z']]);
    expect(await pages({ q, orderBy: 'name_natural desc' })).to.eql([['z', 'a.jpg', '10.jpg', '9.jpg']]);
    expect(await pages({ q, orderBy: 'folder,name_natural' })).to.eql([['z', '9.jpg', '10.jpg', 'a.jpg']]);
    expect(await refusal(client.files.list({ orderBy: 'size' }))).to.include({
      status: 400,
      location: 'orderBy',
    });
  });

  it('includes the bin unless told otherwise, and with a folder all that lies in it', async () => {
    addFiles('1.jpg');
    drive.tree.change(folder, { trashed: true });
    expect(await pages({ q: `'${folder}' in parents` })).to.eql([['1.jpg']]);
    expect(await pages({ q: `'${folder}' in parents and trashed = false` })).to.eql([[]]);
  });

  it('covers several folders with one query, or nothing when that fault is switched on', async () => {
    const other = drive.tree.addFolder({ name: 'other' });
    addFiles('1.jpg');
    drive.tree.addFile({ name: '2.jpg', parent: other, content: Buffer.alloc(0) });
    const q = `('${folder}' in parents or '${other}' in parents) and trashed = false`;
    expect(await pages({ q, orderBy: 'name' })).to.eql([['1.jpg', '2.jpg']]);
    drive.behaviour.multiParentQueriesFindNothing = true;
    expect(await pages({ q })).to.eql([[]]);
    expect(await pages({ q: `'${folder}' in parents` })).to.eql([['1.jpg']]);
  });

  it('answers 404 to a query for a folder that does not exist', async () => {
    expect(await refusal(client.files.list({ q: "'nowhere' in parents" }))).to.include({
      status: 404,
      reason: 'notFound',
    });
  });

  it('refuses fields that a list does not have, and booleans that are none', async () => {
    expect(await refusal(client.files.list({ fields: 'files(id,nope)' }))).to.eql({
      status: 400,
      reason: 'invalidParameter',
      location: 'fields',
    });
    const params = { supportsAllDrives: 'yes' as unknown as boolean };
    expect(await refusal(client.files.list(params))).to.include({
      status: 400,
      location: 'supportsAllDrives',
    });
  });

  it('hides shared drives from callers that do not ask for them', async () => {
    const inDrive = drive.tree.addFolder({ driveId: '0ADRIVE', name: 'team' });
    drive.tree.addFile({ name: '9.jpg', parent: inDrive, content: Buffer.alloc(1) });
    const q = `'${inDrive}' in parents`;
    expect(await refusal(client.files.list({ q }))).to.include({ status: 404 });
    expect(await pages({ q, supportsAllDrives: true })).to.eql([[]]);
    expect(await pages({ q, supportsAllDrives: true, includeItemsFromAllDrives: true })).to.eql([['9.jpg']]);
    expect((await pages({})).flat()).not.to.include('9.jpg');
    const corpora = { corpora: 'drive', supportsAllDrives: true, includeItemsFromAllDrives: true };
    expect((await pages({ ...corpora, driveId: '0ADRIVE' })).flat().sort()).to.eql(['9.jpg', 'team']);
    expect(await refusal(client.files.list(corpora))).to.include({ status: 400 });
  });

  it('shows to each account only what is shared with it', async () => {
    const [id] = addFiles('1.jpg');
    drive.tree.share(id!, 'robot@project.iam.gserviceaccount.com');
    expect((await pages({ q: `'${folder}' in parents` })).flat()).to.eql([]);
    const robot = clientFor(drive, 'robot@project.iam.gserviceaccount.com');
    const { data } = await robot.files.list({ q: 'sharedWithMe = true' });
    expect(data.files?.map(file => file.name)).to.eql(['1.jpg']);
  });
});
