/** The tool's S3 client on a local S3, with the keys of a member of ADMINS. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { Storage, type StorageOptions } from '../../../src/services/s3/storage.ts';
import type { FileError } from '../../../stages/errors.ts';
import type { Upload } from '../../../stages/transfer.ts';
import { streamOf } from '../../byte-stream.ts';
import { CredentialStore, type Role } from '../../cloud/s3/credentials.ts';
import { createS3, type S3Options } from '../../cloud/s3/s3.ts';
import { rejection } from '../../config/scratch.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

export const MIB = 1024 * 1024;
export const PART_BYTES = 5 * MIB;

/** Files above 5 MiB go in parts of 5 MiB, and requests are sent once. */
export const SETTINGS = {
  runId: 'test-run',
  multipartThresholdBytes: PART_BYTES,
  partBytes: PART_BYTES,
  connections: 4,
  backoff: { retries: 0, baseMs: 0, capMs: 0 },
  stallTimeoutMs: 5_000,
};

export type LocalStorage = Awaited<ReturnType<typeof localStorage>>;

/** While it is open, the S3 endpoint of this process's environment is the local one. */
export async function localStorage(options: Partial<S3Options> = {}) {
  const credentials = new CredentialStore();
  const s3 = await createS3({ bucket: 'amplify-media', region: 'us-east-1', credentials, ...options });
  const before = process.env.AWS_ENDPOINT_URL_S3;
  process.env.AWS_ENDPOINT_URL_S3 = s3.service.url;

  const issue = (role: Role) => credentials.issue({ role, lifetimeSeconds: 3600 });
  /** The keys that requests are signed with; others come after `drop`. */
  const keys = { role: 'admins' as Role, current: issue('admins') };
  const warnings: string[] = [];
  /** Access key ids that were refused. */
  const dropped: string[] = [];
  const open: Storage[] = [];
  return {
    s3,
    credentials,
    keys,
    warnings,
    dropped,
    requests: (operation: string) => s3.service.requests.get(operation) ?? 0,
    /** A client with these {@link SETTINGS}. It is closed with the rest. */
    async connect(more: Partial<StorageOptions> = {}): Promise<Storage> {
      const storage = await Storage.connect({
        bucket: s3.bucket,
        region: s3.region,
        credentials: Object.assign(async () => keys.current, {
          memoized: true as const,
          drop: (accessKeyId: string) => {
            dropped.push(accessKeyId);
            if (accessKeyId === keys.current.accessKeyId) keys.current = issue(keys.role);
          },
        }),
        ...SETTINGS,
        warn: message => warnings.push(message),
        ...more,
      });
      open.push(storage);
      return storage;
    },
    async close(): Promise<void> {
      for (const storage of open) storage.close();
      await s3.service.close();
      if (before === undefined) delete process.env.AWS_ENDPOINT_URL_S3;
      else process.env.AWS_ENDPOINT_URL_S3 = before;
    },
  };
}

export const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

/** Bytes that differ in every part and are the same in every run. */
export function bytesOf(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let at = 0, value = seed >>> 0; at < size; at += 4) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
    if (at + 4 <= size) bytes.writeUInt32LE(value, at);
    else bytes.fill(value & 255, at);
  }
  return bytes;
}

/** In pieces as they come off a socket. */
export async function* pieces(bytes: Buffer, pieceBytes = 65_536): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** What transfer asks of the store for these bytes; `more` can lie about them. */
export function uploadOf(
  bytes: Buffer,
  { bytes: sent = pieces(bytes), ...more }: Partial<Upload> & { bytes?: AsyncIterable<Buffer> } = {},
): Upload {
  return {
    key: 'media/obs-1/1.jpg',
    contentType: 'image/jpeg',
    fileId: 'drive-file-1',
    fileName: '1.jpg (drive-file-1)',
    size: bytes.length,
    md5: md5Of(bytes),
    isRetry: false,
    open: async () => streamOf(sent),
    ...more,
  };
}

/** The bytes with one bit of one byte altered. */
export function flipped(bytes: Buffer, at: number): Buffer {
  const altered = Buffer.from(bytes);
  altered[at]! ^= 1;
  return altered;
}

/** Requests of an upload, for injecting faults. */
export const REQUESTS = {
  put: /^PUT [^?]+(\?x-id=PutObject)?$/,
  part: /^PUT .*partNumber=/,
  complete: /^POST .*uploadId=/,
  head: /^HEAD /,
};

/** Both ways in which an object is stored. */
export const WAYS = [
  { way: 'in one PUT', size: 100_000 },
  { way: 'in parts', size: 6 * MIB + 3 },
];

export const KEY = 'media/obs-1/1.jpg';

/** A local S3 and a client of it, new for each test. */
export function useStorage() {
  const at = {
    local: undefined as unknown as LocalStorage,
    storage: undefined as unknown as Storage,
    /** Another client, which the test uses from now on. */
    async connect(more: Partial<StorageOptions> = {}): Promise<Storage> {
      at.storage = await at.local.connect(more);
      return at.storage;
    },
  };
  beforeEach(async () => {
    at.local = await localStorage();
    await at.connect();
  });
  afterEach(() => at.local.close());
  return {
    at,
    refused: (upload: Upload) => rejection<FileError>(at.storage.store(upload)),
    expectStored: (bytes: Buffer, key = KEY) =>
      expect(at.local.s3.read(key).equals(bytes), 'the object has these bytes').to.equal(true),
    nothingVisible: () => expect(at.local.s3.objects()).to.deep.equal([]),
  };
}
