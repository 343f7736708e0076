import { execFile } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Storage } from '../../../src/services/s3/storage.ts';
import { partBytesFor } from '../../../src/services/s3/upload.ts';
import { FileError, RunError } from '../../../stages/errors.ts';
import type { Upload } from '../../../stages/transfer.ts';
import type { Intercept } from '../../cloud/service.ts';
import { serve } from '../../cloud/service.ts';
import { rejection } from '../../config/scratch.ts';
import { answer, inject, lostAnswer, reset, silence, times } from '../../faults.ts';
import {
  bytesOf,
  flipped,
  type LocalStorage,
  localStorage,
  MIB,
  md5Of,
  PART_BYTES,
  pieces,
  uploadOf,
} from './local-storage.ts';

const KEY = 'media/obs-1/1.jpg';
const PUT = /^PUT [^?]+(\?x-id=PutObject)?$/;
const PART = /^PUT .*partNumber=/;
const COMPLETE = /^POST .*uploadId=/;
const HEAD = /^HEAD /;

const xmlError = (status: number, code: string): Intercept =>
  answer(status, `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Said so.</Message></Error>`, {
    'content-type': 'application/xml',
  });

/** Both ways an object gets there. */
const WAYS = [
  { way: 'in one PUT', size: 100_000 },
  { way: 'in parts', size: 6 * MIB + 3 },
];

describe('the store', () => {
  let local: LocalStorage;
  let storage: Storage;
  beforeEach(async () => {
    local = await localStorage();
    storage = await local.connect();
  });
  afterEach(() => local.close());

  const keys = () => local.s3.objects().map(({ key }) => key);
  const refused = (upload: Upload) => rejection<FileError>(storage.store(upload));
  const stopped = async (upload: Upload): Promise<RunError> => {
    const error = await rejection<RunError>(storage.store(upload));
    expect(error).to.be.instanceOf(RunError);
    return error;
  };
  const expectStored = (bytes: Buffer, key = KEY) =>
    expect(local.s3.read(key).equals(bytes), 'the object has these bytes').to.equal(true);
  const nothingVisible = () => expect(keys()).to.deep.equal([]);

  describe('given a file of up to one part', () => {
    for (const size of [0, 1, 100_000, PART_BYTES]) {
      it(`stores its ${size} bytes with one PUT, held to Drive’s md5 by S3 itself`, async () => {
        const bytes = bytesOf(size);
        const sent: (string | undefined)[] = [];
        inject(local.s3.service, PUT, [
          request => {
            sent.push(request.headers['content-md5'] as string);
            return false;
          },
        ]);
        const stored = await storage.store(uploadOf(bytes));
        expect(stored).to.include({ bytes: size, etag: md5Of(bytes), verified: 'md5' });
        expectStored(bytes);
        expect(sent).to.deep.equal([Buffer.from(md5Of(bytes), 'hex').toString('base64')]);
        expect([...local.s3.service.requests]).to.deep.equal([['PutObject', 1]]);
      });
    }

    it('keeps the content type, and the ids by which the object is known again', async () => {
      await storage.store(uploadOf(bytesOf(10), { contentType: 'video/quicktime' }));
      const [object] = local.s3.objects();
      expect(object!.contentType).to.equal('video/quicktime');
      expect(object!.headers).to.include({
        'x-amz-meta-drive-file-id': 'drive-file-1',
        'x-amz-meta-md5': object!.md5,
      });
    });

    for (const name of ['1 (1).jpg', 'a+b&c=d.jpg', "1!'*.jpg", '%20.jpg', 'é שלום 🦅.jpg', 'a?b#c.jpg']) {
      it(`takes ${name} into the key as it is`, async () => {
        const bytes = bytesOf(10);
        await storage.store(uploadOf(bytes, { key: `media/obs/${name}` }));
        expect(keys()).to.deep.equal([`media/obs/${name}`]);
      });
    }

    it('holds it to its size when Drive gives no md5, and says so', async () => {
      const bytes = bytesOf(100_000);
      expect(await storage.store(uploadOf(bytes, { md5: null }))).to.include({ verified: 'size' });
      expectStored(bytes);
    });

    for (const [md5, code] of [
      [md5Of(bytesOf(1000)), 'md5_mismatch'],
      [null, 'storage_busy'],
    ] as const) {
      it(`tries again when S3 received other bytes, ${md5 ? 'with' : 'without'} an md5`, async () => {
        inject(local.s3.service, PUT, [xmlError(400, 'BadDigest')]);
        const error = await refused(uploadOf(bytesOf(1000), { md5 }));
        expect(error).to.include({ code, retryable: true, status: 'failed' });
      });
    }
  });

  describe('given a larger file', () => {
    it('stores it in parts, each with a checksum, and compares the md5 before it completes them', async () => {
      const bytes = bytesOf(12 * MIB + 3);
      const checksums: (string | string[] | undefined)[] = [];
      inject(
        local.s3.service,
        PART,
        Array.from({ length: 3 }, () => (request): boolean => {
          checksums.push(request.headers['x-amz-checksum-crc32']);
          return false;
        }),
      );
      const { etag, ...stored } = await storage.store(uploadOf(bytes));
      expect(stored).to.include({ bytes: bytes.length, verified: 'md5' });
      expect(etag)
        .to.equal(local.s3.objects()[0]!.etag)
        .and.match(/^[0-9a-f]{32}-3$/);
      expectStored(bytes);
      expect(checksums).to.have.length(3);
      for (const checksum of checksums) expect(checksum).to.match(/^[\w+/]{6}==$/);
      expect(local.s3.uploads()).to.deep.equal([]);
      expect(local.warnings).to.deep.equal([]);
    });

    it('keeps the content type, and the ids by which the object is known again', async () => {
      await storage.store(uploadOf(bytesOf(6 * MIB), { contentType: 'video/mp4' }));
      const [object] = local.s3.objects();
      expect(object!.contentType).to.equal('video/mp4');
      expect(object!.headers).to.include({
        'x-amz-meta-drive-file-id': 'drive-file-1',
        'x-amz-meta-md5': object!.md5,
      });
    });

    it('does not depend on how the bytes are cut when they come', async () => {
      const bytes = bytesOf(11 * MIB);
      for (const pieceBytes of [1_000_003, PART_BYTES, 11 * MIB]) {
        const key = `media/obs/${pieceBytes}.mov`;
        await storage.store(uploadOf(bytes, { key, bytes: pieces(bytes, pieceBytes) }));
        expectStored(bytes, key);
      }
    });

    it('holds it to its size when Drive gives no md5, and says so', async () => {
      const bytes = bytesOf(12 * MIB);
      expect(await storage.store(uploadOf(bytes, { md5: null }))).to.include({ verified: 'size' });
      expectStored(bytes);
    });

    it('names the parts that it may not remove and the rule that does, once a run', async () => {
      const bytes = bytesOf(12 * MIB);
      await refused(uploadOf(bytes, { bytes: pieces(flipped(bytes, 0)) }));
      await refused(uploadOf(bytes, { bytes: pieces(flipped(bytes, 1)), key: 'media/obs-2/2.mov' }));
      expect(local.s3.uploads()).to.have.length(2);
      expect(local.warnings).to.have.length(1);
      expect(local.warnings[0])
        .to.include(KEY)
        .and.include('amplify-media')
        .and.include('lifecycle rule')
        .and.include('AbortIncompleteMultipartUpload');
    });

    it('removes the parts where the policy allows it, and says nothing', async () => {
      local.keys.current = local.credentials.issue({ role: 'root', lifetimeSeconds: 3600 });
      const bytes = bytesOf(12 * MIB);
      expect(await refused(uploadOf(bytes, { bytes: pieces(flipped(bytes, 0)) }))).to.include({
        code: 'md5_mismatch',
      });
      expect(local.s3.uploads()).to.deep.equal([]);
      expect(local.warnings).to.deep.equal([]);
    });
  });

  it('sends a streamed body once: what was read cannot be sent again', async () => {
    const patient = await local.connect({ backoff: { retries: 3, baseMs: 0, capMs: 0 } });
    inject(local.s3.service, PUT, times(9, xmlError(503, 'SlowDown')));
    const error = await rejection<FileError>(patient.store(uploadOf(bytesOf(100_000))));
    expect(error).to.include({ code: 'storage_busy', retryable: true });
    expect(local.requests('PutObject')).to.equal(1);
  });

  it('takes S3’s patience with a body that pauses for a temporary error', async () => {
    inject(local.s3.service, PUT, [xmlError(400, 'RequestTimeout')]);
    expect(await refused(uploadOf(bytesOf(1000)))).to.include({ code: 'storage_busy', retryable: true });
  });

  it('keeps no connection busy for uploads that failed on either side, or before they were read', async () => {
    const narrow = await local.connect({ connections: 1 });
    const bytes = bytesOf(4 * MIB);
    const early: Intercept = (_, response) => {
      response.writeHead(412, { 'content-type': 'application/xml' });
      response.end('<Error><Code>PreconditionFailed</Code><Message>x</Message></Error>');
      return true;
    };
    for (const size of [bytes.length, 8 * MIB]) {
      const broken = async function* () {
        yield bytes.subarray(0, 100_000);
        throw new FileError('download_broken', 'x', { retryable: true });
      };
      expect(
        (await rejection<FileError>(narrow.store(uploadOf(bytesOf(size), { bytes: broken() })))).code,
      ).to.equal('download_broken');
    }
    inject(local.s3.service, /^(PUT|HEAD) /, [early, answer(404, '')]);
    expect(await rejection<FileError>(narrow.store(uploadOf(bytes)))).to.include({ code: 'key_taken' });
    local.s3.service.intercept = null;
    await narrow.store(uploadOf(bytes));
    expectStored(bytes);
  });

  it('sends an empty file, and another one after it on the same connection', async () => {
    const narrow = await local.connect({ connections: 1 });
    for (const [key, size] of [
      ['media/a/1.jpg', 0],
      ['media/b/1.jpg', null],
    ] as const) {
      const empty = bytesOf(0);
      await narrow.store(uploadOf(empty, { key, size, bytes: pieces(empty) }));
      expectStored(empty, key);
    }
    await narrow.store(uploadOf(bytesOf(1000)));
    expectStored(bytesOf(1000));
  });

  describe('a key that is taken', () => {
    const putsOf = (upload: Upload) => async () => {
      const error = await refused(upload);
      expect(error).to.include({ code: 'key_taken', status: 'needs_review' });
      return (
        local.requests('PutObject') + local.requests('UploadPart') + local.requests('CreateMultipartUpload')
      );
    };

    it('costs no bytes of a large file, nor of one that was tried before', async () => {
      local.s3.put(KEY, bytesOf(10, 2));
      for (const [size, isRetry] of [
        [20 * MIB, false],
        [1000, true],
      ] as const) {
        const upload = uploadOf(bytesOf(size), {
          isRetry,
          open: () => expect.fail('the download was opened'),
        });
        expect(await putsOf(upload)()).to.equal(0);
      }
    });

    it('is no other key that begins like it', async () => {
      local.s3.put(`${KEY}.old`, bytesOf(10, 2));
      await storage.store(uploadOf(bytesOf(1000), { isRetry: true }));
      expectStored(bytesOf(1000));
    });

    it('is found out by S3 for a user who may not list', async () => {
      inject(local.s3.service, /^GET .*list-type/, [xmlError(403, 'AccessDenied')]);
      local.s3.put(KEY, bytesOf(1000));
      expect(await storage.store(uploadOf(bytesOf(1000), { isRetry: true }))).to.include({ verified: 'md5' });
    });
  });

  it('sends a part again that S3 was too busy for', async () => {
    const bytes = bytesOf(6 * MIB);
    const patient = await local.connect({ backoff: { retries: 1, baseMs: 0, capMs: 0 } });
    inject(local.s3.service, PART, [xmlError(503, 'SlowDown')]);
    await patient.store(uploadOf(bytes));
    expectStored(bytes);
  });

  it('tries a file again whose part was altered on the way to S3', async () => {
    const bytes = bytesOf(6 * MIB);
    inject(local.s3.service, PART, [xmlError(400, 'BadDigest')]);
    expect(await refused(uploadOf(bytes))).to.include({ retryable: true });
    nothingVisible();
  });

  it('stops reading a download whose parts S3 refuses', async () => {
    let read = 0;
    let isReading = true;
    const source = async function* (): AsyncGenerator<Buffer> {
      try {
        for (const chunk = bytesOf(65_536); read < 1000 * MIB; read += chunk.length) yield chunk;
      } finally {
        isReading = false;
      }
    };
    local.keys.current = local.credentials.issue({ role: 'guest', lifetimeSeconds: 3600 });
    await stopped(uploadOf(bytesOf(0), { bytes: source(), size: 1000 * MIB }));
    expect(read).to.be.below(30 * MIB);
    while (isReading) await new Promise(resolve => setImmediate(resolve));
  });

  describe('given a file of unknown size', () => {
    for (const size of [0, 1000, PART_BYTES, 12 * MIB]) {
      it(`stores its ${size} bytes and compares the md5`, async () => {
        const bytes = bytesOf(size);
        const stored = await storage.store(uploadOf(bytes, { size: null }));
        expect(stored).to.include({ bytes: size, verified: 'md5' });
        expectStored(bytes);
      });

      if (size > 0) {
        it(`shows nothing of ${size} bytes that are not Drive’s`, async () => {
          const bytes = bytesOf(size);
          const error = await refused(
            uploadOf(bytes, { size: null, bytes: pieces(flipped(bytes, size - 1)) }),
          );
          expect(error).to.include({ code: 'md5_mismatch', retryable: true });
          nothingVisible();
        });
      }
    }
  });

  for (const { way, size } of WAYS) {
    describe(`${way}`, () => {
      const bytes = bytesOf(size);
      const other = bytesOf(size, 2);

      for (const at of [0, size - 1]) {
        it(`shows nothing of a file with byte ${at} altered, and gives the two md5s`, async () => {
          const altered = flipped(bytes, at);
          const error = await refused(uploadOf(bytes, { bytes: pieces(altered) }));
          expect(error).to.be.instanceOf(FileError);
          expect(error).to.include({ code: 'md5_mismatch', retryable: true, status: 'failed' });
          expect(error.message).to.include(md5Of(bytes)).and.include(md5Of(altered));
          expect(error.message).to.match(/^1\.jpg \(drive-file-1\): /);
          nothingVisible();
          expect(local.requests('CompleteMultipartUpload')).to.equal(0);
        });
      }

      for (const md5 of [md5Of(bytes), null]) {
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

      it('gives the error of a download as it is', async () => {
        const broken = new FileError('download_broken', 'x', { retryable: true });
        const source = async function* (): AsyncGenerator<Buffer> {
          yield bytes.subarray(0, size - 10);
          throw broken;
        };
        expect(await refused(uploadOf(bytes, { bytes: source() }))).to.equal(broken);
        nothingVisible();
      });

      it('takes an object with the same bytes for this file’s, and does not touch it', async () => {
        const first = await storage.store(uploadOf(bytes));
        const [before] = local.s3.objects();
        const again = await storage.store(uploadOf(bytes));
        expect(again).to.include({ bytes: size, etag: before!.etag, verified: 'md5' });
        // HTTP dates have whole seconds.
        expect(Date.parse(again.storedAt!)).to.be.closeTo(Date.parse(first.storedAt!), 1000);
        expect(local.s3.objects().map(({ path }) => path)).to.deep.equal([before!.path]);
      });

      it('overwrites nobody: another object under the key is a matter for a person', async () => {
        local.s3.put(KEY, other);
        const error = await refused(uploadOf(bytes));
        expect(error).to.include({ code: 'key_taken', status: 'needs_review', retryable: false });
        expect(error.message).to.include(KEY).and.include(md5Of(other));
        expectStored(other);
      });

      it('takes an object of the same size but other bytes for another', async () => {
        await storage.store(uploadOf(other));
        expect(await refused(uploadOf(bytes))).to.include({ code: 'key_taken' });
        expectStored(other);
      });

      it('knows an object without md5 by file and size', async () => {
        await storage.store(uploadOf(bytes, { md5: null }));
        expect(await storage.store(uploadOf(bytes, { md5: null }))).to.include({ verified: 'size' });
        const stranger = uploadOf(bytes, { md5: null, fileId: 'drive-file-2' });
        expect(await refused(stranger)).to.include({ code: 'key_taken' });
        const longer = Buffer.concat([bytes, Buffer.of(0)]);
        expect(await refused(uploadOf(longer, { md5: null }))).to.include({ code: 'key_taken' });
      });

      it('leaves a key for a person whose object may not be looked at', async () => {
        local.s3.put(KEY, bytes);
        inject(local.s3.service, HEAD, [answer(403, '')]);
        expect(await refused(uploadOf(bytes))).to.include({ code: 'key_taken', status: 'needs_review' });
      });

      it('tries again when another upload to the key is just under way', async () => {
        const pattern = size > PART_BYTES ? COMPLETE : PUT;
        inject(local.s3.service, pattern, [xmlError(409, 'ConditionalRequestConflict')]);
        expect(await refused(uploadOf(bytes))).to.include({ retryable: true, status: 'failed' });
        await storage.store(uploadOf(bytes));
        expectStored(bytes);
      });

      it('hashes the bytes for S3 once only: the signature leaves them out', async () => {
        const payloads: (string | string[] | undefined)[] = [];
        inject(local.s3.service, size > PART_BYTES ? PART : PUT, [
          request => {
            payloads.push(request.headers['x-amz-content-sha256']);
            return false;
          },
        ]);
        await storage.store(uploadOf(bytes));
        expect(payloads).to.deep.equal(['UNSIGNED-PAYLOAD']);
      });

      it('gives up keys that S3 calls expired, so that the next attempt succeeds', async () => {
        const old = local.keys.current.accessKeyId;
        local.credentials.expire(old);
        const error = await refused(uploadOf(bytes));
        expect(error).to.include({ code: 'storage_keys_renewed', retryable: true, status: 'failed' });
        expect(local.dropped).to.deep.equal([old]);
        await storage.store(uploadOf(bytes));
        expectStored(bytes);
      });

      it('adopts what it stored when the answer was lost', async () => {
        inject(local.s3.service, size > PART_BYTES ? COMPLETE : PUT, [lostAnswer]);
        const error = await refused(uploadOf(bytes));
        expect(error).to.include({ code: 'storage_unreachable', retryable: true });
        expectStored(bytes);
        const stored = await storage.store(uploadOf(bytes));
        expect(stored).to.include({ bytes: size, etag: local.s3.objects()[0]!.etag, verified: 'md5' });
      });

      for (const [what, fault, code] of [
        ['is too busy', xmlError(503, 'SlowDown'), 'storage_busy'],
        ['fails', xmlError(500, 'InternalError'), 'storage_busy'],
        ['hangs up', reset, 'storage_unreachable'],
      ] as const) {
        it(`leaves the file for another attempt when S3 ${what}`, async () => {
          inject(local.s3.service, size > PART_BYTES ? PART : PUT, [fault]);
          const error = await refused(uploadOf(bytes));
          expect(error).to.include({ code, retryable: true, status: 'failed' });
          nothingVisible();
          await storage.store(uploadOf(bytes));
          expectStored(bytes);
        });
      }

      it('gives up a connection on which nothing moves', async () => {
        const hasty = await local.connect({ stallTimeoutMs: 60 });
        inject(local.s3.service, size > PART_BYTES ? COMPLETE : PUT, [silence]);
        const error = await rejection<FileError>(hasty.store(uploadOf(bytes)));
        expect(error).to.include({ code: 'storage_unreachable', retryable: true });
      });

      for (const role of ['authenticated', 'guest'] as const) {
        it(`stops the run for a user in the role ${role}, and says who may`, async () => {
          local.keys.current = local.credentials.issue({ role, lifetimeSeconds: 3600 });
          const error = await stopped(uploadOf(bytes));
          expect(error.code).to.equal('storage_access_denied');
          expect(error.message).to.include('amplify-media');
          expect(error.remedy).to.include('ADMINS');
        });
      }

      it('stops the run when the bucket does not exist', async () => {
        storage = await local.connect({ bucket: 'nowhere' });
        const error = await stopped(uploadOf(bytes));
        expect(error.code).to.equal('bucket_missing');
        expect(error.message).to.include('nowhere');
        expect(error.remedy).to.include('aws.amplify.storage_bucket');
      });

      it('stops the run when the bucket is in another region', async () => {
        storage = await local.connect({ region: 'eu-west-1' });
        const error = await stopped(uploadOf(bytes));
        expect(error.code).to.equal('wrong_region');
        expect(error.remedy).to.include('--storage-region');
      });

      it('stops the run when S3 does not know the keys', async () => {
        local.keys.current = { ...local.keys.current, accessKeyId: 'ASIAUNKNOWN' };
        expect((await stopped(uploadOf(bytes))).code).to.equal('storage_keys_refused');
      });

      it('stops the run when nobody has answered yet, and says where', async () => {
        const dead = await serve({ operationOf: () => '', handle: () => {} });
        await dead.close();
        process.env.AWS_ENDPOINT_URL_S3 = dead.url;
        const cut = await local.connect();
        const error = await rejection<FileError>(cut.store(uploadOf(bytes)));
        process.env.AWS_ENDPOINT_URL_S3 = local.s3.service.url;
        expect(error).to.be.instanceOf(RunError).and.include({ code: 'storage_unreachable' });
        expect(error.message).to.include('ECONNREFUSED').and.include(new URL(dead.url).port);
      });
    });
  }

  it('gives up keys that expire between the parts of a file', async () => {
    const bytes = bytesOf(12 * MIB);
    const old = local.keys.current.accessKeyId;
    inject(local.s3.service, PART, [
      () => false,
      () => {
        local.credentials.expire(old);
        return false;
      },
    ]);
    expect(await refused(uploadOf(bytes))).to.include({ code: 'storage_keys_renewed', retryable: true });
    nothingVisible();
    await storage.store(uploadOf(bytes));
    expectStored(bytes);
  });

  it('gives up keys that expire before it could look at what stands under the key', async () => {
    const bytes = bytesOf(1000);
    local.s3.put(KEY, bytes);
    inject(local.s3.service, HEAD, [
      () => {
        local.credentials.expire(local.keys.current.accessKeyId);
        return false;
      },
    ]);
    expect(await refused(uploadOf(bytes))).to.include({ code: 'storage_keys_renewed', retryable: true });
    expect(await storage.store(uploadOf(bytes))).to.include({ verified: 'md5' });
  });

  it('survives the lost answer of a completion that S3 gives again', async () => {
    await local.close();
    local = await localStorage({ repeatedComplete: 'answered again' });
    storage = await local.connect({ backoff: { retries: 1, baseMs: 0, capMs: 0 } });
    const bytes = bytesOf(12 * MIB);
    inject(local.s3.service, COMPLETE, [lostAnswer]);
    await storage.store(uploadOf(bytes));
    expectStored(bytes);
    expect(local.warnings).to.deep.equal([]);
  });

  it('comes to the same end when S3 has forgotten the upload after a lost answer', async () => {
    storage = await local.connect({ backoff: { retries: 1, baseMs: 0, capMs: 0 } });
    const bytes = bytesOf(12 * MIB);
    inject(local.s3.service, COMPLETE, [lostAnswer]);
    const attempt = () => storage.store(uploadOf(bytes));
    const stored = await attempt().catch(error => {
      expect(error).to.include({ retryable: true, status: 'failed' });
      return attempt();
    });
    expect(stored).to.include({ bytes: bytes.length, verified: 'md5' });
    expectStored(bytes);
    expect(keys()).to.have.length(1);
  });

  it('is not deceived by a completion that fails with status 200', async () => {
    inject(local.s3.service, COMPLETE, [xmlError(200, 'InternalError')]);
    const bytes = bytesOf(12 * MIB);
    expect(await refused(uploadOf(bytes))).to.include({ retryable: true, status: 'failed' });
    nothingVisible();
    await storage.store(uploadOf(bytes));
    expectStored(bytes);
  });

  it('stores many files at once, each under its own key with its own bytes', async () => {
    const files = Array.from({ length: 12 }, (_, i) => ({
      key: `media/obs-${i}/1.mov`,
      bytes: bytesOf(i % 3 === 0 ? 7 * MIB : 10_000, i + 1),
    }));
    await Promise.all(files.map(({ key, bytes }) => storage.store(uploadOf(bytes, { key }))));
    for (const { key, bytes } of files) expectStored(bytes, key);
  });

  it('gives the canonical URL of a key', () => {
    expect(storage.urlOf('media/a/1 (1).jpg')).to.equal(
      'https://amplify-media.s3.us-east-1.amazonaws.com/media/a/1%20%281%29.jpg',
    );
  });

  describe('in a process of its own', () => {
    const run = async (task: string): Promise<unknown> => {
      const script = fileURLToPath(new URL(`./upload-process${extname(import.meta.url)}`, import.meta.url));
      const { accessKeyId, secretAccessKey, sessionToken } = local.keys.current;
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, task], {
        env: {
          PATH: process.env.PATH,
          AWS_ENDPOINT_URL_S3: local.s3.service.url,
          AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
          UPLOAD: JSON.stringify({
            bucket: local.s3.bucket,
            keys: { accessKeyId, secretAccessKey, sessionToken },
          }),
        },
      });
      expect(stderr).to.equal('');
      return JSON.parse(stdout);
    };

    it('survives downloads that break, wherever they break', async () => {
      const outcomes = await run('broken-sources');
      expect(outcomes).to.deep.equal(Array.from({ length: 14 }, () => 'download_broken'));
      nothingVisible();
    });

    it('needs memory for some parts, not for the file', async () => {
      const grownMib = await run('memory');
      expect(local.s3.objects().at(0)!.size).to.equal(200 * MIB);
      expect(grownMib).to.be.below(100);
    });
  });
});

describe('the size of parts', () => {
  const TIB = 1024 * 1024 * MIB;
  for (const [size, configured, partBytes] of [
    [null, 8 * MIB, 8 * MIB],
    [0, 8 * MIB, 8 * MIB],
    [80_000 * MIB, 8 * MIB, 8 * MIB],
    [80_000 * MIB + 1, 8 * MIB, 9 * MIB],
    [5 * TIB, 8 * MIB, 525 * MIB],
    [5 * TIB, 1024 * MIB, 1024 * MIB],
  ] as const) {
    it(`is ${partBytes} for a file of ${size ?? 'unknown'} bytes, where ${configured} is configured`, () => {
      expect(partBytesFor(size, configured)).to.equal(partBytes);
      if (size) expect(Math.ceil(size / partBytes)).to.be.at.most(10_000);
    });
  }
});
