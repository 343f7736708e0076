import { execFile } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { FileError, RunError } from '../../../stages/errors.ts';
import type { Intercept } from '../../cloud/service.ts';
import { rejection } from '../../config/scratch.ts';
import { answer, inject, lostAnswer, reset, s3Refusal, silence, times } from '../../faults.ts';
import { bytesOf, MIB, PART_BYTES, pieces, REQUESTS, uploadOf, useStorage, WAYS } from './local-storage.ts';

describe('the store, when S3 or the download fails', () => {
  const { at, refused, expectStored, nothingVisible } = useStorage();

  const stops: [what: string, prepare: () => Promise<unknown> | unknown, expected: Record<string, string>][] =
    [
      [
        'the user is not in ADMINS',
        () => {
          at.local.keys.current = at.local.credentials.issue({ role: 'guest', lifetimeSeconds: 3600 });
        },
        { code: 'storage_access_denied', says: 'amplify-media', remedy: 'ADMINS' },
      ],
      [
        'the bucket does not exist',
        () => at.connect({ bucket: 'nowhere' }),
        { code: 'bucket_missing', says: 'nowhere', remedy: 'aws.amplify.storage_bucket' },
      ],
      [
        'the bucket is in another region',
        () => at.connect({ region: 'eu-west-1' }),
        { code: 'wrong_region', says: 'amplify-media', remedy: '--storage-region' },
      ],
      [
        'S3 does not know the keys',
        () => {
          at.local.keys.current = { ...at.local.keys.current, accessKeyId: 'ASIAUNKNOWN' };
        },
        { code: 'storage_keys_refused', says: 'amplify-media', remedy: 'identity_pool_id' },
      ],
      [
        'S3 has never responded',
        async () => {
          await at.local.s3.service.close();
          await at.connect();
        },
        { code: 'storage_unreachable', says: 'ECONNREFUSED', remedy: 'AWS_ENDPOINT_URL_S3' },
      ],
    ];
  for (const [what, prepare, { code, says, remedy }] of stops) {
    for (const { way, size } of WAYS) {
      it(`stops the run when ${what}, ${way}`, async () => {
        await prepare();
        const error = await rejection<RunError>(at.storage.store(uploadOf(bytesOf(size))));
        expect(error).to.be.instanceOf(RunError).and.include({ code });
        expect(error.message).to.include(says);
        expect(error.remedy).to.include(remedy);
      });
    }
  }

  it('sends a streamed body once: what was read cannot be sent again', async () => {
    const patient = await at.connect({ backoff: { retries: 3, baseMs: 0, capMs: 0 } });
    inject(at.local.s3.service, REQUESTS.put, times(9, s3Refusal(503, 'SlowDown')));
    const error = await rejection<FileError>(patient.store(uploadOf(bytesOf(100_000))));
    expect(error).to.include({ code: 'storage_busy', retryable: true });
    expect(at.local.requests('PutObject')).to.equal(1);
  });

  it('keeps no connection busy for uploads that failed on either side, or before they were read', async () => {
    const narrow = await at.connect({ connections: 1 });
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
    inject(at.local.s3.service, /^(PUT|HEAD) /, [early, answer(404, '')]);
    expect(await rejection<FileError>(narrow.store(uploadOf(bytes)))).to.include({ code: 'key_taken' });
    at.local.s3.service.intercept = null;
    await narrow.store(uploadOf(bytes));
    expectStored(bytes);
  });

  it('sends an empty file, and another one after it on the same connection', async () => {
    const narrow = await at.connect({ connections: 1 });
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
    at.local.keys.current = at.local.credentials.issue({ role: 'guest', lifetimeSeconds: 3600 });
    await rejection(at.storage.store(uploadOf(bytesOf(0), { bytes: source(), size: 1000 * MIB })));
    expect(read).to.be.below(30 * MIB);
    while (isReading) await new Promise(resolve => setImmediate(resolve));
  });

  it('gives up keys that expire between the parts of a file', async () => {
    const bytes = bytesOf(12 * MIB);
    const old = at.local.keys.current.accessKeyId;
    inject(at.local.s3.service, REQUESTS.part, [
      () => false,
      () => {
        at.local.credentials.expire(old);
        return false;
      },
    ]);
    expect(await refused(uploadOf(bytes))).to.include({ code: 'storage_keys_renewed', retryable: true });
    nothingVisible();
    await at.storage.store(uploadOf(bytes));
    expectStored(bytes);
  });

  it('comes to the same end when S3 has forgotten the upload after a lost answer', async () => {
    await at.connect({ backoff: { retries: 1, baseMs: 0, capMs: 0 } });
    const bytes = bytesOf(12 * MIB);
    inject(at.local.s3.service, REQUESTS.complete, [lostAnswer]);
    const attempt = () => at.storage.store(uploadOf(bytes));
    const stored = await attempt().catch(error => {
      expect(error).to.include({ retryable: true, status: 'failed' });
      return attempt();
    });
    expect(stored).to.include({ bytes: bytes.length, verified: 'md5' });
    expectStored(bytes);
    expect(at.local.s3.objects().map(({ key }) => key)).to.have.length(1);
  });

  describe('in a process of its own', () => {
    const run = async (task: string): Promise<unknown> => {
      const script = fileURLToPath(new URL(`./upload-process${extname(import.meta.url)}`, import.meta.url));
      const { accessKeyId, secretAccessKey, sessionToken } = at.local.keys.current;
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, task], {
        env: {
          PATH: process.env.PATH,
          AWS_ENDPOINT_URL_S3: at.local.s3.service.url,
          AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
          UPLOAD: JSON.stringify({
            bucket: at.local.s3.bucket,
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
      expect(at.local.s3.objects().at(0)!.size).to.equal(200 * MIB);
      expect(grownMib).to.be.below(100);
    });
  });

  for (const { way, size } of WAYS) {
    describe(way, () => {
      const bytes = bytesOf(size);

      it('gives the error of a download as it is', async () => {
        const broken = new FileError('download_broken', 'x', { retryable: true });
        const source = async function* (): AsyncGenerator<Buffer> {
          yield bytes.subarray(0, size - 10);
          throw broken;
        };
        expect(await refused(uploadOf(bytes, { bytes: source() }))).to.equal(broken);
        nothingVisible();
      });

      it('tries again when another upload to the key is just under way', async () => {
        const pattern = size > PART_BYTES ? REQUESTS.complete : REQUESTS.put;
        inject(at.local.s3.service, pattern, [s3Refusal(409, 'ConditionalRequestConflict')]);
        expect(await refused(uploadOf(bytes))).to.include({ retryable: true, status: 'failed' });
        await at.storage.store(uploadOf(bytes));
        expectStored(bytes);
      });

      it('gives up keys that S3 calls expired, so that the next attempt succeeds', async () => {
        const old = at.local.keys.current.accessKeyId;
        at.local.credentials.expire(old);
        const error = await refused(uploadOf(bytes));
        expect(error).to.include({ code: 'storage_keys_renewed', retryable: true, status: 'failed' });
        expect(at.local.dropped).to.deep.equal([old]);
        await at.storage.store(uploadOf(bytes));
        expectStored(bytes);
      });

      it('adopts what it stored when the answer was lost', async () => {
        inject(at.local.s3.service, size > PART_BYTES ? REQUESTS.complete : REQUESTS.put, [lostAnswer]);
        const error = await refused(uploadOf(bytes));
        expect(error).to.include({ code: 'storage_unreachable', retryable: true });
        expectStored(bytes);
        const stored = await at.storage.store(uploadOf(bytes));
        expect(stored).to.include({ bytes: size, etag: at.local.s3.objects()[0]!.etag, verified: 'md5' });
      });

      for (const [what, fault, code] of [
        ['is too busy', s3Refusal(503, 'SlowDown'), 'storage_busy'],
        ['fails', s3Refusal(500, 'InternalError'), 'storage_busy'],
        ['hangs up', reset, 'storage_unreachable'],
      ] as const) {
        it(`leaves the file for another attempt when S3 ${what}`, async () => {
          inject(at.local.s3.service, size > PART_BYTES ? REQUESTS.part : REQUESTS.put, [fault]);
          const error = await refused(uploadOf(bytes));
          expect(error).to.include({ code, retryable: true, status: 'failed' });
          nothingVisible();
          await at.storage.store(uploadOf(bytes));
          expectStored(bytes);
        });
      }

      it('gives up a connection on which nothing moves', async () => {
        const hasty = await at.connect({ stallTimeoutMs: 60 });
        inject(at.local.s3.service, size > PART_BYTES ? REQUESTS.complete : REQUESTS.put, [silence]);
        const error = await rejection<FileError>(hasty.store(uploadOf(bytes)));
        expect(error).to.include({ code: 'storage_unreachable', retryable: true });
      });
    });
  }
});
