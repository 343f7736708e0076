/** S3's names for what a request asks for, from method, path and query (S3 API reference, "Actions"). */
import type { IncomingMessage } from 'node:http';

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

interface Address {
  /** Null when it is about the account (`GET /`). */
  readonly bucket: string | null;
  /** Null when it is about the bucket. */
  readonly key: string | null;
  /** Bare names such as `?uploads` have an empty value. */
  readonly query: URLSearchParams;
  /** By S3's own name, `Unknown` when there is none for this method and resource. */
  readonly operation: string;
}

/** In path style. */
export function addressOf({ method = '', url = '' }: IncomingMessage): Address {
  const [path = '', search] = url.split('?');
  // S3 reads a bare plus as a space, in paths too.
  const [, bucket, key] = /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(path.replaceAll('+', '%20'))) ?? [];
  const query = new URLSearchParams(search);
  if (!bucket) return { bucket: null, key: null, query, operation: 'ListBuckets' };
  const table = (key ? OBJECT : BUCKET)[method] ?? {};
  const found = Object.keys(table).find(name => name !== '' && query.has(name)) ?? '';
  return { bucket, key: key || null, query, operation: table[found] ?? 'Unknown' };
}
