import { expect } from 'chai';
import { QueryRate } from '../../../src/services/drive/query-rate.ts';
import type { FileError } from '../../../stages/errors.ts';
import { rejection } from '../../config/scratch.ts';
import { breakAfter, inject, reset, silence, stallAfter, times } from '../../faults.ts';
import { collect, recordOf, refuse, useDrive } from './connected.ts';

const DOWNLOAD = /^GET \/drive\/v3\/files\/[^?]+\?.*alt=media/;

describe('downloading a file from Drive', () => {
  const at = useDrive();
  const MIB = 1024 * 1024;
  const download = async (id: string): Promise<Buffer> =>
    Buffer.concat(await collect(await at.drive.download(recordOf(at.service, id))));
  const fileOf = (bytes: number, seed = 1) =>
    at.service.tree.addFile({ name: '7.mp4', content: { size: bytes, seed } });
  const refusalOf = (id: string) => rejection<FileError>(download(id));
  const expectWhole = (id: string, bytes: Buffer) =>
    expect(bytes.equals(at.service.tree.read(id)), 'the bytes are Drive’s').to.equal(true);
  /** The Range header of each download, null for none. */
  const ranges = () => {
    const seen: (string | null)[] = [];
    const { intercept } = at.service.service;
    at.service.service.intercept = (request, response) => {
      if (DOWNLOAD.test(`GET ${request.url}`)) seen.push(request.headers.range ?? null);
      return intercept?.(request, response) ?? false;
    };
    return seen;
  };

  for (const bytes of [0, 1, 65_536, 3 * MIB + 1]) {
    it(`gives all of ${bytes} bytes`, async () => {
      const id = fileOf(bytes);
      expectWhole(id, await download(id));
      expect(at.asked('files.download')).to.equal(1);
    });
  }

  it('takes files of shared drives', async () => {
    const parent = at.service.tree.addFolder({ name: 'Photos', driveId: 'shared-drive' });
    const id = at.service.tree.addFile({ name: '1.jpg', parent, content: Buffer.from('bytes') });
    expectWhole(id, await download(id));
  });

  it('goes on by Range where it broke', async () => {
    const id = fileOf(3 * MIB);
    inject(at.service.service, DOWNLOAD, [breakAfter(MIB + 17)]);
    const seen = ranges();
    expectWhole(id, await download(id));
    expect(seen).to.deep.equal([null, `bytes=${MIB + 17}-`]);
  });

  it('tries again through errors of the server in the middle', async () => {
    const id = fileOf(2 * MIB);
    inject(at.service.service, DOWNLOAD, [
      breakAfter(MIB),
      refuse(503, 'backendError'),
      reset,
      refuse(403, 'userRateLimitExceeded'),
    ]);
    expectWhole(id, await download(id));
  });

  it('gives up after three breaks in a row that brought nothing', async () => {
    const id = fileOf(2 * MIB);
    inject(at.service.service, DOWNLOAD, [breakAfter(MIB), ...times(100, stallAfter(0))]);
    await at.connect({ stallTimeoutMs: 100 });
    const error = await refusalOf(id);
    expect(error).to.include({ code: 'download_broken', retryable: true, status: 'failed' });
    expect(error.message).to.match(/^7\.mp4 \(.+\): the download broke: no data received/);
    // On a machine that is busy with other things, the first connection may stall as well.
    expect(at.asked('files.download')).to.be.within(4, 6);
  });

  it('leaves a break before the first byte to the caller, who begins anew', async () => {
    const id = fileOf(2 * MIB);
    inject(at.service.service, DOWNLOAD, [stallAfter(0)]);
    await at.connect({ stallTimeoutMs: 100 });
    expect(await refusalOf(id)).to.include({ code: 'download_broken', retryable: true });
    expect(at.asked('files.download')).to.equal(1);
  });

  it('never repeats bytes when Drive ignores the Range', async () => {
    const id = fileOf(2 * MIB);
    inject(at.service.service, DOWNLOAD, [
      breakAfter(MIB),
      request => {
        delete request.headers.range;
        return false;
      },
    ]);
    expect(await refusalOf(id)).to.include({ code: 'range_ignored', retryable: true });
  });

  it('begins anew, rather than give up, when the file has become shorter than what has arrived', async () => {
    const id = fileOf(2 * MIB);
    inject(at.service.service, DOWNLOAD, [
      breakAfter(MIB),
      () => {
        at.service.tree.replaceContent(id, { size: 1000, seed: 2 });
        return false;
      },
    ]);
    expect(await refusalOf(id)).to.include({ retryable: true, code: 'too_few_bytes', status: 'failed' });
  });

  for (const [listed, code] of [
    [999, 'too_many_bytes'],
    [1001, 'too_few_bytes'],
    [0, 'too_many_bytes'],
  ] as const) {
    it(`fails with ${code} where Drive sends 1000 bytes of a file that it listed with ${listed}`, async () => {
      const record = { ...recordOf(at.service, fileOf(1000)), size: listed };
      const error = await rejection<FileError>(at.drive.download(record).then(collect));
      expect(error).to.include({ code, retryable: true, status: 'failed' });
      expect(error.message)
        .to.match(/^7\.mp4 \(.+\): .*Nothing was stored\.$/)
        .and.include(`${listed}`);
    });
  }

  it('goes on when a connection stalls for the stall time', async () => {
    const id = fileOf(2 * MIB);
    inject(at.service.service, DOWNLOAD, [stallAfter(MIB)]);
    await at.connect({ stallTimeoutMs: 150 });
    expectWhole(id, await download(id));
    expect(at.asked('files.download')).to.equal(2);
  });

  it('says that no data was received when a stalled connection is given up', async () => {
    const id = fileOf(1000);
    inject(at.service.service, DOWNLOAD, times(100, silence));
    await at.connect({ stallTimeoutMs: 100 });
    expect((await refusalOf(id)).message).to.include('no data received for 0.1 s');
  });

  it('does not take a reader who is slow for a connection that stalls', async () => {
    const [id, other] = [fileOf(8 * MIB), fileOf(1000)];
    inject(at.service.service, new RegExp(`/files/${other}\\?.*alt=media`), [stallAfter(0)]);
    await at.connect({ stallTimeoutMs: 250 });
    const got: Buffer[] = [];
    for await (const chunk of await at.drive.download(recordOf(at.service, id))) {
      // It reads on when a connection that stalls has been given up.
      if (got.length === 3) expect(await refusalOf(other)).to.include({ code: 'download_broken' });
      got.push(chunk);
    }
    expectWhole(id, Buffer.concat(got));
    expect(at.asked('files.download')).to.equal(2);
  });

  it('meets these refusals for real: a document, a forbidden download, malware', async () => {
    const forbidden = at.service.tree.addFile({ name: '1.jpg', content: Buffer.of(1), canDownload: false });
    const abusive = at.service.tree.addFile({ name: '2.jpg', content: Buffer.of(1), abusive: true });
    const document = at.service.tree.addGoogleDoc({ name: '3.jpg' });
    expect((await refusalOf(forbidden)).code).to.equal('cannotDownloadFile');
    expect((await refusalOf(abusive)).code).to.equal('cannotDownloadAbusiveFile');
    expect((await refusalOf(document)).code).to.equal('fileNotDownloadable');
  });

  it('makes an orphan of a file that is gone', async () => {
    const error = await rejection<FileError>(
      at.drive.download({ id: 'gone', name: '1.jpg', status: 'pending' }),
    );
    expect(error).to.include({ code: 'gone_from_drive', status: 'orphan', retryable: false });
  });

  it('renews a token that expires between two files, and one that expires in the middle of a file', async () => {
    const id = fileOf(2 * MIB);
    expectWhole(id, await download(id));
    at.service.accounts.expireAccessTokens();
    inject(at.service.service, DOWNLOAD, [
      () => false,
      breakAfter(MIB),
      () => {
        at.service.accounts.expireAccessTokens();
        return false;
      },
    ]);
    expectWhole(id, await download(id));
    expect(at.asked('token')).to.equal(3);
  });

  it('gives a reader who leaves early its connection back', async () => {
    const id = fileOf(8 * MIB);
    for await (const _ of await at.drive.download(recordOf(at.service, id))) break;
    expectWhole(id, await download(id));
  });

  it('waits for its turn in the same quota as queries', async () => {
    const id = fileOf(10);
    await at.connect({ rate: new QueryRate(20) });
    const start = performance.now();
    await Promise.all(Array.from({ length: 5 }, () => download(id)));
    expect(performance.now() - start).to.be.at.least(190);
  });
});
