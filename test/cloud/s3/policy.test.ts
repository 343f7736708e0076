import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { Bucket, refusal, useS3 } from './sdk-client.ts';

const Key = 'media/a.jpg';
const denied = '403 AccessDenied';

describe('The policy of an Amplify project', () => {
  const at = useS3();
  let admin: S3Client;
  beforeEach(() => {
    admin = at.as('admins');
    at.s3.put(Key, 'hello');
    at.s3.put('private/b.jpg', 'hello');
  });

  it('keeps admins out of everything else', async () => {
    for (const other of ['private/b.jpg', 'mediaa', 'Media/x'])
      for (const call of [
        admin.send(new PutObjectCommand({ Bucket, Key: other, Body: 'x' })),
        admin.send(new GetObjectCommand({ Bucket, Key: other })),
        admin.send(new DeleteObjectCommand({ Bucket, Key: other })),
      ])
        expect(await refusal(call)).to.equal(denied);
  });

  it('lets admins list only below media/', async () => {
    const list = (Prefix?: string) => admin.send(new ListObjectsV2Command({ Bucket, Prefix }));
    for (const prefix of ['media/', 'media/a.jpg', 'media/none']) await list(prefix);
    for (const prefix of [undefined, '', 'media', 'private/'])
      expect(await refusal(list(prefix)), String(prefix)).to.equal(denied);
  });

  it('answers 403 for a key that does not exist, since the whole bucket may not be listed', async () => {
    const missing = { Bucket, Key: 'media/none.jpg' };
    expect(await refusal(admin.send(new HeadObjectCommand(missing)))).to.match(/^403 /);
    expect(await refusal(admin.send(new GetObjectCommand(missing)))).to.equal(denied);
    expect(await refusal(at.as('root').send(new HeadObjectCommand(missing)))).to.match(/^404 /);
  });

  it('lets admins upload in parts, but not abort, list or look at them', async () => {
    const upload = { Bucket, Key: 'media/big.mp4' };
    const { UploadId } = await admin.send(new CreateMultipartUploadCommand(upload));
    const part = { ...upload, UploadId, PartNumber: 1 };
    const { ETag, ChecksumCRC32 } = await admin.send(new UploadPartCommand({ ...part, Body: 'part' }));
    for (const call of [
      admin.send(new AbortMultipartUploadCommand({ ...upload, UploadId })),
      admin.send(new ListPartsCommand({ ...upload, UploadId })),
      admin.send(new ListMultipartUploadsCommand({ Bucket })),
    ])
      expect(await refusal(call)).to.equal(denied);
    expect(at.s3.uploads().length).to.equal(1);
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag, ChecksumCRC32 }] };
    await admin.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }));
    expect(at.s3.read('media/big.mp4').toString()).to.equal('part');
  });

  it('grants admins neither tags nor ACLs nor anything about buckets', async () => {
    for (const call of [
      admin.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [] } })),
      admin.send(new PutObjectCommand({ Bucket, Key, Body: 'x', Tagging: 'a=b' })),
      admin.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ACL: 'private' })),
      admin.send(new ListBucketsCommand({})),
    ])
      expect(await refusal(call)).to.equal(denied);
    expect(await refusal(admin.send(new HeadBucketCommand({ Bucket })))).to.match(/^403 /);
    expect(at.s3.read(Key).toString()).to.equal('hello');
  });
});
