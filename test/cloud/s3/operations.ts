/** S3's names for what a request asks for, from method, path and query (S3 API reference, "Actions"). */
import type { Address } from './address.ts';

type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';

/** Query names that turn a request into another operation; the first that is present counts. */
const OBJECT: Record<Method, Record<string, string>> = {
  GET: {
    uploadId: 'ListParts',
    acl: 'GetObjectAcl',
    attributes: 'GetObjectAttributes',
    'legal-hold': 'GetObjectLegalHold',
    retention: 'GetObjectRetention',
    tagging: 'GetObjectTagging',
    torrent: 'GetObjectTorrent',
    '': 'GetObject',
  },
  HEAD: { '': 'HeadObject' },
  PUT: {
    partNumber: 'UploadPart',
    uploadId: 'UploadPart',
    acl: 'PutObjectAcl',
    'legal-hold': 'PutObjectLegalHold',
    renameObject: 'RenameObject',
    retention: 'PutObjectRetention',
    tagging: 'PutObjectTagging',
    '': 'PutObject',
  },
  POST: {
    uploads: 'CreateMultipartUpload',
    uploadId: 'CompleteMultipartUpload',
    restore: 'RestoreObject',
    select: 'SelectObjectContent',
  },
  DELETE: { uploadId: 'AbortMultipartUpload', tagging: 'DeleteObjectTagging', '': 'DeleteObject' },
};

const BUCKET: Record<Method, Record<string, string>> = {
  GET: {
    'list-type': 'ListObjectsV2',
    accelerate: 'GetBucketAccelerateConfiguration',
    acl: 'GetBucketAcl',
    cors: 'GetBucketCors',
    encryption: 'GetBucketEncryption',
    lifecycle: 'GetBucketLifecycleConfiguration',
    location: 'GetBucketLocation',
    logging: 'GetBucketLogging',
    notification: 'GetBucketNotificationConfiguration',
    'object-lock': 'GetObjectLockConfiguration',
    ownershipControls: 'GetBucketOwnershipControls',
    policy: 'GetBucketPolicy',
    policyStatus: 'GetBucketPolicyStatus',
    publicAccessBlock: 'GetPublicAccessBlock',
    replication: 'GetBucketReplication',
    requestPayment: 'GetBucketRequestPayment',
    tagging: 'GetBucketTagging',
    uploads: 'ListMultipartUploads',
    versioning: 'GetBucketVersioning',
    versions: 'ListObjectVersions',
    website: 'GetBucketWebsite',
    '': 'ListObjects',
  },
  HEAD: { '': 'HeadBucket' },
  PUT: {
    acl: 'PutBucketAcl',
    cors: 'PutBucketCors',
    lifecycle: 'PutBucketLifecycleConfiguration',
    policy: 'PutBucketPolicy',
    tagging: 'PutBucketTagging',
    versioning: 'PutBucketVersioning',
    '': 'CreateBucket',
  },
  POST: { delete: 'DeleteObjects' },
  DELETE: {
    cors: 'DeleteBucketCors',
    lifecycle: 'DeleteBucketLifecycle',
    policy: 'DeleteBucketPolicy',
    tagging: 'DeleteBucketTagging',
    '': 'DeleteBucket',
  },
};

/** The operation by S3's own name, `Unknown` when there is none for this method and resource. */
export function operationName(method: string, address: Address, copies: boolean): string {
  if (address.bucket === null) return method === 'GET' ? 'ListBuckets' : 'Unknown';
  const table = (address.key === null ? BUCKET : OBJECT)[method as Method];
  if (!table) return 'Unknown';
  const found = Object.keys(table).find(name => name !== '' && address.query.has(name)) ?? '';
  const name = table[found] ?? 'Unknown';
  if (copies && name === 'PutObject') return 'CopyObject';
  if (copies && name === 'UploadPart') return 'UploadPartCopy';
  return name;
}
