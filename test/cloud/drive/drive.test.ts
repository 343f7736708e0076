import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { drive_v3 } from '@googleapis/drive';
import { expect } from 'chai';
import { createDrive, type DriveService } from './drive.ts';
import { clientFor, refreshForm, refusal, requestToken } from './test-client.ts';

describe('the local Drive', () => {
  let drive: DriveService;
  let client: drive_v3.Drive;
  let now: number;

  beforeEach(async () => {
    now = Date.now();
    drive = await createDrive({ now: () => now });
    client = clientFor(drive);
  });
  afterEach(() => drive.service.close());

  async function download(id: string, headers: Record<string, string> = {}, search = '') {
    const { body } = await requestToken(
      drive.tokenUri,
      refreshForm(drive.accounts.addUser('person@example.com')),
    );
    return fetch(`${drive.apiUrl}/drive/v3/files/${id}?alt=media${search}`, {
      headers: { authorization: `Bearer ${body.access_token}`, ...headers },
    });
  }

  it('tells all about a file', async () => {
    const parent = drive.tree.addFolder({ name: 'photos' });
    const modifiedTime = '2021-02-03T04:05:06.789Z';
    const content = Buffer.from('hello');
    const fileId = drive.tree.addFile({ name: '6602.jpg', parent, content, modifiedTime });
    const { data } = await client.files.get({ fileId, fields: '*' });
    expect(data).to.deep.include({
      kind: 'drive#file',
      id: fileId,
      name: '6602.jpg',
      mimeType: 'image/jpeg',
      parents: [parent],
      size: '5',
      md5Checksum: '5d41402abc4b2a76b9719d911017c592',
      modifiedTime,
      trashed: false,
      webViewLink: `https://drive.google.com/file/d/${fileId}/view?usp=drivesdk`,
    });
    expect(data.capabilities?.canDownload).to.equal(true);
    expect(data).not.to.have.any.keys('driveId', 'shortcutDetails');
  });

  it('still finds what lies in the bin, and no longer what is deleted', async () => {
    const fileId = drive.tree.addFile({ name: '1.jpg', content: Buffer.alloc(1), trashed: true });
    expect((await client.files.get({ fileId, fields: 'trashed' })).data).to.eql({ trashed: true });
    drive.tree.remove(fileId);
    expect(await refusal(client.files.get({ fileId }))).to.eql({
      status: 404,
      reason: 'notFound',
      location: 'fileId',
    });
  });

  it('says where shortcuts lead, loops included', async () => {
    const folder = drive.tree.addFolder({ name: 'photos' });
    const fileId = drive.tree.addShortcut({ name: 'up', parent: folder, targetId: folder });
    const { data } = await client.files.get({
      fileId,
      fields: 'mimeType,size,shortcutDetails(targetId,targetMimeType)',
    });
    expect(data).to.eql({
      mimeType: 'application/vnd.google-apps.shortcut',
      shortcutDetails: { targetId: folder, targetMimeType: 'application/vnd.google-apps.folder' },
    });
  });

  it('changes revision, size and md5 with the content, and lies about md5 when told to', async () => {
    const fileId = drive.tree.addFile({ name: '1.jpg', content: Buffer.from('a'), md5: 'f'.repeat(32) });
    const fields = 'headRevisionId,md5Checksum,size';
    const before = (await client.files.get({ fileId, fields })).data;
    drive.tree.replaceContent(fileId, Buffer.from('hello'));
    const after = (await client.files.get({ fileId, fields })).data;
    expect(before).to.include({ md5Checksum: 'f'.repeat(32), size: '1' });
    expect(after).to.include({ md5Checksum: '5d41402abc4b2a76b9719d911017c592', size: '5' });
    expect(after.headRevisionId).not.to.equal(before.headRevisionId);
    drive.tree.change(fileId, { md5: null });
    expect((await client.files.get({ fileId, fields: 'md5Checksum' })).data).to.eql({});
  });

  it('sends whole files through Google’s own client', async () => {
    const fileId = drive.tree.addFile({ name: '1.mp4', content: { size: 9_000_000, seed: 4 } });
    const { data } = await client.files.get({ fileId, alt: 'media' }, { responseType: 'stream' });
    const hash = createHash('md5');
    for await (const chunk of data) hash.update(chunk as Buffer);
    const { data: file } = await client.files.get({ fileId, fields: 'md5Checksum' });
    expect(hash.digest('hex')).to.equal(file.md5Checksum);
    expect(drive.service.requests.get('files.download')).to.equal(1);
  });

  it('sends exactly the range asked for', async () => {
    const id = drive.tree.addFile({ name: '1.mp4', content: { size: 5_000_000, seed: 9 } });
    const bytes = drive.tree.read(id);
    const ranges: [string, number, number][] = [
      ['bytes=0-0', 0, 1],
      ['bytes=4194000-4195000', 4194000, 4195001],
      ['bytes=20-', 20, 5_000_000],
      ['bytes=-10', 4_999_990, 5_000_000],
      ['bytes=4999999-9999999', 4_999_999, 5_000_000],
    ];
    for (const [range, start, end] of ranges) {
      const response = await download(id, { range });
      expect(response.status, range).to.equal(206);
      expect(response.headers.get('content-range')).to.equal(`bytes ${start}-${end - 1}/5000000`);
      const body = Buffer.from(await response.arrayBuffer());
      expect(body.equals(bytes.subarray(start, end)), range).to.equal(true);
    }
  });

  it('answers 416 behind the end, and sends everything for a header without sense', async () => {
    const id = drive.tree.addFile({ name: '1.jpg', content: Buffer.from('hello') });
    const behind = await download(id, { range: 'bytes=5-' });
    expect(behind.status).to.equal(416);
    expect(behind.headers.get('content-range')).to.equal('bytes */5');
    for (const range of ['bytes=3-1', 'bytes=-', 'lines=1-2', 'bytes=0-1,3-4']) {
      const response = await download(id, { range });
      expect([response.status, await response.text()], range).to.eql([200, 'hello']);
    }
  });

  it('sends empty files', async () => {
    const id = drive.tree.addFile({ name: '1.jpg', content: Buffer.alloc(0) });
    const response = await download(id);
    expect([response.status, response.headers.get('content-length')]).to.eql([200, '0']);
    expect((await download(id, { range: 'bytes=0-' })).status).to.equal(416);
  });

  it('refuses to send what cannot be downloaded, each with its reason', async () => {
    const content = Buffer.from('x');
    const doc = drive.tree.addGoogleDoc({ name: 'doc' });
    const folder = drive.tree.addFolder({ name: 'folder' });
    const locked = drive.tree.addFile({ name: '1.jpg', content, canDownload: false });
    const abusive = drive.tree.addFile({ name: '2.jpg', content, abusive: true });
    const media = (fileId: string) => refusal(client.files.get({ fileId, alt: 'media' }));
    expect(await media(doc)).to.include({ status: 403, reason: 'fileNotDownloadable' });
    expect(await media(folder)).to.include({ status: 403, reason: 'fileNotDownloadable' });
    expect(await media(locked)).to.include({ status: 403, reason: 'cannotDownloadFile' });
    expect(await media(abusive)).to.include({ status: 403, reason: 'cannotDownloadAbusiveFile' });
    expect(await media('nothing')).to.include({ status: 404, reason: 'notFound' });
    expect((await download(abusive, {}, '&acknowledgeAbuse=true')).status).to.equal(200);
  });

  it('stops producing content when the client goes away', async () => {
    const id = drive.tree.addFile({ name: '1.mp4', content: { size: 4e12, seed: 1 } });
    const { body } = await requestToken(drive.tokenUri, refreshForm(drive.accounts.addUser('a@example.com')));
    const headers = { authorization: `Bearer ${body.access_token}` };
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      httpRequest(`${drive.apiUrl}/drive/v3/files/${id}?alt=media`, { headers }, resolve)
        .on('error', reject)
        .end(),
    );
    const received = await new Promise<Buffer>(resolve => response.once('data', resolve));
    expect(response.headers['content-length']).to.equal('4000000000000');
    expect(received.length).to.be.greaterThan(0);
    response.on('error', () => {}).destroy();
    expect((await client.files.get({ fileId: id, fields: 'id' })).data).to.eql({ id });
  });

  it('hides items of shared drives from callers that do not support them', async () => {
    const id = drive.tree.addSharedDrive({ name: 'Field work' });
    const fileId = drive.tree.addFile({ name: '1.jpg', parent: id, content: Buffer.alloc(1) });
    expect(await refusal(client.files.get({ fileId }))).to.include({ status: 404 });
    const { data } = await client.files.get({ fileId, fields: 'driveId', supportsAllDrives: true });
    expect(data).to.eql({ driveId: id });
    expect((await client.drives.get({ driveId: id })).data).to.eql({
      kind: 'drive#drive',
      id,
      name: 'Field work',
    });
    expect(await refusal(client.drives.get({ driveId: 'none' }))).to.include({ status: 404 });
  });

  it('hides what is not shared with the account, and what lies above', async () => {
    const secret = drive.tree.addFolder({ name: 'secret' });
    const fileId = drive.tree.addFile({ name: '1.jpg', parent: secret, content: Buffer.alloc(1) });
    drive.tree.share(secret, 'owner@example.com');
    expect(await refusal(client.files.get({ fileId }))).to.include({ status: 404, reason: 'notFound' });
    drive.tree.share(fileId, 'person@example.com');
    expect((await client.files.get({ fileId, fields: 'id,parents' })).data).to.eql({ id: fileId });
  });

  it('says who is signed in, to those who say what they want to know', async () => {
    const { data } = await client.about.get({ fields: 'user(emailAddress,displayName)' });
    expect(data).to.eql({ user: { displayName: 'person', emailAddress: 'person@example.com' } });
    expect(await refusal(client.about.get({}))).to.eql({
      status: 400,
      reason: 'required',
      location: 'fields',
    });
  });

  it('answers nobody without a token that is still good', async () => {
    const url = `${drive.apiUrl}/drive/v3/files`;
    const { body } = await requestToken(drive.tokenUri, refreshForm(drive.accounts.addUser('a@example.com')));
    const status = async (authorization?: string) =>
      (await fetch(url, authorization ? { headers: { authorization } } : {})).status;
    expect(await status(`Bearer ${body.access_token}`)).to.equal(200);
    expect(await status()).to.equal(401);
    expect(await status(body.access_token)).to.equal(401);
    expect(await status('Bearer made-up')).to.equal(401);
    now += 3_600_000;
    const refused = await fetch(url, { headers: { authorization: `Bearer ${body.access_token}` } });
    expect(refused.status).to.equal(401);
    expect(await refused.json()).to.have.nested.property('error.status', 'UNAUTHENTICATED');
  });

  it('slows down each account for itself, by the clock', async () => {
    drive.behaviour.queriesPerSecond = 2;
    const other = clientFor(drive, 'other@example.com');
    const ask = (who = client) => who.about.get({ fields: 'user' });
    await ask();
    now += 600;
    await ask();
    expect(await refusal(ask())).to.eql({ status: 403, reason: 'userRateLimitExceeded' });
    await ask(other);
    now += 401;
    await ask();
    expect(await refusal(ask())).to.include({ reason: 'userRateLimitExceeded' });
  });

  it('can only be read', async () => {
    expect(await refusal(client.files.create({ requestBody: { name: 'x' } }))).to.include({ status: 403 });
  });

  it('lets a test step in, and counts by operation', async () => {
    drive.service.intercept = (_, response) => {
      response.writeHead(503).end('<html>');
      return true;
    };
    const response = await fetch(`${drive.apiUrl}/drive/v3/files/1`);
    expect(response.status).to.equal(503);
    expect([...drive.service.requests]).to.eql([['files.get', 1]]);
  });
});
