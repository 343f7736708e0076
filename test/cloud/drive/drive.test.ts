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

  /** The header of a sign-in. */
  async function bearer(): Promise<string> {
    const user = drive.accounts.addUser('person@example.com');
    return `Bearer ${(await requestToken(drive.tokenUri, refreshForm(user))).body.access_token}`;
  }
  const status = async (query: string, authorization: string) =>
    (await fetch(`${drive.apiUrl}/drive/v3/files${query}`, { headers: { authorization } })).status;

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
    const authorization = await bearer();
    expect(await status('', authorization)).to.equal(200);
    for (const other of ['', authorization.slice('Bearer '.length), 'Bearer made-up'])
      expect(await status('', other)).to.equal(401);
    now += 3_600_000;
    expect(await status('', authorization)).to.equal(401);
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

    const unencoded = `?q=${encodeURIComponent(q)}&pageToken=${token}`;
    expect(await status(unencoded, await bearer())).to.equal(400);
  });
});
