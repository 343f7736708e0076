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

  it('cuts into pages that together hold every file once', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `${index}.jpg`);
    addFiles(...names);
    const found = await pages({ q: `'${folder}' in parents`, pageSize: 10 });
    expect(found.map(page => page.length)).to.eql([10, 10, 5]);
    expect(found.flat()).to.have.members(names);
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

  it('covers several folders with one query, or nothing when that fault is switched on', async () => {
    const other = drive.tree.addFolder({ name: 'other' });
    addFiles('1.jpg');
    drive.tree.addFile({ name: '2.jpg', parent: other, content: Buffer.alloc(0) });
    const q = `('${folder}' in parents or '${other}' in parents) and trashed = false`;
    expect(await pages({ q })).to.eql([['2.jpg', '1.jpg']]);
    drive.behaviour.multiParentQueriesFindNothing = true;
    expect(await pages({ q })).to.eql([[]]);
    expect(await pages({ q: `'${folder}' in parents` })).to.eql([['1.jpg']]);
  });
});
