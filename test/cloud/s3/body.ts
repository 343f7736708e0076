/** Takes in a request's body, once, and checks everything the client said about it before anybody gets to see it. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';
import { ClientGone, S3Error } from './errors.ts';

export type Headers = ReadonlyMap<string, string>;

/** Those of S3's additional checksums (`x-amz-checksum-*`, "Checking object integrity") that clients of this project use. */
const ALGORITHMS = ['CRC32', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof ALGORITHMS)[number];

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64. */
  readonly value: string;
}

interface ReceivedBody {
  readonly sizeBytes: number;
  /** Hex. */
  readonly md5: string;
  /** What the client brought, found right. */
  readonly checksum: Checksum | null;
}

/** For one PUT or one part ("Amazon S3 multipart upload limits"). */
const MAX_BYTES = 5 * 1024 ** 3;
const PREFIX = 'x-amz-checksum-';

export const checksumHeader = (algorithm: ChecksumAlgorithm): string => PREFIX + algorithm.toLowerCase();

/** @throws S3Error `NotImplemented` for an algorithm that is not known here */
export function algorithmNamed(name: string): ChecksumAlgorithm {
  const found = ALGORITHMS.find(algorithm => algorithm === name.toUpperCase());
  if (!found) throw new S3Error('NotImplemented', `The checksum ${name} is not implemented`);
  return found;
}

export function startChecksum(algorithm: ChecksumAlgorithm) {
  const hash = createHash('sha256');
  let crc = 0;
  return algorithm === 'SHA256'
    ? { update: (data: Buffer) => hash.update(data), digest: () => hash.digest('base64') }
    : {
        update: (data: Buffer) => {
          crc = crc32(data, crc);
        },
        digest: () => Buffer.from(crc.toString(16).padStart(8, '0'), 'hex').toString('base64'),
      };
}

/** The checksum that a request brings for its body. @throws S3Error when there are several, or one is announced and missing */
export function declaredChecksum(headers: Headers): Checksum | null {
  const names = [...headers.keys()].filter(name => /^x-amz-checksum-(?!algorithm$|type$|mode$)/.test(name));
  const [checksum = null] = names.map(name => ({
    algorithm: algorithmNamed(name.slice(PREFIX.length)),
    value: headers.get(name)!,
  }));
  const announced = headers.get('x-amz-sdk-checksum-algorithm')?.toUpperCase();
  if (names.length > 1 || (announced && announced !== checksum?.algorithm))
    throw new S3Error('InvalidRequest');
  return checksum;
}

/**
 * Reads the whole body. What `take` got must not be used unless this resolves.
 * @throws S3Error the first check that fails
 * @throws ClientGone when the connection ended before the body did
 */
async function receive(
  request: IncomingMessage,
  headers: Headers,
  take: (content: Buffer) => unknown,
): Promise<ReceivedBody> {
  const declared = declaredChecksum(headers);
  const payload = headers.get('x-amz-content-sha256') ?? '';
  const [md5, sha256] = [createHash('md5'), payload === 'UNSIGNED-PAYLOAD' ? null : createHash('sha256')];
  const checksum = declared && startChecksum(declared.algorithm);
  let sizeBytes = 0;
  try {
    for await (const bytes of request.iterator({ destroyOnReturn: false })) {
      sizeBytes += bytes.length;
      for (const hash of [md5, sha256, checksum]) hash?.update(bytes);
      take(bytes);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') throw new ClientGone();
    throw error;
  }
  if (sha256 && sha256.digest('hex') !== payload) throw new S3Error('XAmzContentSHA256Mismatch');
  const digest = md5.digest();
  const CalculatedDigest = digest.toString('base64');
  const ExpectedDigest = headers.get('content-md5') ?? CalculatedDigest;
  if (ExpectedDigest !== CalculatedDigest)
    throw new S3Error('BadDigest', undefined, { ExpectedDigest, CalculatedDigest });
  if (declared?.value !== checksum?.digest())
    throw new S3Error(
      'BadDigest',
      `The ${declared!.algorithm} you specified did not match the calculated checksum.`,
    );
  return { sizeBytes, md5: digest.toString('hex'), checksum: declared };
}

/** The whole body of a small request. @throws as {@link receiveFile} */
export async function smallBody(request: IncomingMessage, headers: Headers): Promise<string> {
  const chunks: Buffer[] = [];
  await receive(request, headers, content => chunks.push(content));
  return Buffer.concat(chunks).toString();
}

/**
 * The way of a body to a new file; written without Node's thread pool, which would cost more than the writing.
 * @throws S3Error when the body is not what its headers say; nothing is left of it then
 * @throws ClientGone when the connection ended too early; nothing is left then either
 */
export async function receiveFile(
  request: IncomingMessage,
  headers: Headers,
  path: string,
): Promise<ReceivedBody> {
  const length = headers.get('content-length');
  if (headers.get('x-amz-content-sha256')?.startsWith('STREAMING-')) throw new S3Error('NotImplemented');
  if (length === undefined) throw new S3Error('MissingContentLength');
  if (Number(length) > MAX_BYTES) throw new S3Error('EntityTooLarge');
  const file = openSync(path, 'wx');
  try {
    return await receive(request, headers, content => writeSync(file, content));
  } catch (error) {
    rmSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}
