/** The headers of an upload: what of them S3 keeps, and what it would act on. */
import { createHash } from 'node:crypto';
import { S3Error } from './errors.ts';
import type { Metadata } from './object-store.ts';

const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
  'x-amz-storage-class',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
];

/** Accepting these and not acting on them would be a lie that a test could rely on. */
const NOT_IMPLEMENTED =
  /^x-amz-(object-lock-|server-side-encryption-customer|website-redirect|write-offset|tagging|grant-)/;

const MAX_KEY_BYTES = 1024;
const MAX_META_BYTES = 2048;

/** @throws S3Error `MetadataTooLarge`, `KeyTooLongError`, or `NotImplemented` for headers with a meaning that is missing here */
export function metadataOf(key: string, headers: ReadonlyMap<string, string>): Metadata {
  checkKey(key);
  const kept = new Map<string, string>();
  let metaBytes = 0;
  for (const [name, value] of headers) {
    if (NOT_IMPLEMENTED.test(name)) throw new S3Error('NotImplemented');
    if (name.startsWith('x-amz-meta-')) {
      metaBytes += name.length - 'x-amz-meta-'.length + value.length;
      kept.set(name, value);
    } else if (KEPT.includes(name)) kept.set(name, value);
  }
  const acl = headers.get('x-amz-acl') ?? '';
  if (!['', 'private', 'bucket-owner-full-control'].includes(acl)) {
    throw new S3Error('AccessControlListNotSupported');
  }
  if (metaBytes > MAX_META_BYTES) {
    throw new S3Error('MetadataTooLarge');
  }
  return { contentType: headers.get('content-type') ?? 'binary/octet-stream', kept };
}

/** The ETag of one PUT or part: the MD5, except under a KMS key ("Object", ETag, in the API reference). */
export function etagOf(md5: string, { kept }: Metadata): string {
  const isKms = kept.get('x-amz-server-side-encryption')?.startsWith('aws:');
  return isKms ? createHash('md5').update(`encrypted ${md5}`).digest('hex') : md5;
}

/** @throws S3Error `KeyTooLongError` */
export function checkKey(key: string): void {
  const size = Buffer.byteLength(key);
  if (size > MAX_KEY_BYTES) {
    throw new S3Error('KeyTooLongError');
  }
}

/** Further IAM actions that the headers of an upload ask for. */
export function extraActions(headers: ReadonlyMap<string, string>): string[] {
  const actions: string[] = [];
  if (headers.has('x-amz-tagging')) actions.push('s3:PutObjectTagging');
  if (headers.get('x-amz-acl')) actions.push('s3:PutObjectAcl');
  return actions;
}
