/** S3's names for what a request asks for, from method, path and query (S3 API reference, "Actions"). */
import type { Address } from './address.ts';

/** By method: query names that turn a request into another operation; the first that is present counts. */
const OBJECT: Record<string, Record<string, string>> = {
  GET: {
    uploadId: 'ListParts',
    attributes: 'GetObjectAttributes',
    tagging: 'GetObjectTagging',
    '': 'GetObject',
  },
  HEAD: { '': 'HeadObject' },
  PUT: {
    partNumber: 'UploadPart',
    uploadId: 'UploadPart',
    acl: 'PutObjectAcl',
    tagging: 'PutObjectTagging',
    '': 'PutObject',
  },
  POST: { uploads: 'CreateMultipartUpload', uploadId: 'CompleteMultipartUpload' },
  DELETE: { uploadId: 'AbortMultipartUpload', tagging: 'DeleteObjectTagging', '': 'DeleteObject' },
};

const BUCKET: Record<string, Record<string, string>> = {
  GET: { 'list-type': 'ListObjectsV2', uploads: 'ListMultipartUploads', '': 'ListObjects' },
  HEAD: { '': 'HeadBucket' },
  PUT: { '': 'CreateBucket' },
  POST: { delete: 'DeleteObjects' },
  DELETE: { '': 'DeleteBucket' },
};

/** The operation by S3's own name, `Unknown` when there is none for this method and resource. */
export function operationName(method: string, address: Address): string {
  if (address.bucket === null) return method === 'GET' ? 'ListBuckets' : 'Unknown';
  const table = (address.key === null ? BUCKET : OBJECT)[method];
  if (!table) return 'Unknown';
  const found = Object.keys(table).find(name => name !== '' && address.query.has(name)) ?? '';
  return table[found] ?? 'Unknown';
}
