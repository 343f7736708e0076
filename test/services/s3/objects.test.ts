import { expect } from 'chai';
import type { Objects } from '../../../src/services/s3/objects.ts';
import type { RunError } from '../../../stages/errors.ts';
import { rejection } from '../../config/scratch.ts';
import { answer, inject, reset } from '../../faults.ts';
import { all } from '../../stages/flow.ts';
import { bytesOf, KEY, md5Of, uploadOf, useStorage } from './local-storage.ts';

describe('looking at objects', () => {
  const { at } = useStorage();
  let objects: Objects;
  beforeEach(() => {
    objects = at.storage.objects();
  });

  const bytes = bytesOf(1000);
  const store = () => at.storage.store(uploadOf(bytes));

  it('finds what an upload has put there, with the Drive file it came from', async () => {
    await store();
    const found = { key: KEY, bytes: 1000, etag: md5Of(bytes), fileId: 'drive-file-1' };
    expect(await objects.find(KEY)).to.deep.equal(found);
    at.local.s3.put('media/obs-1/2.jpg', 'x');
    expect(await objects.find('media/obs-1/2.jpg')).to.include({ bytes: 1, fileId: null });
  });

  it('knows what is not there, though S3 says 403 to it, also beside what begins with the same name', async () => {
    at.local.s3.put(`${KEY}.bak`, 'x');
    expect(await objects.find(KEY)).to.equal(null);
    expect(await objects.read(KEY)).to.equal(null);
    inject(at.local.s3.service, /^HEAD /, [answer(403, ''), answer(404, '')]);
    expect(await objects.find(KEY)).to.equal(null);
    expect(await objects.find(KEY)).to.equal(null);
  });

  it('does not take what it may not see for missing', async () => {
    await store();
    inject(at.local.s3.service, /^HEAD |x-id=GetObject/, [
      answer(403, ''),
      answer(403, '<Error><Code>AccessDenied</Code><Message>no</Message></Error>'),
    ]);
    for (const look of [() => objects.find(KEY), () => objects.read(KEY)]) {
      const error = await rejection<RunError>(look());
      expect(error).to.include({ code: 'storage_access_denied' });
      expect(error.remedy).to.include('ADMINS');
    }
  });

  it('says so when S3 does not respond', async () => {
    inject(at.local.s3.service, /^HEAD /, [reset]);
    const error = await rejection<RunError>(objects.find(KEY));
    expect(error).to.include({ name: 'RunError', code: 'storage_unreachable' });
    expect(error.message).to.include('cannot be reached').and.not.to.include('upload');
  });

  it('lists everything below media/, page by page', async () => {
    for (let index = 0; index < 1005; index += 1) at.local.s3.put(`media/obs-1/${index}.jpg`, 'x');
    at.local.s3.put('elsewhere/1.jpg', 'x');
    const pages = await all(objects.list());
    expect(pages.map(page => page.length)).to.deep.equal([1000, 5]);
    expect(new Set(pages.flat().map(({ key }) => key)).size).to.equal(1005);
    expect(pages[0]![0]).to.include({ bytes: 1, etag: md5Of(Buffer.from('x')) });
  });

  it('removes an object with the etag that is meant, and leaves one with another', async () => {
    const { etag } = await store();
    expect(await objects.remove(KEY, 'f'.repeat(32))).to.equal(false);
    expect(at.local.s3.objects()).to.have.length(1);
    expect(await objects.remove(KEY, etag)).to.equal(true);
    expect(at.local.s3.objects()).to.deep.equal([]);
    expect(await objects.remove(KEY, etag)).to.equal(true);
  });
});
