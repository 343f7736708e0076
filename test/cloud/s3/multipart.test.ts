import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { CredentialStore } from './credentials.ts';
import { createS3, type S3Options, type S3Service } from './s3.ts';
import { refusal, sdkClient } from './sdk-client.ts';

const Bucket = 'photos';
const Key = 'media/big film.mp4';
const MIB = 1024 * 1024;
const md5 = (data: Buffer) => createHash('md5').update(data);

/** Bytes that do not repeat, so that swapped parts are noticed. */
const noise = (size: number, seed: number): Buffer => {
  const out = Buffer.alloc(size);
  for (let i = 0, x = seed; i + 4 <= size; i += 4) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    out.writeInt32LE(x, i);
  }
  return out;
};

describe('The local S3, given a file in parts', () => {
  const credentials = new CredentialStore();
  const keys = credentials.issueRoot();
  const one = noise(5 * MIB, 1);
  const two = noise(5 * MIB + 7, 2);
  const last = noise(1000, 3);
  let s3: S3Service;
  let client: S3Client;

  const begin = async (options: Partial<S3Options> = {}) => {
    s3 = await createS3({ bucket: Bucket, region: 'us-east-1', credentials, ...options });
    client = sdkClient(s3, keys, { requestChecksumCalculation: 'WHEN_REQUIRED' });
  };
  const create = async (more: object = {}) =>
    (await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId!;
  const send = async (
    UploadId: string,
    PartNumber: number,
    Body: Buffer,
    more: object = {},
  ): Promise<CompletedPart> => {
    const { ETag, ChecksumCRC32 } = await client.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }),
    );
    return { PartNumber, ETag, ChecksumCRC32 };
  };
  const complete = (UploadId: string, Parts: CompletedPart[], more: object = {}) =>
    client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
    );

  beforeEach(() => begin());
  afterEach(async () => {
    client.destroy();
    await s3.service.close();
  });

  it('joins the parts in order of their numbers, whatever order they came in', async () => {
    const id = await create({ ContentType: 'video/mp4', Metadata: { a: 'b' } });
    const third = await send(id, 30, last);
    const second = await send(id, 2, two);
    const first = await send(id, 1, one);
    expect(s3.uploads()[0]!.parts.map(part => part.partNumber)).to.deep.equal([1, 2, 30]);
    expect(s3.objects()).to.deep.equal([]);
    const answer = await complete(id, [first, second, third]);
    const whole = Buffer.concat([one, two, last]);
    const etag = `${createHash('md5')
      .update(Buffer.concat([one, two, last].map(part => md5(part).digest())))
      .digest('hex')}-3`;
    const [object] = s3.objects();
    expect([answer.ETag, object!.etag]).to.deep.equal([`"${etag}"`, etag]);
    expect([object!.size, object!.contentType, object!.md5]).to.deep.equal([
      whole.length,
      'video/mp4',
      md5(whole).digest('hex'),
    ]);
    expect(s3.read(Key).equals(whole)).to.equal(true);
    expect(s3.uploads()).to.deep.equal([]);
    const range = { Range: `bytes=${one.length - 2}-${one.length + two.length + 1}` };
    const got = await client.send(new GetObjectCommand({ Bucket, Key, ...range }));
    const bytes = Buffer.from(await got.Body!.transformToByteArray());
    expect(bytes.equals(whole.subarray(one.length - 2, one.length + two.length + 2))).to.equal(true);
  });

  it('compares the ETags it is given', async () => {
    const id = await create();
    const first = await send(id, 1, one);
    const second = await send(id, 2, last);
    expect(await refusal(complete(id, [first, { ...second, ETag: first.ETag }]))).to.equal('400 InvalidPart');
    expect(await refusal(complete(id, [first, { ...second, PartNumber: 3 }]))).to.equal('400 InvalidPart');
    expect(await refusal(complete(id, [second, first]))).to.equal('400 InvalidPartOrder');
    expect(await refusal(complete(id, [first, first]))).to.equal('400 InvalidPartOrder');
    expect(await refusal(complete(id, []))).to.equal('400 MalformedXML');
    expect(await refusal(complete(id, [first, second], { MpuObjectSize: 5 }))).to.equal('400 InvalidRequest');
    await complete(id, [first, second]);
  });

  it('refuses a part under 5 MiB that is not the last', async () => {
    const id = await create();
    const parts = [await send(id, 1, noise(5 * MIB - 1, 4)), await send(id, 2, last)];
    expect(await refusal(complete(id, parts))).to.equal('400 EntityTooSmall');
    expect(s3.objects()).to.deep.equal([]);
    await complete(id, parts.slice(1));
  });

  it('compares a part with its MD5 and its checksum', async () => {
    const id = await create({ ChecksumAlgorithm: 'CRC32' });
    const wrong = { ContentMD5: md5(one).digest('base64'), ChecksumAlgorithm: 'CRC32' };
    expect(await refusal(send(id, 1, last, wrong))).to.equal('400 BadDigest');
    expect(await refusal(send(id, 1, last, { ChecksumCRC32: 'AAAAAA==' }))).to.equal('400 BadDigest');
    expect(await refusal(send(id, 1, last, { ChecksumAlgorithm: 'SHA256' }))).to.equal('400 InvalidRequest');
    expect(await refusal(send(id, 1, last))).to.equal('400 InvalidRequest');
    expect(s3.uploads()[0]!.parts).to.deep.equal([]);
  });

  it('compares the checksums in the list of parts', async () => {
    const ChecksumAlgorithm = 'CRC32';
    const id = await create({ ChecksumAlgorithm });
    const first = await send(id, 1, one, { ChecksumAlgorithm });
    const second = await send(id, 2, last, { ChecksumAlgorithm });
    const { ChecksumCRC32: _, ...bare } = second;
    expect(await refusal(complete(id, [first, bare]))).to.equal('400 InvalidRequest');
    const swapped = { ...second, ChecksumCRC32: first.ChecksumCRC32 };
    expect(await refusal(complete(id, [first, swapped]))).to.equal('400 InvalidPart');
    const claimed = { ChecksumCRC32: second.ChecksumCRC32 };
    expect(await refusal(complete(id, [first, second], claimed))).to.equal('400 BadDigest');
    const answer = await complete(id, [first, second]);
    expect(answer.ChecksumCRC32).to.match(/^[^-]+-2$/);
    const read = await client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect((await read.Body!.transformToByteArray()).length).to.equal(one.length + last.length);
  });

  it('knows no upload that was aborted, completed or is for another key', async () => {
    const id = await create();
    const part = await send(id, 1, last);
    const other = new UploadPartCommand({ Bucket, Key: 'other', UploadId: id, PartNumber: 1, Body: last });
    expect(await refusal(client.send(other))).to.equal('404 NoSuchUpload');
    await complete(id, [part]);
    expect(await refusal(complete(id, [part]))).to.equal('404 NoSuchUpload');
    const second = await create();
    await send(second, 1, last);
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: second }));
    expect(await refusal(send(second, 2, last))).to.equal('404 NoSuchUpload');
  });

  it('answers a repeated completion again when told to', async () => {
    await s3.service.close();
    client.destroy();
    await begin({ repeatedComplete: 'answered again' });
    const id = await create();
    const part = await send(id, 1, last);
    expect((await complete(id, [part])).ETag).to.equal((await complete(id, [part])).ETag);
  });
});
