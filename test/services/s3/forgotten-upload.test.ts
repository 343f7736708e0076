import { expect } from 'chai';
import { FileError } from '../../../stages/errors.ts';
import { rejection } from '../../config/scratch.ts';
import { answer, inject, lostAnswer } from '../../faults.ts';
import { bytesOf, MIB, md5Of, uploadOf, useStorage } from './local-storage.ts';

const COMPLETE = /^POST .*uploadId=/;
const BYTES = bytesOf(12 * MIB);

const noSuchUpload = answer(404, '<Error><Code>NoSuchUpload</Code><Message>Gone.</Message></Error>', {
  'content-type': 'application/xml',
});

describe('an upload that S3 says it does not know when it is to be completed', () => {
  const { at } = useStorage();
  beforeEach(() => at.connect({ backoff: { retries: 1, baseMs: 0, capMs: 0 } }));

  it('was completed by a request whose answer was lost: its object is taken, nothing is sent again', async () => {
    inject(at.local.s3.service, COMPLETE, [lostAnswer]);
    const stored = await at.storage.store(uploadOf(BYTES));
    const [object] = at.local.s3.objects();
    expect(stored).to.include({ bytes: BYTES.length, etag: object!.etag, verified: 'md5' });
    expect(object!.md5).to.equal(md5Of(BYTES));
    expect(at.local.requests('CreateMultipartUpload')).to.equal(1);
    expect(at.local.requests('UploadPart')).to.equal(3);
    expect(at.local.warnings).to.deep.equal([]);
  });

  it('is tried again when nothing stands under its key', async () => {
    inject(at.local.s3.service, COMPLETE, [noSuchUpload]);
    const error = await rejection<FileError>(at.storage.store(uploadOf(BYTES)));
    expect(error).to.be.instanceOf(FileError).and.to.include({ retryable: true, status: 'failed' });
    await at.storage.store(uploadOf(BYTES));
    expect(at.local.s3.objects()[0]!.md5).to.equal(md5Of(BYTES));
  });

  it('is tried again when the object that it was to replace still stands there', async () => {
    const old = bytesOf(12 * MIB, 7);
    const { etag } = await at.storage.store(uploadOf(old));
    const replaces = () => at.storage.store(uploadOf(BYTES, { replaces: etag }));
    inject(at.local.s3.service, COMPLETE, [noSuchUpload]);
    expect(await rejection<FileError>(replaces())).to.include({ retryable: true, status: 'failed' });
    expect(at.local.s3.objects()[0]!.md5).to.equal(md5Of(old));
    await replaces();
    expect(at.local.s3.objects()[0]!.md5).to.equal(md5Of(BYTES));
  });
});
