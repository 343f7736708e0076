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
import { contentOf } from '../drive/content.ts';
import { Bucket, refusal, useS3 } from './sdk-client.ts';

const Key = 'media/big film.mp4';
const MIB = 1024 * 1024;
const md5 = (data: Buffer) => createHash('md5').update(data);
const noise = (size: number, seed: number) => contentOf({ size, seed }).bytes();

describe('The local S3, given a file in parts', () => {
  const one = noise(5 * MIB, 1);
  const two = noise(5 * MIB + 7, 2);
  const last = noise(1000, 3);
  const at = useS3();
  let client: S3Client;
  beforeEach(() => {
    client = at.client(undefined, { requestChecksumCalculation: 'WHEN_REQUIRED' });
  });

  const create = async (more: object = {}) =>
    (await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId!;
  const send = async (
    UploadId: string,
    PartNumber: number,
    Body: Buffer,
    more: object = {},
  ): Promise<CompletedPart> => {
    const part = { Bucket, Key, UploadId, PartNumber, Body, ...more };
    const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand(part));
    return { PartNumber, ETag, ChecksumCRC32 };
  };
  const complete = (UploadId: string, Parts: CompletedPart[], more: object = {}) => {
    const parts = { Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more };
    return client.send(new CompleteMultipartUploadCommand(parts));
  };

  it('joins the parts in order of their numbers, whatever order they came in', async () => {
    const id = await create({ ContentType: 'video/mp4', Metadata: { a: 'b' } });
    const third = await send(id, 30, last);
    const second = await send(id, 2, two);
    const first = await send(id, 1, one);
    expect([...at.s3.uploads()[0]!.parts.keys()]).to.have.members([1, 2, 30]);
    expect(at.s3.objects()).to.deep.equal([]);
    const answer = await complete(id, [first, second, third]);
    const whole = Buffer.concat([one, two, last]);
    const etag = `${createHash('md5')
      .update(Buffer.concat([one, two, last].map(part => md5(part).digest())))
      .digest('hex')}-3`;
    const [object] = at.s3.objects();
    expect([answer.ETag, object!.etag]).to.deep.equal([`"${etag}"`, etag]);
    expect([object!.size, object!.contentType, object!.md5]).to.deep.equal([
      whole.length,
      'video/mp4',
      md5(whole).digest('hex'),
    ]);
    expect(at.s3.read(Key).equals(whole)).to.equal(true);
    expect(at.s3.uploads()).to.deep.equal([]);
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
    // As rclone writes quotes.
    client.middlewareStack.add(
      next => args => {
        const request = args.request as { body?: unknown };
        if (typeof request.body === 'string') request.body = request.body.replaceAll('&quot;', '&#34;');
        return next(args);
      },
      { step: 'build', priority: 'high' },
    );
    await complete(id, [first, second]);
  });

  it('refuses a part under 5 MiB that is not the last', async () => {
    const id = await create();
    const parts = [await send(id, 1, noise(5 * MIB - 1, 4)), await send(id, 2, last)];
    expect(await refusal(complete(id, parts))).to.equal('400 EntityTooSmall');
    expect(at.s3.objects()).to.deep.equal([]);
    await complete(id, parts.slice(1));
  });

  it('compares a part with its MD5 and its checksum', async () => {
    const id = await create({ ChecksumAlgorithm: 'CRC32' });
    const wrong = { ContentMD5: md5(one).digest('base64'), ChecksumAlgorithm: 'CRC32' };
    expect(await refusal(send(id, 1, last, wrong))).to.equal('400 BadDigest');
    expect(await refusal(send(id, 1, last, { ChecksumCRC32: 'AAAAAA==' }))).to.equal('400 BadDigest');
    expect(await refusal(send(id, 1, last, { ChecksumAlgorithm: 'SHA256' }))).to.equal('400 InvalidRequest');
    expect(await refusal(send(id, 1, last))).to.equal('400 InvalidRequest');
    expect(at.s3.uploads()[0]!.parts.size).to.equal(0);
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
});
