import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { CredentialStore } from './credentials.ts';
import { createS3, type S3Service } from './s3.ts';
import { refusal, sdkClient } from './sdk-client.ts';

const Bucket = 'photos';

describe('The local S3, asked by the SDK', () => {
  const credentials = new CredentialStore();
  let s3: S3Service;
  let client: S3Client;

  const text = async (Key: string, more = {}) =>
    (await client.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body!.transformToString();
  const keys = async (more = {}) => {
    const page = await client.send(new ListObjectsV2Command({ Bucket, ...more }));
    return [...(page.Contents ?? []).map(o => o.Key), ...(page.CommonPrefixes ?? []).map(p => p.Prefix)];
  };

  beforeEach(async () => {
    s3 = await createS3({ bucket: Bucket, region: 'eu-central-1', credentials });
    client = sdkClient(s3, credentials.issueRoot());
  });
  afterEach(async () => {
    client.destroy();
    await s3.service.close();
  });

  it('keeps content type, metadata and the other headers', async () => {
    const put = await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'a',
        Body: 'hello',
        ContentType: 'image/jpeg',
        CacheControl: 'no-cache',
        Metadata: { origin: 'drive' },
      }),
    );
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'a', ChecksumMode: 'ENABLED' }));
    expect(head.ETag).to.equal(put.ETag);
    expect([head.ContentType, head.CacheControl, head.Metadata, head.ContentLength]).to.deep.equal([
      'image/jpeg',
      'no-cache',
      { origin: 'drive' },
      5,
    ]);
    expect(head.ChecksumCRC32).to.equal(put.ChecksumCRC32).and.not.equal(undefined);
    expect(s3.objects()[0]!.headers).to.deep.equal({
      'cache-control': 'no-cache',
      'x-amz-meta-origin': 'drive',
    });
  });

  it('accepts every checksum that it knows, refuses a wrong one, and a stream in chunks', async () => {
    const data = Buffer.alloc(200_000, 'abc');
    for (const ChecksumAlgorithm of ['CRC32', 'SHA256'] as const) {
      const put = { Bucket, Key: 'a', ContentLength: data.length, ChecksumAlgorithm };
      await client.send(new PutObjectCommand({ ...put, Body: data }));
      expect(s3.read('a').equals(data), ChecksumAlgorithm).to.equal(true);
      s3.remove('a');
      const stream = client.send(new PutObjectCommand({ ...put, Body: Readable.from([data]) }));
      expect(await refusal(stream)).to.equal('501 NotImplemented');
    }
    const wrong = [{ ChecksumCRC32: 'AAAAAA==' }, { ContentMD5: 'CY9rzUYh03PK3k6DJie09g==' }];
    for (const more of wrong) {
      const put = client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: data, ...more }));
      expect(await refusal(put)).to.equal('400 BadDigest');
    }
    expect(s3.objects()).to.deep.equal([]);
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
    const plain = sdkClient(s3, credentials.issueRoot(), { requestChecksumCalculation: 'WHEN_REQUIRED' });
    const put = new PutObjectCommand({ Bucket, Key: 'a', Body, ContentLength: 5_000_000 });
    await plain.send(put, { abortSignal: stop.signal }).catch(() => {});
    plain.destroy();
    expect(s3.objects()).to.deep.equal([]);
  });

  it('replaces an object, and only when a condition on the write holds', async () => {
    s3.put('a', 'one');
    const put = (more: object) =>
      client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'two', ...more }));
    expect(await refusal(put({ IfNoneMatch: '*' }))).to.equal('412 PreconditionFailed');
    expect(await refusal(put({ IfMatch: '"nope"' }))).to.equal('412 PreconditionFailed');
    await put({ IfMatch: `"${s3.objects()[0]!.etag}"` });
    expect(await text('a')).to.equal('two');
    expect(s3.objects().length).to.equal(1);
  });

  it('lets one of two conditional writes at the same time win', async () => {
    const put = () =>
      client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: Buffer.alloc(100_000), IfNoneMatch: '*' }));
    const results = await Promise.allSettled([put(), put(), put()]);
    expect(results.filter(result => result.status === 'fulfilled').length).to.equal(1);
  });

  it('keeps keys of any characters', async () => {
    const odd = ['a b', 'a+b', 'a%20b', 'é', '😀', 'a//b', 'x&y<z>', 'q\'u"o', 'dots/../x', '(1)!*~'];
    for (const Key of odd) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    expect(s3.objects().map(o => o.key)).to.have.members(odd);
    for (const Key of odd) expect(await text(Key)).to.equal(Key);
    expect(await keys()).to.have.members(odd);
    const coded = await client.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url', Prefix: 'a' }));
    expect(coded.Contents!.map(o => o.Key)).to.deep.equal(['a+b', 'a%2520b', 'a%2Bb', 'a//b']);
    expect(
      await refusal(client.send(new PutObjectCommand({ Bucket, Key: 'é'.repeat(513), Body: 'x' }))),
    ).to.equal('400 KeyTooLongError');
  });
});
