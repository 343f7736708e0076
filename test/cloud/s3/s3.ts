/**
 * The local S3: one bucket on a loopback port, with the checks of the real one. A request goes through them in this order:
 * signature and clock, bucket, policy, the operation's own rules, and last the body, which is compared with everything that
 * was said about it before it becomes visible.
 *
 * What it does not have answers `NotImplemented`: copies, lists of uploads, versions, tags, ACLs, other buckets, chunks,
 * checksums other than CRC32 and SHA256. It computes no checksum that the client did not ask for.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../service.ts';
import { type Headers, smallBody } from './body.ts';
import { ClientGone, S3Error } from './errors.ts';
import { type Bucket, type Exchange, send, xmlOf } from './exchange.ts';
import { listObjects } from './listing.ts';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
} from './multipart.ts';
import { Content, ObjectStore } from './object-store.ts';
import { deleteObject, getObject, putObject } from './objects.ts';
import { addressOf } from './operations.ts';
import { actionOf, allows, extraActions } from './policy.ts';
import { authenticate, type SignatureOptions } from './signature.ts';

export interface S3Options extends Omit<SignatureOptions, 'now'> {
  readonly bucket: string;
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
  readonly headers: Headers;
}

export type S3Service = Awaited<ReturnType<typeof createS3>>;

/** Starts the service on 127.0.0.1. Addresses are in path style: `/bucket/key`. */
export async function createS3(options: S3Options) {
  const { bucket: name, region, now = Date.now, repeatedComplete = 'refused' } = options;
  const folder = mkdtempSync(join(tmpdir(), 'local-s3-'));
  const store = new ObjectStore(folder);
  const bucket: Bucket = { name, store, now, repeatedComplete };
  const service = await serve({
    operationOf: request => addressOf(request).operation,
    handle: (request, response) => answer(request, response),
  });
  const stop = service.close;
  service.close = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const s3 = {
    /** Closing it removes the bytes. Its operations bear S3's names (`PutObject`, `UploadPart`). */
    service,
    bucket: name,
    region,
    /** What else the account forbids (bucket policy, KMS, Object Lock), in S3's words; null for nothing. */
    denies: null as ((ask: Ask) => string | null) | null,
    /** In the order of their keys. */
    objects: () =>
      store.all().map(({ key, etag, contentType, kept, modifiedMs, content }) => ({
        key,
        size: content.sizeBytes,
        etag,
        contentType,
        modifiedMs,
        /** `x-amz-meta-*` and the other headers that are kept, lower case. */
        headers: Object.fromEntries(kept) as Readonly<Record<string, string>>,
        /** Another one for each time that the object was written. */
        path: content.files[0]!.path,
        get md5() {
          return content.md5;
        },
      })),
    /** All bytes of an object. @throws Error when there is none */
    read: (key: string) => {
      const object = store.get(key);
      if (!object) throw new Error(`no object ${key} in ${name}`);
      return object.content.readAll();
    },
    /** Puts an object there without a request. */
    put: (key: string, bytes: Uint8Array | string, contentType = 'binary/octet-stream') => {
      const path = store.newPath();
      writeFileSync(path, bytes);
      const etag = createHash('md5').update(bytes).digest('hex');
      const content = new Content({ path, sizeBytes: Buffer.byteLength(bytes) });
      store.set({ key, etag, contentType, kept: new Map(), checksum: null, modifiedMs: now(), content });
    },
    /** Takes an object away without a request; false when there was none. */
    remove: (key: string) => store.delete(key),
    /** The multipart uploads that are neither complete nor aborted. */
    uploads: () => [...store.uploads.values()],
  };
  return s3;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ids = { 'x-amz-request-id': randomUUID(), 'x-amz-id-2': randomUUID(), server: 'AmazonS3' };
    for (const [header, value] of Object.entries(ids)) response.setHeader(header, value);
    // A client that goes away in the middle is no fault of the cloud.
    response.on('error', () => {});
    try {
      const [operation, exchange] = await admit(request, response);
      await perform(operation, exchange);
    } catch (error) {
      if (error instanceof ClientGone) return;
      if (!(error instanceof S3Error)) throw error;
      // The rest of a refused body is read and dropped, so that the client gets to read the answer.
      request.resume();
      if (!response.headersSent) sendError(request, response, error);
    }
  }

  /** Who asks, what for, and whether they may. @throws S3Error */
  async function admit(request: IncomingMessage, response: ServerResponse): Promise<[string, Exchange]> {
    const { role, roleName } = await authenticate(request, { ...options, now });
    const { bucket: asked, key, query, operation } = addressOf(request);
    const headers = new Map(Object.entries(request.headers as Record<string, string>));
    if (asked !== null && asked !== name) throw new S3Error('NoSuchBucket');
    const prefix = operation === 'HeadBucket' ? null : query.get('prefix');
    for (const action of [actionOf(operation), ...extraActions(headers)]) {
      if (allows(role, action, key, prefix)) continue;
      throw new S3Error(
        'AccessDenied',
        `User: arn:aws:sts::123456789012:assumed-role/${roleName}/CognitoIdentityCredentials is not authorized to perform: ${action} on resource: "arn:aws:s3:::${asked}${key === null ? '' : `/${key}`}" because no identity-based policy allows the ${action} action`,
      );
    }
    const words = s3.denies?.({ roleName, action: actionOf(operation), key, headers });
    if (words) throw new S3Error('AccessDenied', words);
    const mayList = allows(role, 's3:ListBucket', null);
    return [operation, { request, response, headers, query, key: key ?? '', bucket, mayList }];
  }
}

async function perform(operation: string, exchange: Exchange): Promise<void> {
  const { bucket, headers, query, request, response } = exchange;
  switch (operation) {
    case 'PutObject':
      return putObject(exchange);
    case 'GetObject':
    case 'HeadObject':
      return getObject(exchange, operation === 'GetObject');
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
    case 'ListObjectsV2':
    case 'ListObjects':
      await smallBody(request, headers);
      return send(
        response,
        200,
        {},
        listObjects(bucket.name, bucket.store, query, operation === 'ListObjects' ? 1 : 2),
      );
    case 'HeadBucket':
      return send(response, 200);
    case 'Unknown':
      throw new S3Error('MethodNotAllowed');
    default:
      throw new S3Error('NotImplemented', `${operation} is not implemented`);
  }
}

function sendError(request: IncomingMessage, response: ServerResponse, error: S3Error): void {
  const { code, message, details, status } = error;
  const ids = {
    RequestId: String(response.getHeader('x-amz-request-id')),
    HostId: String(response.getHeader('x-amz-id-2')),
  };
  const resource = request.url!.split('?')[0]!;
  const xml = xmlOf('Error', { Code: code, Message: message, ...details, Resource: resource, ...ids });
  if (details.Region) response.setHeader('x-amz-bucket-region', details.Region);
  if (request.method === 'HEAD') response.writeHead(status, { 'content-type': 'application/xml' }).end();
  else send(response, status, {}, xml);
}
