import { expect } from 'chai';
import { list } from '../../../stages/list.ts';
import { createDrive, type DriveService } from '../../cloud/drive/drive.ts';
import type { Intercept } from '../../cloud/service.ts';
import { rejection } from '../../config/scratch.ts';
import { answer, inject, times } from '../../faults.ts';
import { all } from '../../stages/flow.ts';
import { connectDrive } from './connected.ts';

const CONTINUATION = /^GET \/drive\/v3\/files\?.*pageToken=/;

const refusal = (status: number, reason: string): Intercept =>
  answer(
    status,
    JSON.stringify({
      error: {
        code: status,
        message: 'Invalid Value',
        errors: [{ domain: 'global', reason, location: 'pageToken', locationType: 'parameter' }],
      },
    }),
    { 'content-type': 'application/json' },
  );

describe('a page token that becomes invalid while a folder is listed', () => {
  let service: DriveService;
  let folderId: string;
  let names: string[];
  beforeEach(async () => {
    service = await createDrive({ pageSizeLimit: 3 });
    folderId = service.tree.addFolder({ name: 'Photos' });
    names = Array.from({ length: 10 }, (_, index) => `${index}.jpg`);
    for (const name of names) service.tree.addFile({ name, parent: folderId, content: Buffer.of(1) });
  });
  afterEach(() => service.service.close());

  const listed = async () => {
    const { drive } = await connectDrive(service);
    return (await all(list(drive, { id: folderId }))).map(({ name }) => name);
  };

  for (const [status, reason] of [
    [400, 'invalid'],
    [410, 'expired'],
  ] as const) {
    it(`has the listing begin again and gives each file once (HTTP ${status}, ${reason})`, async () => {
      inject(service.service, CONTINUATION, [() => false, refusal(status, reason)]);
      expect((await listed()).sort()).to.deep.equal(names);
    });
  }

  it('again and again leaves a record that says so, beside the files that were listed', async () => {
    inject(service.service, CONTINUATION, times(100, refusal(400, 'invalid')));
    expect((await listed()).sort()).to.deep.equal([...names.slice(-3), 'Photos']);
    expect(service.service.requests.get('files.list')).to.be.below(30);
  });

  it('is not taken for a query that Drive refuses from the start', async () => {
    inject(service.service, /^GET \/drive\/v3\/files\?/, times(100, refusal(400, 'invalid')));
    expect((await rejection(listed())).message).to.include('HTTP 400');
    expect(service.service.requests.get('files.list')).to.be.below(5);
  });

  it('is a token that leads to itself as well', async () => {
    const page = answer(200, '{"files":[],"nextPageToken":"same"}', { 'content-type': 'application/json' });
    inject(service.service, /^GET \/drive\/v3\/files\?/, times(100, page));
    expect(await listed()).to.deep.equal(['Photos']);
  });

  it('is no page without a list: that folder is not taken for an empty one', async () => {
    const page = answer(200, '{}', { 'content-type': 'application/json' });
    inject(service.service, /^GET \/drive\/v3\/files\?/, times(100, page));
    expect((await rejection(listed())).message).to.include('not from Google Drive');
  });

  it('is no matter of the whole folder when Drive refuses one below it', async () => {
    const below = service.tree.addFolder({ name: 'below', parent: folderId });
    const query = new RegExp(`^GET /drive/v3/files\\?.*${below}`);
    inject(service.service, query, times(100, refusal(410, 'invalid')));
    expect((await listed()).sort()).to.deep.equal([...names, 'below']);
  });
});
