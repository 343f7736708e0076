/**
 * The local S3: one bucket on a loopback port, with the checks of the real one. A request goes through them in this order:
 * address, signature and clock, bucket, policy, the operation's own rules, and last the body, which is compared with
 * everything that was said about it before it becomes visible.
 *
 * What it does not have answers `NotImplemented`: copies, lists of uploads, versions, tags, ACLs, other buckets, chunks,
 * checksums other than CRC32 and SHA256. It computes no checksum that the client did not ask for.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Service, serve } from '../service.ts';
import { addressOf } from './address.ts';
import { smallBody } from './body.ts';
import { completeMultipartUpload } from './complete-upload.ts';
import { Content } from './content.ts';
import type { CredentialStore } from './credentials.ts';
import { ClientGone, S3Error } from './errors.ts';
import { type Bucket, type Exchange, sendEmpty, sendError, sendXml } from './exchange.ts';
import { listObjects } from './listing.ts';
import { extraActions } from './metadata.ts';
import { abortMultipartUpload, createMultipartUpload, uploadPart } from './multipart.ts';
import { ObjectStore } from './object-store.ts';
import { deleteObject, getObject, putObject } from './objects.ts';
import { operationName } from './operations.ts';
import { actionOf, allows } from './policy.ts';
import { authenticate } from './sigv4.ts';

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  readonly credentials: CredentialStore;
  /** Where the bytes lie; left in place on close. By default a new folder that is removed on close. */
  readonly folder?: string;
  readonly port?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /**
   * What a second CompleteMultipartUpload gets, as after a lost answer: `NoSuchUpload`, as the API reference says and the
   * default here, or the first answer again, as S3 is known to give for a while.
   */
  readonly repeatedComplete?: 'refused' | 'answered again';
}

/** A request that the role's own policy allows. */
export interface Ask {
  readonly roleName: string;
  readonly action: string;
  readonly key: string | null;
  readonly headers: ReadonlyMap<string, string>;
}

export interface SeenObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly contentType: string;
  /** `x-amz-meta-*` and the other headers that are kept, lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Over the whole content, hex. For an object of several parts it is computed when first read. */
  readonly md5: string;
  /** Another one for each time that the object was written. */
  readonly path: string;
}

export interface SeenUpload {
  readonly uploadId: string;
  readonly key: string;
  readonly initiated: Date;
  readonly parts: readonly { readonly partNumber: number; readonly size: number; readonly etag: string }[];
}

export interface S3Service {
  /** Closing it removes the bytes, unless a folder was given. Its operations bear S3's names (`PutObject`, `UploadPart`). */
  readonly service: Service;
  readonly bucket: string;
  readonly region: string;
  /** What else the account forbids (bucket policy, KMS, Object Lock), in S3's words; null for nothing. */
  denies: ((ask: Ask) => string | null) | null;
  /** In the order of their keys. */
  objects(): SeenObject[];
  /** All bytes of an object. @throws Error when there is none */
  read(key: string): Buffer;
  /** Puts an object there without a request. */
  put(key: string, bytes: Uint8Array | string, contentType?: string): void;
  /** Takes an object away without a request; false when there was none. */
  remove(key: string): boolean;
  /** The multipart uploads that are neither complete nor aborted. */
  uploads(): SeenUpload[];
}

/** Starts the service on 127.0.0.1. Addresses are in path style: `/bucket/key`. */
export async function createS3(options: S3Options): Promise<S3Service> {
  const now = options.now ?? Date.now;
  if (options.folder !== undefined) mkdirSync(options.folder, { recursive: true });
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'local-s3-'));
  const store = new ObjectStore(folder);
  const bucket: Bucket = {
    name: options.bucket,
    region: options.region,
    store,
    now,
    repeatedComplete: options.repeatedComplete ?? 'refused',
  };
  const service = await serve(
    {
      operationOf,
      handle: (request, response) =>
        answer(request, response, bucket, { ...options, now, denies: ask => s3.denies?.(ask) ?? null }),
    },
    options.port,
  );
  const stop = service.close;
  service.close = async () => {
    await stop();
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  };
  const contentOf = (key: string): Content => {
    const object = store.get(key);
    if (!object) throw new Error(`no object ${key} in ${options.bucket}`);
    return object.content;
  };
  const s3: S3Service = {
    service,
    bucket: options.bucket,
    region: options.region,
    denies: null,
    objects: () =>
      store.all().map(({ key, etag, contentType, kept, content }) => ({
        key,
        size: content.sizeBytes,
        etag,
        contentType,
        headers: Object.fromEntries(kept),
        path: content.files[0]!.path,
        get md5() {
          return content.md5;
        },
      })),
    read: key => contentOf(key).readAll(),
    put: (key, bytes, contentType = 'binary/octet-stream') => {
      const path = store.newPath();
      writeFileSync(path, bytes);
      const md5 = createHash('md5').update(bytes).digest('hex');
      const content = new Content([{ path, sizeBytes: Buffer.byteLength(bytes) }], md5);
      store.set({ key, etag: md5, contentType, kept: new Map(), checksum: null, modifiedMs: now(), content });
    },
    remove: key => store.delete(key),
    uploads: () =>
      [...store.uploads.values()].map(({ id, key, initiatedMs, parts }) => ({
        uploadId: id,
        key,
        initiated: new Date(initiatedMs),
        parts: [...parts.values()]
          .sort((a, b) => a.number - b.number)
          .map(part => ({ partNumber: part.number, size: part.sizeBytes, etag: part.etag })),
      })),
  };
  return s3;
}

interface Admission extends S3Options {
  readonly now: () => number;
  readonly denies: (ask: Ask) => string | null;
}

function operationOf(request: IncomingMessage): string {
  try {
    const address = addressOf(request.url!);
    return operationName(request.method!, address);
  } catch {
    return 'Unknown';
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  bucket: Bucket,
  options: Admission,
): Promise<void> {
  response.setHeader('x-amz-request-id', randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase());
  response.setHeader('x-amz-id-2', `${randomUUID()}${randomUUID()}`);
  response.setHeader('server', 'AmazonS3');
  // A client that goes away in the middle is no fault of the cloud.
  response.on('error', () => {});
  try {
    const [operation, exchange] = admit(request, response, bucket, options);
    await perform(operation, exchange);
  } catch (error) {
    if (error instanceof ClientGone) return;
    if (!(error instanceof S3Error)) throw error;
    if (!response.headersSent) sendError(request, response, error, request.url!.split('?')[0]!);
  }
}

/** Who asks, what for, and whether they may. @throws S3Error */
function admit(
  request: IncomingMessage,
  response: ServerResponse,
  bucket: Bucket,
  options: Admission,
): [string, Exchange] {
  const address = addressOf(request.url!);
  const authenticated = authenticate(
    { method: request.method!, headers: request.headersDistinct, address },
    options,
  );
  const { headers, role, roleName } = authenticated;
  const operation = operationName(request.method!, address);
  if (address.bucket !== null && address.bucket !== bucket.name) {
    throw new S3Error('NoSuchBucket');
  }
  const may = (action: string, key: string) => allows(role, action, key === '' ? null : key);
  const prefix = operation === 'HeadBucket' ? null : (address.query.get('prefix') ?? null);
  for (const action of [actionOf(operation), ...extraActions(headers)]) {
    if (allows(role, action, address.key, prefix)) continue;
    throw new S3Error(
      'AccessDenied',
      `User: arn:aws:sts::123456789012:assumed-role/${roleName}/CognitoIdentityCredentials is not authorized to perform: ${action} on resource: "arn:aws:s3:::${address.bucket}${address.key === null ? '' : `/${address.key}`}" because no identity-based policy allows the ${action} action`,
    );
  }
  const words = options.denies({ roleName, action: actionOf(operation), key: address.key, headers });
  if (words !== null) throw new S3Error('AccessDenied', words);
  const key = address.key ?? '';
  return [
    operation,
    { request, response, address, authenticated, headers, query: address.query, key, bucket, may },
  ];
}

async function perform(operation: string, exchange: Exchange): Promise<void> {
  switch (operation) {
    case 'PutObject':
      return putObject(exchange);
    case 'GetObject':
      return getObject(exchange, true);
    case 'HeadObject':
      return getObject(exchange, false);
    case 'DeleteObject':
      return deleteObject(exchange);
    case 'CreateMultipartUpload':
      return createMultipartUpload(exchange);
    case 'UploadPart':
      return uploadPart(exchange);
    case 'CompleteMultipartUpload':
      return completeMultipartUpload(exchange);
    case 'AbortMultipartUpload':
      return abortMultipartUpload(exchange);
    default:
      return aboutBucket(operation, exchange);
  }
}

async function aboutBucket(operation: string, exchange: Exchange): Promise<void> {
  const { bucket, query, request, response } = exchange;
  await smallBody(request, exchange.authenticated);
  switch (operation) {
    case 'ListObjectsV2':
      if (query.get('list-type') !== '2')
        throw new S3Error('InvalidArgument', 'Invalid List Type specified in Request');
      return sendXml(response, listObjects(bucket.name, bucket.store, query, 2));
    case 'ListObjects':
      return sendXml(response, listObjects(bucket.name, bucket.store, query, 1));
    case 'HeadBucket':
      return sendEmpty(response, 200);
    case 'Unknown':
      throw new S3Error('MethodNotAllowed');
    default:
      throw new S3Error('NotImplemented', `${operation} is not implemented`);
  }
}
