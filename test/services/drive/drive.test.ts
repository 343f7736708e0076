import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Drive, DriveOptions } from '../../../src/services/drive/drive.ts';
import { FileError, RunError } from '../../../stages/errors.ts';
import type { DriveItem } from '../../../stages/list.ts';
import { createDrive, type DriveService } from '../../cloud/drive/drive.ts';
import { DriveError, sendDriveError } from '../../cloud/drive/errors.ts';
import { type Intercept, serve } from '../../cloud/service.ts';
import { rejection } from '../../config/scratch.ts';
import {
  answer,
  answerAfterwards,
  breakAfter,
  brokenOff,
  flipByte,
  htmlPage,
  inject,
  reset,
  silence,
  stallAfter,
  times,
} from '../../faults.ts';
import { collect, connectDrive, recordOf } from './connected.ts';

const LISTING = /^GET \/drive\/v3\/files\?/;
const ITEM = /^GET \/drive\/v3\/files\/[^?]+\?(?!.*alt=media)/;
const DOWNLOAD = /^GET \/drive\/v3\/files\/[^?]+\?.*alt=media/;

/** The local Drive's own words for a refusal. */
function refuse(status: number, reason: string, headers: Record<string, string> = {}): Intercept {
  return (_, response) => {
    sendDriveError(response, new DriveError(status, reason, `Refused: ${reason}`, { headers }));
    return true;
  };
}

describe('the Drive client', () => {
  let service: DriveService;
  let drive: Drive;
  let waits: number[];
  const connect = async (more: Partial<DriveOptions> = {}) => {
    drive?.close();
    ({ drive, waits } = await connectDrive(service, more));
  };
  const asked = (operation: string) => service.service.requests.get(operation) ?? 0;

  beforeEach(async () => {
    const started = await createDrive();
    service = started;
    await connect();
  });
  afterEach(async () => {
    drive.close();
    await service.service.close();
  });

  describe('listing a folder', () => {
    const children = async (...folderIds: string[]): Promise<DriveItem[]> =>
      (await collect(drive.children(folderIds.map(id => ({ id }))))).flat();
    const names = async (...folderIds: string[]) =>
      (await children(...folderIds)).map(({ name }) => name).sort();

    it('gives each file with what the stages need', async () => {
      const folder = service.tree.addFolder({ name: 'Photos' });
      const id = service.tree.addFile({
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
      const folder = service.tree.addFolder({ name: 'Photos' });
      service.tree.addGoogleDoc({ name: 'Notes', parent: folder });
      const target = service.tree.addFolder({ name: 'Elsewhere' });
      service.tree.addShortcut({ name: 'There', parent: folder, targetId: target });
      const items = await children(folder);
      expect(items.find(({ name }) => name === 'Notes')).to.include({ size: null, md5: null });
      expect(items.find(({ name }) => name === 'There')!.shortcut).to.deep.equal({
        id: target,
        mimeType: 'application/vnd.google-apps.folder',
      });
    });

    it('reads all pages, a thousand items a page', async () => {
      const folder = service.tree.addFolder({ name: 'Photos' });
      for (let i = 0; i < 2001; i += 1)
        service.tree.addFile({ name: `${i}.jpg`, parent: folder, content: Buffer.of(i & 255) });
      expect(new Set(await names(folder)).size).to.equal(2001);
      expect(asked('files.list')).to.equal(3);
    });

    it('goes on after pages that are empty', async () => {
      const folder = service.tree.addFolder({ name: 'Photos' });
      service.tree.addFile({ name: '1.jpg', parent: folder, content: Buffer.of(1) });
      const page = JSON.stringify({ nextPageToken: 'a+b/c=&d', files: [] });
      const tokens: (string | null)[] = [];
      inject(service.service, LISTING, [
        answer(200, page, { 'content-type': 'application/json' }),
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
      const folders = ['A', 'B', 'C'].map(name => service.tree.addFolder({ name }));
      for (const parent of folders)
        service.tree.addFile({ name: `${parent}.jpg`, parent, content: Buffer.of(1) });
      expect(await names(...folders)).to.have.length(3);
      expect(asked('files.list')).to.equal(1);
    });

    it('leaves out what lies in the bin', async () => {
      const folder = service.tree.addFolder({ name: 'Photos' });
      service.tree.addFile({ name: '1.jpg', parent: folder, content: Buffer.of(1), trashed: true });
      expect(await names(folder)).to.deep.equal([]);
    });

    it('finds the files of shared drives', async () => {
      const folder = service.tree.addFolder({ name: 'Photos', driveId: 'shared-drive' });
      service.tree.addFile({ name: '1.jpg', parent: folder, content: Buffer.of(1) });
      expect(await names(folder)).to.deep.equal(['1.jpg']);
      expect(await drive.item({ id: folder })).to.include({ id: folder, name: 'Photos' });
    });

    it('takes ids with quotes and backslashes for what they are', async () => {
      const id = `it's a \\ and a ') or name contains '`;
      const folder = service.tree.addFolder({ name: 'Photos', id });
      service.tree.addFile({ name: '1.jpg', parent: folder, content: Buffer.of(1) });
      expect(await names(id)).to.deep.equal(['1.jpg']);
    });

    it('does not take a folder that has disappeared for an empty one', async () => {
      expect(await rejection(children('gone'))).to.include({ code: 'folder_unreadable' });
      expect(await drive.item({ id: 'gone' })).to.equal(null);
    });

    it('waits patiently while Drive says that queries come too fast, and slows down', async () => {
      const folder = service.tree.addFolder({ name: 'Photos' });
      inject(service.service, LISTING, [
        refuse(403, 'userRateLimitExceeded'),
        refuse(403, 'rateLimitExceeded'),
        refuse(429, 'rateLimitExceeded', { 'retry-after': '90' }),
        refuse(403, 'userRateLimitExceeded'),
        refuse(403, 'userRateLimitExceeded'),
      ]);
      expect(await children(folder)).to.deep.equal([]);
      // More often than the three retries of other errors; the third wait is the one that Drive asked for.
      expect(waits).to.deep.equal([1000, 2000, 90_000, 8000, 16_000]);
    });

    it('gives up when Drive throttles on and on, and names the reason', async () => {
      inject(service.service, LISTING, times(1000, refuse(403, 'userRateLimitExceeded')));
      const error = await rejection<RunError>(children('root'));
      expect(error).to.be.instanceOf(RunError);
      expect(error).to.include({ code: 'throttled' });
      expect(error.message).to.include('userRateLimitExceeded').and.include('10 minutes');
      expect(Math.max(...waits)).to.equal(60_000);
    });

    it('asks at half the rate after a refusal for speed', async () => {
      await connect({ queriesPerSecond: 10 });
      inject(service.service, LISTING, [refuse(403, 'userRateLimitExceeded')]);
      await children('root');
      const start = performance.now();
      await children('root');
      expect(performance.now() - start).to.be.at.least(150);
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
        if (fault === silence) await connect({ queryTimeoutMs: 300 });
        const folder = service.tree.addFolder({ name: 'Photos' });
        service.tree.addFile({ name: '1.jpg', parent: folder, content: Buffer.of(1) });
        inject(service.service, LISTING, [fault, fault]);
        expect(await names(folder)).to.deep.equal(['1.jpg']);
        expect(waits).to.deep.equal([1000, 2000]);
      });
    }

    it('tries three times again and no more', async () => {
      inject(service.service, LISTING, times(4, refuse(503, 'backendError')));
      const error = await rejection<RunError>(children('root'));
      expect(error.code).to.equal('folder_unreadable');
      expect(asked('files.list')).to.equal(4);
    });

    it('stops at once when the API is not switched on, and says how to', async () => {
      inject(service.service, LISTING, [refuse(403, 'accessNotConfigured')]);
      const error = await rejection<RunError>(children('root'));
      expect(error).to.be.instanceOf(RunError);
      expect(error.code).to.equal('accessNotConfigured');
      expect(error.remedy).to.match(/Switch on the Google Drive API/);
      expect(asked('files.list')).to.equal(1);
    });

    it('says which address cannot be reached and what to do when nobody answers there', async () => {
      const dead = await serve({ operationOf: () => '', handle: () => {} });
      await dead.close();
      await connect({ apiUrl: dead.url });
      const error = await rejection<RunError>(children('root'));
      expect(error).to.be.instanceOf(RunError);
      expect(error.code).to.equal('drive_unreachable');
      expect(error.message).to.include(new URL(dead.url).port);
      expect(error.remedy).to.include('google_drive.api_url');
      expect(waits).to.have.length(3);
    });

    it('says so when what answers is not Drive', async () => {
      inject(service.service, LISTING, times(4, htmlPage(200)));
      const error = await rejection<RunError>(children('root'));
      expect(error).to.be.instanceOf(RunError);
      expect(error.message).to.include('does not speak as Drive does');
      expect(error.remedy).to.include('google_drive.api_url');
      inject(service.service, ITEM, times(4, htmlPage(200)));
      expect(await rejection(drive.item({ id: 'root' }))).to.be.instanceOf(RunError);
    });

    it('renews a token that Drive refuses, once for all queries', async () => {
      await children('root');
      service.accounts.expireAccessTokens();
      await Promise.all([children('root'), children('root'), drive.item({ id: service.tree.rootId })]);
      expect(asked('token')).to.equal(2);
    });

    it('does not renew for ever', async () => {
      inject(service.service, LISTING, times(100, refuse(401, 'authError')));
      const error = await rejection<RunError>(children('root'));
      expect(error.code).to.equal('google_sign_in_refused');
      expect(error.remedy).to.include('Sign in');
      expect(asked('files.list')).to.equal(2);
    });
  });

  describe('downloading a file', () => {
    const MIB = 1024 * 1024;
    const download = async (id: string): Promise<Buffer> =>
      Buffer.concat(await collect(await drive.download(recordOf(service, id))));
    const fileOf = (bytes: number, seed = 1) =>
      service.tree.addFile({ name: '7.mp4', content: { size: bytes, seed } });
    const refusalOf = (id: string) => rejection<FileError>(download(id));
    const expectWhole = (id: string, bytes: Buffer) =>
      expect(bytes.equals(service.tree.read(id)), 'the bytes are Drive’s').to.equal(true);
    /** The Range header of each download, null for none. */
    const ranges = () => {
      const seen: (string | null)[] = [];
      const { intercept } = service.service;
      service.service.intercept = (request, response) => {
        if (DOWNLOAD.test(`GET ${request.url}`)) seen.push(request.headers.range ?? null);
        return intercept?.(request, response) ?? false;
      };
      return seen;
    };

    for (const bytes of [0, 1, 65_536, 3 * MIB + 1]) {
      it(`gives all of ${bytes} bytes`, async () => {
        const id = fileOf(bytes);
        expectWhole(id, await download(id));
        expect(asked('files.download')).to.equal(1);
      });
    }

    it('takes files of shared drives', async () => {
      const parent = service.tree.addFolder({ name: 'Photos', driveId: 'shared-drive' });
      const id = service.tree.addFile({ name: '1.jpg', parent, content: Buffer.from('bytes') });
      expectWhole(id, await download(id));
    });

    it('encodes ids in the address', async () => {
      const id = service.tree.addFile({ name: '1.jpg', id: 'a/b?c d', content: Buffer.from('bytes') });
      expectWhole(id, await download(id));
    });

    it('goes on by Range where it broke', async () => {
      const id = fileOf(3 * MIB);
      inject(service.service, DOWNLOAD, [breakAfter(MIB + 17)]);
      const seen = ranges();
      expectWhole(id, await download(id));
      expect(seen).to.deep.equal([null, `bytes=${MIB + 17}-`]);
    });

    it('survives ten breaks of one file', async () => {
      const id = fileOf(40 * MIB);
      inject(
        service.service,
        DOWNLOAD,
        Array.from({ length: 10 }, (_, i) => breakAfter(3 * MIB + i)),
      );
      const seen = ranges();
      expectWhole(id, await download(id));
      expect(seen).to.have.length(11);
      expect(seen.at(-1)).to.equal(`bytes=${30 * MIB + 45}-`);
    });

    it('tries again through errors of the server in the middle', async () => {
      const id = fileOf(2 * MIB);
      inject(service.service, DOWNLOAD, [
        breakAfter(MIB),
        refuse(503, 'backendError'),
        reset,
        refuse(403, 'userRateLimitExceeded'),
      ]);
      expectWhole(id, await download(id));
    });

    it('gives up after three breaks in a row that brought nothing', async () => {
      const id = fileOf(2 * MIB);
      inject(service.service, DOWNLOAD, [breakAfter(MIB), ...times(100, stallAfter(0))]);
      await connect({ stallTimeoutMs: 100 });
      const error = await refusalOf(id);
      expect(error).to.include({ code: 'download_broken', retryable: true, status: 'failed' });
      expect(error.message).to.match(/^7\.mp4 \(.+\): the download broke: no bytes came/);
      // On a machine that is busy with other things, the first connection may stall as well.
      expect(asked('files.download')).to.be.within(4, 6);
    });

    it('leaves a break before the first byte to the caller, who begins anew', async () => {
      const id = fileOf(2 * MIB);
      inject(service.service, DOWNLOAD, [stallAfter(0)]);
      await connect({ stallTimeoutMs: 100 });
      expect(await refusalOf(id)).to.include({ code: 'download_broken', retryable: true });
      expect(asked('files.download')).to.equal(1);
    });

    it('never repeats bytes when Drive ignores the Range', async () => {
      const id = fileOf(2 * MIB);
      inject(service.service, DOWNLOAD, [
        breakAfter(MIB),
        request => {
          delete request.headers.range;
          return false;
        },
      ]);
      expect(await refusalOf(id)).to.include({ code: 'range_ignored', retryable: true });
    });

    it('never repeats bytes when Drive goes on at another place', async () => {
      const id = fileOf(2 * MIB);
      inject(service.service, DOWNLOAD, [
        breakAfter(MIB),
        request => {
          request.headers.range = `bytes=${MIB - 1}-`;
          return false;
        },
      ]);
      expect(await refusalOf(id)).to.include({ code: 'range_ignored', retryable: true });
    });

    it('begins anew, rather than give up, when the file has become shorter than what has arrived', async () => {
      const id = fileOf(2 * MIB);
      inject(service.service, DOWNLOAD, [
        breakAfter(MIB),
        () => {
          service.tree.replaceContent(id, { size: 1000, seed: 2 });
          return false;
        },
      ]);
      expect(await refusalOf(id)).to.include({ retryable: true, code: 'range_ignored', status: 'failed' });
    });

    it('goes on when a connection stalls for the stall time', async () => {
      const id = fileOf(2 * MIB);
      inject(service.service, DOWNLOAD, [stallAfter(MIB)]);
      await connect({ stallTimeoutMs: 150 });
      expectWhole(id, await download(id));
      expect(asked('files.download')).to.equal(2);
    });

    it('tries again when no answer begins within the stall time', async () => {
      const id = fileOf(1000);
      inject(service.service, DOWNLOAD, [silence, silence]);
      await connect({ stallTimeoutMs: 150 });
      expectWhole(id, await download(id));
      expect(waits).to.deep.equal([1000, 2000]);
    });

    it('says that nothing came when a stalled connection is given up', async () => {
      const id = fileOf(1000);
      inject(service.service, DOWNLOAD, times(100, silence));
      await connect({ stallTimeoutMs: 100 });
      expect((await refusalOf(id)).message).to.include('no bytes came for 0.1 s');
    });

    it('does not take a reader who is slow for a connection that stalls', async () => {
      const id = fileOf(8 * MIB);
      await connect({ stallTimeoutMs: 250 });
      const got: Buffer[] = [];
      for await (const chunk of await drive.download(recordOf(service, id))) {
        if (got.length === 3) await new Promise(resolve => setTimeout(resolve, 600));
        got.push(chunk);
      }
      expectWhole(id, Buffer.concat(got));
      expect(asked('files.download')).to.equal(1);
    });

    it('still notices a stall after the reader has been slow', async () => {
      const id = fileOf(8 * MIB);
      inject(service.service, DOWNLOAD, [stallAfter(MIB)]);
      await connect({ stallTimeoutMs: 250 });
      const got: Buffer[] = [];
      for await (const chunk of await drive.download(recordOf(service, id))) {
        if (got.length === 1) await new Promise(resolve => setTimeout(resolve, 600));
        got.push(chunk);
      }
      expectWhole(id, Buffer.concat(got));
      expect(asked('files.download')).to.equal(2);
    });

    it('notices a stall also when all that came before it lay here unread', async () => {
      const id = fileOf(1000);
      const bytes = service.tree.read(id);
      let sendMore = () => {};
      inject(service.service, DOWNLOAD, [
        (_, response) => {
          response.writeHead(200, { 'content-length': bytes.length });
          response.write(bytes.subarray(0, 10));
          sendMore = () => response.write(bytes.subarray(10, 20));
          return true;
        },
      ]);
      await connect({ stallTimeoutMs: 250 });
      const got: Buffer[] = [];
      for await (const chunk of await drive.download(recordOf(service, id))) {
        if (got.push(chunk) > 1) continue;
        sendMore();
        await new Promise(resolve => setTimeout(resolve, 600));
      }
      expectWhole(id, Buffer.concat(got));
      expect(asked('files.download')).to.equal(2);
    });

    it('leaves nothing behind on a connection that goes on to other files', async () => {
      const id = fileOf(1000);
      const warnings: Error[] = [];
      const note = (warning: Error) => warnings.push(warning);
      process.on('warning', note);
      for (let i = 0; i < 20; i += 1) await download(id);
      await new Promise(resolve => setImmediate(resolve));
      process.off('warning', note);
      expect(warnings).to.deep.equal([]);
    });

    it('passes altered bytes on: only the md5 can tell, and it is compared on the way to S3', async () => {
      const id = fileOf(2 * MIB);
      inject(service.service, DOWNLOAD, [flipByte(MIB)]);
      const bytes = await download(id);
      expect(bytes.length).to.equal(2 * MIB);
      expect(bytes.equals(service.tree.read(id))).to.equal(false);
    });

    const refusals: [reason: string, status: number, record: Record<string, unknown>, remedy: RegExp][] = [
      ['downloadQuotaExceeded', 403, { status: 'failed', retryable: true }, /resume" tomorrow/],
      ['cannotDownloadAbusiveFile', 403, { status: 'needs_review', retryable: false }, /by hand/],
      ['fileNotDownloadable', 403, { status: 'needs_review', retryable: false }, /Export it/],
      ['cannotDownloadFile', 403, { status: 'needs_review', retryable: false }, /Ask the owner/],
      ['insufficientFilePermissions', 403, { status: 'needs_review', retryable: false }, /Ask the owner/],
    ];
    for (const [reason, status, record, remedy] of refusals) {
      it(`concerns this file alone when Drive refuses it with ${reason}`, async () => {
        const id = fileOf(1000);
        inject(service.service, DOWNLOAD, [refuse(status, reason)]);
        const error = await refusalOf(id);
        expect(error).to.be.instanceOf(FileError);
        expect(error).to.include({ code: reason, ...record });
        expect(error.message)
          .to.match(/^7\.mp4 \(.+\): Drive refused the download: /)
          .and.match(remedy);
        expect(asked('files.download')).to.equal(1);
        expectWhole(id, await download(id));
      });
    }

    it('meets these refusals for real: a document, a forbidden download, malware', async () => {
      const forbidden = service.tree.addFile({ name: '1.jpg', content: Buffer.of(1), canDownload: false });
      const abusive = service.tree.addFile({ name: '2.jpg', content: Buffer.of(1), abusive: true });
      const document = service.tree.addGoogleDoc({ name: '3.jpg' });
      expect((await refusalOf(forbidden)).code).to.equal('cannotDownloadFile');
      expect((await refusalOf(abusive)).code).to.equal('cannotDownloadAbusiveFile');
      expect((await refusalOf(document)).code).to.equal('fileNotDownloadable');
    });

    for (const reason of ['dailyLimitExceeded', 'accessNotConfigured']) {
      it(`stops the run at ${reason}`, async () => {
        const id = fileOf(1000);
        inject(service.service, DOWNLOAD, [refuse(403, reason)]);
        const error = await rejection<RunError>(download(id));
        expect(error).to.be.instanceOf(RunError);
        expect(error.code).to.equal(reason);
        expect(asked('files.download')).to.equal(1);
      });
    }

    it('makes an orphan of a file that is gone', async () => {
      const error = await rejection<FileError>(
        drive.download({ id: 'gone', name: '1.jpg', status: 'pending' }),
      );
      expect(error).to.include({ code: 'gone_from_drive', status: 'orphan', retryable: false });
    });

    it('renews a token that expires between two files, and one that expires in the middle of a file', async () => {
      const id = fileOf(2 * MIB);
      expectWhole(id, await download(id));
      service.accounts.expireAccessTokens();
      inject(service.service, DOWNLOAD, [
        () => false,
        breakAfter(MIB),
        () => {
          service.accounts.expireAccessTokens();
          return false;
        },
      ]);
      expectWhole(id, await download(id));
      expect(asked('token')).to.equal(3);
    });

    it('renews once for downloads that were refused together', async () => {
      const ids = [1, 2, 3, 4].map(seed => fileOf(1000, seed));
      await download(ids[0]!);
      service.accounts.expireAccessTokens();
      await Promise.all(ids.map(async id => expectWhole(id, await download(id))));
      expect(asked('token')).to.equal(2);
    });

    it('stops the run when a new token is refused too', async () => {
      const id = fileOf(1000);
      inject(service.service, DOWNLOAD, times(100, refuse(401, 'authError')));
      const error = await rejection<RunError>(download(id));
      expect(error.code).to.equal('google_sign_in_refused');
      expect(asked('files.download')).to.equal(2);
    });

    it('follows a redirect, and carries the token no further than the same origin', async () => {
      const id = fileOf(1000);
      const tokens: (string | undefined)[] = [];
      const elsewhere = await serve({
        operationOf: () => 'get',
        handle: (request, response) => {
          tokens.push(request.headers.authorization);
          response.end(service.tree.read(id));
        },
      });
      try {
        inject(service.service, DOWNLOAD, [
          (request, response) => {
            response.writeHead(302, { location: `${request.url}&again=1` }).end();
            return true;
          },
          (request, response) => {
            tokens.push(request.headers.authorization?.slice(0, 12));
            response.writeHead(307, { location: `${elsewhere.url}/bytes` }).end();
            return true;
          },
        ]);
        expectWhole(id, await download(id));
        expect(tokens).to.deep.equal(['Bearer ya29.', undefined]);
      } finally {
        await elsewhere.close();
      }
    });

    it('does not follow redirects for ever', async () => {
      const id = fileOf(1000);
      inject(
        service.service,
        DOWNLOAD,
        times(100, (request, response) => {
          response.writeHead(302, { location: request.url! }).end();
          return true;
        }),
      );
      expect(await refusalOf(id)).to.include({ code: 'drive_refused' });
      expect(asked('files.download')).to.equal(6);
    });

    it('gives a reader who leaves early its connection back', async () => {
      const id = fileOf(8 * MIB);
      for await (const _ of await drive.download(recordOf(service, id))) break;
      expectWhole(id, await download(id));
    });

    it('waits for its turn in the same quota as queries', async () => {
      const id = fileOf(10);
      await connect({ queriesPerSecond: 20 });
      const start = performance.now();
      await Promise.all(Array.from({ length: 5 }, () => download(id)));
      expect(performance.now() - start).to.be.at.least(190);
    });
  });
});
