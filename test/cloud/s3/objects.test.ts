import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { Bucket, refusal, useS3 } from './sdk-client.ts';

describe('The local S3, asked by the SDK', () => {
  const at = useS3();
  let client: S3Client;
  beforeEach(() => {
    client = at.client();
  });
  const put = (more: Partial<PutObjectCommandInput> = {}) =>
    client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'two', ...more }));

  it('keeps content type, metadata and the other headers', async () => {
    const headers = { ContentType: 'image/jpeg', CacheControl: 'no-cache', Metadata: { origin: 'drive' } };
    const { ETag, ChecksumCRC32 } = await put(headers);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'a', ChecksumMode: 'ENABLED' }));
    expect(head).to.deep.include({ ...headers, ETag, ChecksumCRC32, ContentLength: 3 });
    expect(ChecksumCRC32).not.to.equal(undefined);
    expect(at.s3.objects()[0]!.headers).to.deep.equal({
      'cache-control': 'no-cache',
      'x-amz-meta-origin': 'drive',
    });
  });

  it('accepts every checksum that it knows, refuses a wrong one, and a stream in chunks', async () => {
    const Body = Buffer.alloc(200_000, 'abc');
    for (const ChecksumAlgorithm of ['CRC32', 'SHA256'] as const) {
      await put({ Body, ChecksumAlgorithm });
      expect(at.s3.read('a').equals(Body), ChecksumAlgorithm).to.equal(true);
      at.s3.remove('a');
      const stream = { Body: Readable.from([Body]), ContentLength: Body.length, ChecksumAlgorithm };
      expect(await refusal(put(stream))).to.equal('501 NotImplemented');
    }
    for (const wrong of [{ ChecksumCRC32: 'AAAAAA==' }, { ContentMD5: 'CY9rzUYh03PK3k6DJie09g==' }])
      expect(await refusal(put({ Body, ...wrong }))).to.equal('400 BadDigest');
    expect(at.s3.objects()).to.deep.equal([]);
  });

  it('shows nothing of a body that broke off', async () => {
    const stop = new AbortController();
    const Body = Readable.from(
      (async function* () {
        yield Buffer.alloc(3_000_000);
        stop.abort();
        yield Buffer.alloc(2_000_000);
      })(),
    );
    const plain = at.client(undefined, { requestChecksumCalculation: 'WHEN_REQUIRED' });
    const command = new PutObjectCommand({ Bucket, Key: 'a', Body, ContentLength: 5_000_000 });
    await plain.send(command, { abortSignal: stop.signal }).catch(() => {});
    expect(at.s3.objects()).to.deep.equal([]);
  });

  it('replaces an object, and only when a condition on the write holds', async () => {
    at.s3.put('a', 'one');
    for (const condition of [{ IfNoneMatch: '*' }, { IfMatch: '"nope"' }])
      expect(await refusal(put(condition))).to.equal('412 PreconditionFailed');
    await put({ IfMatch: `"${at.s3.objects()[0]!.etag}"` });
    expect(at.s3.read('a').toString()).to.equal('two');
    expect(at.s3.objects().length).to.equal(1);
  });

  it('lets one of two conditional writes at the same time win', async () => {
    const writes = [1, 2, 3].map(() => put({ Body: Buffer.alloc(100_000), IfNoneMatch: '*' }));
    const results = await Promise.allSettled(writes);
    expect(results.filter(result => result.status === 'fulfilled').length).to.equal(1);
  });

  it('keeps keys of any characters', async () => {
    const odd = ['a b', 'a+b', 'a%20b', 'é', '😀', 'a//b', 'x&y<z>', 'q\'u"o', 'dots/../x', '(1)!*~'];
    for (const Key of odd) await put({ Key, Body: Key });
    expect(at.s3.objects().map(({ key }) => key)).to.have.members(odd);
    for (const Key of odd) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      expect(await Body!.transformToString()).to.equal(Key);
    }
    const listed = async (more: object) =>
      (await client.send(new ListObjectsV2Command({ Bucket, ...more }))).Contents!.map(({ Key }) => Key);
    expect(await listed({})).to.have.members(odd);
    const coded = await listed({ EncodingType: 'url', Prefix: 'a' });
    expect(coded).to.deep.equal(['a+b', 'a%2520b', 'a%2Bb', 'a//b']);
    expect(await refusal(put({ Key: 'é'.repeat(513) }))).to.equal('400 KeyTooLongError');
  });
});
