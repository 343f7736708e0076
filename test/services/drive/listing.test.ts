import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { DriveItem } from '../../../stages/drive-item.ts';
import { RunError } from '../../../stages/errors.ts';
import { serve } from '../../cloud/service.ts';
import { rejection } from '../../config/scratch.ts';
import {
  answer,
  answerAfterwards,
  brokenOff,
  htmlPage,
  inject,
  reset,
  silence,
  times,
} from '../../faults.ts';
import { collect, refuse, useDrive } from './connected.ts';

const LISTING = /^GET \/drive\/v3\/files\?/;
const ITEM = /^GET \/drive\/v3\/files\/[^?]+\?(?!.*alt=media)/;

describe('listing a folder of Drive', () => {
  const at = useDrive();
  const children = async (...folderIds: string[]): Promise<DriveItem[]> =>
    (await collect(at.drive.children(folderIds.map(id => ({ id }))))).flat();
  const names = async (...folderIds: string[]) =>
    (await children(...folderIds)).map(({ name }) => name).sort();

  it('gives each file with what the stages need', async () => {
    const folder = at.service.tree.addFolder({ name: 'Photos' });
    const id = at.service.tree.addFile({
      name: '1.jpg',
      parent: folder,
      content: Buffer.from('bytes'),
      modifiedTime: '2024-05-06T07:08:09.000Z',
    });
    expect(await children(folder)).to.deep.equal([
      {
        id,
        name: '1.jpg',
        mimeType: 'image/jpeg',
        size: 5,
        md5: createHash('md5').update('bytes').digest('hex'),
        modifiedTime: '2024-05-06T07:08:09.000Z',
        parents: [folder],
        trashed: false,
        shortcut: null,
      },
    ]);
  });

  it('gives null for what Drive does not tell of a document, and the target of a shortcut', async () => {
    const folder = at.service.tree.addFolder({ name: 'Photos' });
    at.service.tree.addGoogleDoc({ name: 'Notes', parent: folder });
    const target = at.service.tree.addFolder({ name: 'Elsewhere' });
    at.service.tree.addShortcut({ name: 'There', parent: folder, targetId: target });
    const items = await children(folder);
    expect(items.find(({ name }) => name === 'Notes')).to.include({ size: null, md5: null });
    expect(items.find(({ name }) => name === 'There')!.shortcut).to.deep.equal({
      id: target,
      mimeType: 'application/vnd.google-apps.folder',
    });
  });

  it('reads all pages, a thousand items a page', async () => {
    const folder = at.service.tree.addFolder({ name: 'Photos' });
    for (let i = 0; i < 2001; i += 1)
      at.service.tree.addFile({ name: `${i}.jpg`, parent: folder, content: Buffer.of(i & 255) });
    expect(new Set(await names(folder)).size).to.equal(2001);
    expect(at.asked('files.list')).to.equal(3);
  });

  it('goes on after pages that are empty, compressed as Drive sends them', async () => {
    const folder = at.service.tree.addFolder({ name: 'Photos' });
    at.service.tree.addFile({ name: '1.jpg', parent: folder, content: Buffer.of(1) });
    const page = JSON.stringify({ nextPageToken: 'a+b/c=&d', files: [] });
    const tokens: (string | null)[] = [];
    inject(at.service.service, LISTING, [
      answer(200, gzipSync(page), { 'content-type': 'application/json', 'content-encoding': 'gzip' }),
      (request, response) => {
        tokens.push(new URL(request.url!, 'http://drive').searchParams.get('pageToken'));
        return answer(200, '{"files":[{"id":"x","name":"late.jpg"}]}', {
          'content-type': 'application/json',
        })(request, response);
      },
    ]);
    expect(await names(folder)).to.deep.equal(['late.jpg']);
    expect(tokens).to.deep.equal(['a+b/c=&d']);
  });

  it('asks for several folders in one query', async () => {
    const folders = ['A', 'B', 'C'].map(name => at.service.tree.addFolder({ name }));
    for (const parent of folders)
      at.service.tree.addFile({ name: `${parent}.jpg`, parent, content: Buffer.of(1) });
    expect(await names(...folders)).to.have.length(3);
    expect(at.asked('files.list')).to.equal(1);
  });

  it('finds the files of shared drives', async () => {
    const folder = at.service.tree.addFolder({ name: 'Photos', driveId: 'shared-drive' });
    at.service.tree.addFile({ name: '1.jpg', parent: folder, content: Buffer.of(1) });
    expect(await names(folder)).to.deep.equal(['1.jpg']);
    expect(await at.drive.item({ id: folder })).to.include({ id: folder, name: 'Photos' });
  });

  it('takes ids with quotes and backslashes for what they are', async () => {
    const id = `it's a \\ and a ') or name contains '`;
    const folder = at.service.tree.addFolder({ name: 'Photos', id });
    at.service.tree.addFile({ name: '1.jpg', parent: folder, content: Buffer.of(1) });
    expect(await names(id)).to.deep.equal(['1.jpg']);
  });

  it('does not take a folder that has disappeared for an empty one', async () => {
    expect(await rejection(children('gone'))).to.include({ code: 'folder_unreadable' });
    expect(await at.drive.item({ id: 'gone' })).to.equal(null);
  });

  it('at.waits patiently while Drive says that queries come too fast, and slows down', async () => {
    const folder = at.service.tree.addFolder({ name: 'Photos' });
    inject(at.service.service, LISTING, [
      refuse(403, 'userRateLimitExceeded'),
      refuse(403, 'rateLimitExceeded'),
      refuse(429, 'rateLimitExceeded', { 'retry-after': '90' }),
      refuse(403, 'userRateLimitExceeded'),
      refuse(403, 'userRateLimitExceeded'),
    ]);
    expect(await children(folder)).to.deep.equal([]);
    // More often than the three retries of other errors; the third wait is the one that Drive asked for.
    expect(at.waits).to.deep.equal([1000, 2000, 90_000, 8000, 16_000]);
    expect(at.drive.rate.perSecond).to.equal(500);
  });

  it('gives up when Drive throttles on and on, and names the reason', async () => {
    inject(at.service.service, LISTING, times(1000, refuse(403, 'userRateLimitExceeded')));
    const error = await rejection<RunError>(children('root'));
    expect(error).to.be.instanceOf(RunError);
    expect(error).to.include({ code: 'throttled' });
    expect(error.message).to.include('userRateLimitExceeded').and.include('10 minutes');
    expect(Math.max(...at.waits)).to.equal(60_000);
  });

  for (const [what, fault] of [
    ['an error of the server', refuse(500, 'internalError')],
    ['the page of a broken gateway', htmlPage(502)],
    ['a connection that is reset', reset],
    ['an answer that breaks off', brokenOff(200, '{"files":[')],
    ['an answer that was cut short on the way', answerAfterwards(200, '{"files":[')],
    ['a page of somebody else, such as the sign-in of a hotel', htmlPage(200)],
    ['an answer that never comes', silence],
  ] as const) {
    it(`tries again after ${what}`, async () => {
      if (fault === silence) await at.connect({ queryTimeoutMs: 300 });
      const folder = at.service.tree.addFolder({ name: 'Photos' });
      at.service.tree.addFile({ name: '1.jpg', parent: folder, content: Buffer.of(1) });
      inject(at.service.service, LISTING, [fault, fault]);
      expect(await names(folder)).to.deep.equal(['1.jpg']);
      expect(at.waits).to.deep.equal([1000, 2000]);
    });
  }

  it('stops at once when the API is not switched on, and says how to', async () => {
    inject(at.service.service, LISTING, [refuse(403, 'accessNotConfigured')]);
    const error = await rejection<RunError>(children('root'));
    expect(error).to.be.instanceOf(RunError);
    expect(error.code).to.equal('accessNotConfigured');
    expect(error.remedy).to.match(/Switch on the Google Drive API/);
    expect(at.asked('files.list')).to.equal(1);
  });

  it('says which address cannot be reached and what to do when nobody answers there', async () => {
    const dead = await serve({ operationOf: () => '', handle: () => {} });
    await dead.close();
    await at.connect({ apiUrl: dead.url });
    const error = await rejection<RunError>(children('root'));
    expect(error).to.be.instanceOf(RunError);
    expect(error.code).to.equal('drive_unreachable');
    expect(error.message).to.include(new URL(dead.url).port);
    expect(error.remedy).to.include('google_drive.api_url');
    expect(at.waits).to.have.length(3);
  });

  it('says so when what answers is not Drive', async () => {
    inject(at.service.service, LISTING, times(4, htmlPage(200)));
    const error = await rejection<RunError>(children('root'));
    expect(error).to.be.instanceOf(RunError);
    expect(error.message).to.include('is not from Google Drive');
    expect(error.remedy).to.include('google_drive.api_url');
    inject(at.service.service, ITEM, times(4, htmlPage(200)));
    expect(await rejection(at.drive.item({ id: 'root' }))).to.be.instanceOf(RunError);
  });

  it('renews a token that Drive refuses, once for all queries', async () => {
    await children('root');
    at.service.accounts.expireAccessTokens();
    await Promise.all([children('root'), children('root'), at.drive.item({ id: at.service.tree.rootId })]);
    expect(at.asked('token')).to.equal(2);
  });

  it('does not renew for ever', async () => {
    inject(at.service.service, LISTING, times(100, refuse(401, 'authError')));
    const error = await rejection<RunError>(children('root'));
    expect(error.code).to.equal('google_sign_in_refused');
    expect(error.remedy).to.include('Sign in');
    expect(at.asked('files.list')).to.equal(2);
  });
});
