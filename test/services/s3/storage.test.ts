import { expect } from 'chai';
import { fitsOnePut, partBytesFor, type UploadTarget } from '../../../src/services/s3/upload.ts';
import type { Upload } from '../../../stages/transfer.ts';
import { answer, inject, s3Refusal } from '../../faults.ts';
import {
  bytesOf,
  flipped,
  KEY,
  MIB,
  md5Of,
  PART_BYTES,
  pieces,
  REQUESTS,
  uploadOf,
  useStorage,
  WAYS,
} from './local-storage.ts';

describe('the store', () => {
  const { at, refused, expectStored, nothingVisible } = useStorage();

  describe('given a file of up to one part', () => {
    for (const size of [0, 1, 100_000, PART_BYTES]) {
      it(`stores its ${size} bytes with one PUT, held to Drive’s md5 by S3 itself`, async () => {
        const bytes = bytesOf(size);
        const sent: (string | undefined)[] = [];
        inject(at.local.s3.service, REQUESTS.put, [
          request => {
            sent.push(request.headers['content-md5'] as string);
            return false;
          },
        ]);
        const stored = await at.storage.store(uploadOf(bytes));
        expect(stored).to.include({ bytes: size, etag: md5Of(bytes), verified: 'md5' });
        expectStored(bytes);
        expect(sent).to.deep.equal([Buffer.from(md5Of(bytes), 'hex').toString('base64')]);
        expect([...at.local.s3.service.requests]).to.deep.equal([['PutObject', 1]]);
      });
    }

    for (const [md5, code] of [
      [md5Of(bytesOf(1000)), 'md5_mismatch'],
      [null, 'storage_busy'],
    ] as const) {
      it(`tries again when S3 received other bytes, ${md5 ? 'with' : 'without'} an md5`, async () => {
        inject(at.local.s3.service, REQUESTS.put, [s3Refusal(400, 'BadDigest')]);
        const error = await refused(uploadOf(bytesOf(1000), { md5 }));
        expect(error).to.include({ code, retryable: true, status: 'failed' });
      });
    }
  });

  it('sends large files in one PUT, and after an error those above 200 MiB in parts', () => {
    const target = { multipartThresholdBytes: 1024 * MIB } as UploadTarget;
    const upload = uploadOf(bytesOf(1));
    const isWhole = (mib: number, isRetry: boolean) =>
      fitsOnePut({ ...upload, size: mib * MIB, isRetry }, target);
    expect([200, 201, 1024, 1025].map(mib => isWhole(mib, false))).to.deep.equal([true, true, true, false]);
    expect([200, 201, 1024, 1025].map(mib => isWhole(mib, true))).to.deep.equal([true, false, false, false]);
  });

  describe('given a larger file', () => {
    it('stores it in parts, each with a checksum, and compares the md5 before it completes them', async () => {
      const bytes = bytesOf(12 * MIB + 3);
      const checksums: (string | string[] | undefined)[] = [];
      inject(
        at.local.s3.service,
        REQUESTS.part,
        Array.from({ length: 3 }, () => (request): boolean => {
          checksums.push(request.headers['x-amz-checksum-crc32']);
          return false;
        }),
      );
      const { etag, ...stored } = await at.storage.store(uploadOf(bytes));
      expect(stored).to.include({ bytes: bytes.length, verified: 'md5' });
      expect(etag)
        .to.equal(at.local.s3.objects()[0]!.etag)
        .and.match(/^[0-9a-f]{32}-3$/);
      expectStored(bytes);
      expect(checksums).to.have.length(3);
      for (const checksum of checksums) expect(checksum).to.match(/^[\w+/]{6}==$/);
      expect(at.local.s3.uploads()).to.deep.equal([]);
      expect(at.local.warnings).to.deep.equal([]);
    });

    it('names the parts that it may not remove and the rule that does, once a run', async () => {
      const bytes = bytesOf(12 * MIB);
      await refused(uploadOf(bytes, { bytes: pieces(flipped(bytes, 0)) }));
      await refused(uploadOf(bytes, { bytes: pieces(flipped(bytes, 1)), key: 'media/obs-2/2.mov' }));
      expect(at.local.s3.uploads()).to.have.length(2);
      expect(at.local.warnings).to.have.length(1);
      expect(at.local.warnings[0])
        .to.include(KEY)
        .and.include('amplify-media')
        .and.include('lifecycle rule')
        .and.include('AbortIncompleteMultipartUpload');
    });

    it('removes the parts where the policy allows it, and says nothing', async () => {
      at.local.keys.current = at.local.credentials.issue({ role: 'root', lifetimeSeconds: 3600 });
      const bytes = bytesOf(12 * MIB);
      expect(await refused(uploadOf(bytes, { bytes: pieces(flipped(bytes, 0)) }))).to.include({
        code: 'md5_mismatch',
      });
      expect(at.local.s3.uploads()).to.deep.equal([]);
      expect(at.local.warnings).to.deep.equal([]);
    });
  });

  describe('a key that is taken', () => {
    const putsOf = (upload: Upload) => async () => {
      const error = await refused(upload);
      expect(error).to.include({ code: 'key_taken', status: 'needs_review' });
      return (
        at.local.requests('PutObject') +
        at.local.requests('UploadPart') +
        at.local.requests('CreateMultipartUpload')
      );
    };

    it('costs no bytes of a large file, nor of one that was tried before, nor where nothing may be listed', async () => {
      at.local.s3.put(KEY, bytesOf(10, 2));
      for (const [size, more] of [
        [20 * MIB, {}],
        [6 * MIB, {}],
        [1000, { isRetry: true }],
        [6 * MIB, { replaces: md5Of(bytesOf(10, 3)) }],
      ] as const) {
        inject(at.local.s3.service, /^GET .*list-type/, [s3Refusal(403, 'AccessDenied')]);
        const upload = uploadOf(bytesOf(size), {
          ...more,
          open: () => expect.fail('the download was opened'),
        });
        expect(await putsOf(upload)()).to.equal(0);
      }
    });

    it('is found out by S3 for a user who may not list', async () => {
      inject(at.local.s3.service, /^GET .*list-type/, [s3Refusal(403, 'AccessDenied')]);
      at.local.s3.put(KEY, bytesOf(1000));
      expect(await at.storage.store(uploadOf(bytesOf(1000), { isRetry: true }))).to.include({
        verified: 'md5',
      });
    });
  });

  describe('given a file of unknown size', () => {
    for (const size of [0, 1000, PART_BYTES, 12 * MIB]) {
      it(`stores its ${size} bytes and compares the md5`, async () => {
        const bytes = bytesOf(size);
        const stored = await at.storage.store(uploadOf(bytes, { size: null }));
        expect(stored).to.include({ bytes: size, verified: 'md5' });
        expectStored(bytes);
      });
    }

    it('shows nothing of bytes that are not Drive’s', async () => {
      const bytes = bytesOf(12 * MIB);
      const error = await refused(
        uploadOf(bytes, { size: null, bytes: pieces(flipped(bytes, 12 * MIB - 1)) }),
      );
      expect(error).to.include({ code: 'md5_mismatch', retryable: true });
      nothingVisible();
    });
  });

  for (const { way, size } of WAYS) {
    describe(`${way}`, () => {
      const bytes = bytesOf(size);
      const other = bytesOf(size, 2);

      it('keeps the content type, and the ids by which the object is known again', async () => {
        await at.storage.store(uploadOf(bytes, { contentType: 'video/quicktime' }));
        const [object] = at.local.s3.objects();
        expect(object!.contentType).to.equal('video/quicktime');
        expect(object!.headers).to.include({
          'x-amz-meta-drive-file-id': 'drive-file-1',
          'x-amz-meta-md5': object!.md5,
        });
      });

      it('shows nothing of a file with an altered byte, and gives the two md5s', async () => {
        const altered = flipped(bytes, size - 1);
        const error = await refused(uploadOf(bytes, { bytes: pieces(altered) }));
        expect(error).to.include({ code: 'md5_mismatch', retryable: true, status: 'failed' });
        expect(error.message).to.include(md5Of(bytes)).and.include(md5Of(altered));
        expect(error.message).to.match(/^1\.jpg \(drive-file-1\): /);
        nothingVisible();
      });

      // The size of a file that goes in one PUT is compared by its download.
      for (const md5 of size > PART_BYTES ? [md5Of(bytes), null] : [null]) {
        const given = md5 ? 'with an md5' : 'without an md5';
        it(`shows nothing of a file ${given} that ends too early`, async () => {
          const error = await refused(uploadOf(bytes, { md5, bytes: pieces(bytes.subarray(0, size - 1)) }));
          expect(error).to.include({ code: 'too_few_bytes', retryable: true, status: 'failed' });
          expect(error.message)
            .to.include(`${size - 1}`)
            .and.include(`${size}`);
          nothingVisible();
        });

        it(`shows nothing of a file ${given} that does not end where it should`, async () => {
          const longer = Buffer.concat([bytes, Buffer.of(0)]);
          const error = await refused(uploadOf(bytes, { md5, bytes: pieces(longer) }));
          expect(error).to.include({ code: 'too_many_bytes', retryable: true, status: 'failed' });
          nothingVisible();
        });
      }

      it('takes an object with the same bytes for this file’s, and does not touch it', async () => {
        await at.storage.store(uploadOf(bytes));
        const [before] = at.local.s3.objects();
        const again = await at.storage.store(uploadOf(bytes));
        expect(again).to.include({ bytes: size, etag: before!.etag, verified: 'md5' });
        // HTTP dates have whole seconds.
        expect(Date.parse(again.storedAt!) / 1000).to.equal(Math.floor(before!.modifiedMs / 1000));
        expect(at.local.s3.objects().map(({ path }) => path)).to.deep.equal([before!.path]);
      });

      it('overwrites nobody: another object under the key is a matter for a person', async () => {
        at.local.s3.put(KEY, other);
        const error = await refused(uploadOf(bytes));
        expect(error).to.include({ code: 'key_taken', status: 'needs_review', retryable: false });
        expect(error.message).to.include(KEY).and.include(md5Of(other));
        expectStored(other);
      });

      it('knows an object without md5 by file and size', async () => {
        await at.storage.store(uploadOf(bytes, { md5: null }));
        expectStored(bytes);
        expect(await at.storage.store(uploadOf(bytes, { md5: null }))).to.include({ verified: 'size' });
        const stranger = uploadOf(bytes, { md5: null, fileId: 'drive-file-2' });
        expect(await refused(stranger)).to.include({ code: 'key_taken' });
        const longer = Buffer.concat([bytes, Buffer.of(0)]);
        expect(await refused(uploadOf(longer, { md5: null }))).to.include({ code: 'key_taken' });
      });

      it('leaves a key for a person whose object may not be looked at', async () => {
        at.local.s3.put(KEY, bytes);
        inject(at.local.s3.service, REQUESTS.head, [answer(403, '')]);
        expect(await refused(uploadOf(bytes))).to.include({ code: 'key_taken', status: 'needs_review' });
      });
    });
  }
});

describe('the size of parts', () => {
  it('is as configured, and larger where the file would have more than 10,000', () => {
    const TIB = 1024 * 1024 * MIB;
    for (const [size, configured, partBytes] of [
      [null, 8 * MIB, 8 * MIB],
      [0, 8 * MIB, 8 * MIB],
      [80_000 * MIB, 8 * MIB, 8 * MIB],
      [80_000 * MIB + 1, 8 * MIB, 9 * MIB],
      [5 * TIB, 8 * MIB, 525 * MIB],
      [5 * TIB, 1024 * MIB, 1024 * MIB],
    ] as const)
      expect(partBytesFor(size, configured), `${size}`).to.equal(partBytes);
  });
});
