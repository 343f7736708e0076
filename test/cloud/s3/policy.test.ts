import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
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
import { CredentialStore, type Role } from './credentials.ts';
import { createS3, type S3Service } from './s3.ts';
import { refusal, sdkClient } from './sdk-client.ts';

const Bucket = 'photos';
const Key = 'media/a.jpg';
const denied = '403 AccessDenied';

describe('The policy of an Amplify project', () => {
  const credentials = new CredentialStore();
  let s3: S3Service;
  let clients: S3Client[] = [];

  const as = (role: Role): S3Client => {
    const client = sdkClient(s3, credentials.issue({ role, lifetimeSeconds: 3600 }));
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    s3 = await createS3({ bucket: Bucket, region: 'us-east-1', credentials });
    s3.put(Key, 'hello');
    s3.put('private/b.jpg', 'hello');
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    clients = [];
    await s3.service.close();
  });

  it('keeps admins out of everything else', async () => {
    const admin = as('admins');
    for (const other of ['private/b.jpg', 'mediaa', 'Media/x']) {
      expect(await refusal(admin.send(new PutObjectCommand({ Bucket, Key: other, Body: 'x' })))).to.equal(
        denied,
      );
      expect(await refusal(admin.send(new GetObjectCommand({ Bucket, Key: other })))).to.equal(denied);
      expect(await refusal(admin.send(new DeleteObjectCommand({ Bucket, Key: other })))).to.equal(denied);
    }
  });

  it('lets admins list only below media/', async () => {
    const admin = as('admins');
    const list = (Prefix?: string) => admin.send(new ListObjectsV2Command({ Bucket, Prefix }));
    for (const prefix of ['media/', 'media/a.jpg', 'media/none']) await list(prefix);
    for (const prefix of [undefined, '', 'media', 'private/']) {
      expect(await refusal(list(prefix)), String(prefix)).to.equal(denied);
    }
  });

  it('answers 403 for a key that does not exist, since the whole bucket may not be listed', async () => {
    const admin = as('admins');
    const missing = { Bucket, Key: 'media/none.jpg' };
    expect(await refusal(admin.send(new HeadObjectCommand(missing)))).to.match(/^403 /);
    expect(await refusal(admin.send(new GetObjectCommand(missing)))).to.equal(denied);
    expect(await refusal(as('root').send(new HeadObjectCommand(missing)))).to.match(/^404 /);
  });

  it('lets admins upload in parts, but not abort, list or look at them', async () => {
    const admin = as('admins');
    const upload = { Bucket, Key: 'media/big.mp4' };
    const { UploadId } = await admin.send(new CreateMultipartUploadCommand(upload));
    const part = await admin.send(
      new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'part' }),
    );
    expect(await refusal(admin.send(new AbortMultipartUploadCommand({ ...upload, UploadId })))).to.equal(
      denied,
    );
    expect(await refusal(admin.send(new ListPartsCommand({ ...upload, UploadId })))).to.equal(denied);
    expect(await refusal(admin.send(new ListMultipartUploadsCommand({ Bucket })))).to.equal(denied);
    expect(s3.uploads().length).to.equal(1);
    await admin.send(
      new CompleteMultipartUploadCommand({
        ...upload,
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32 }] },
      }),
    );
    expect(s3.read('media/big.mp4').toString()).to.equal('part');
  });

  it('grants admins neither tags nor attributes nor ACLs nor anything about buckets', async () => {
    const admin = as('admins');
    const calls = [
      () => admin.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [] } })),
      () => admin.send(new PutObjectCommand({ Bucket, Key, Body: 'x', Tagging: 'a=b' })),
      () => admin.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ACL: 'private' })),
      () => admin.send(new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['ETag'] })),
      () => admin.send(new ListBucketsCommand({})),
    ];
    for (const call of calls) expect(await refusal(call())).to.equal(denied);
    expect(await refusal(admin.send(new HeadBucketCommand({ Bucket })))).to.match(/^403 /);
    expect(s3.read(Key).toString()).to.equal('hello');
  });
});
