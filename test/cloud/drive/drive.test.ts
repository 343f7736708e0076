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

  it('hides what is not shared with the account, and what lies above', async () => {
    const secret = drive.tree.addFolder({ name: 'secret' });
    const fileId = drive.tree.addFile({ name: '1.jpg', parent: secret, content: Buffer.alloc(1) });
    drive.tree.share(secret, 'owner@example.com');
    expect(await refusal(client.files.get({ fileId }))).to.include({ status: 404, reason: 'notFound' });
    drive.tree.share(fileId, 'person@example.com');
    expect((await client.files.get({ fileId, fields: 'id,parents' })).data).to.eql({ id: fileId });
  });

  it('refuses fields that Drive does not have', async () => {
    const fileId = drive.tree.addFile({ name: '1.jpg', content: Buffer.alloc(1) });
    const ask = (fields: string) => refusal(client.files.get({ fileId, fields }));
    for (const fields of ['id,md5', 'capabilities(canList)', 'shortcutDetails(target'])
      expect(await ask(fields), fields).to.include({ status: 400, reason: 'invalidParameter' });
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

  it('takes a page token only as it was given and only for the query it was given for', async () => {
    const folder = drive.tree.addFolder({ name: 'photos' });
    for (const name of ['1.jpg', '2.jpg'])
      drive.tree.addFile({ name, parent: folder, content: Buffer.from(name) });
    const q = `'${folder}' in parents`;
    const { data } = await client.files.list({ q, pageSize: 1 });
    const token = data.nextPageToken!;
    expect(encodeURIComponent(token)).not.to.equal(token);
    const invalid = { status: 400, reason: 'invalid', location: 'pageToken' };
    const other = `${q} and trashed = false`;
    expect(await refusal(client.files.list({ q: other, pageToken: token }))).to.eql(invalid);
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
});
