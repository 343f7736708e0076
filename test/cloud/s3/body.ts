/** Takes in a request's body, once, and checks everything the client said about it before anybody gets to see it. */
import { createHash, type Hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  type ChecksumAlgorithm,
  type DeclaredChecksum,
  declaredChecksum,
  type RunningChecksum,
  startChecksum,
} from './checksums.ts';
import { ClientGone, S3Error } from './errors.ts';
import type { Authenticated } from './sigv4.ts';

export interface BodyPlan {
  readonly sizeBytes: number;
  readonly sha256: string | null;
  /** Base64, checked to be one. */
  readonly contentMd5: string | null;
  readonly checksum: DeclaredChecksum | null;
}

export interface ReceivedBody {
  readonly sizeBytes: number;
  /** Hex. */
  readonly md5: string;
  /** The checksum the client brought, found right; value in base64. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | null;
}

/**
 * Reads from the headers what the body has to be like.
 * @param required whether the operation needs a body: without a length it is then `MissingContentLength`
 * @throws S3Error when the headers contradict themselves
 */
export function planBody(authenticated: Authenticated, required: boolean): BodyPlan {
  const { headers, payload } = authenticated;
  const hex = /^[0-9a-f]{64}$/.test(payload);
  if (payload.startsWith('STREAMING-')) throw new S3Error('NotImplemented', `${payload} is not implemented`);
  if (!hex && payload !== 'UNSIGNED-PAYLOAD') {
    throw new S3Error(
      'InvalidArgument',
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.',
    );
  }
  // Taken for content, the chunk framing would silently become part of the object.
  if (/\baws-chunked\b/i.test(headers.get('content-encoding') ?? '')) {
    throw new S3Error('InvalidRequest', 'Content-Encoding is aws-chunked, x-amz-content-sha256 is not');
  }
  const contentMd5 = headers.get('content-md5') ?? null;
  if (contentMd5 !== null && !isMd5(contentMd5)) throw new S3Error('InvalidDigest');
  return {
    sizeBytes: sizeOf(headers, required),
    sha256: hex ? payload : null,
    contentMd5,
    checksum: declaredChecksum(headers),
  };
}

function sizeOf(headers: ReadonlyMap<string, string>, required: boolean): number {
  const text = headers.get('content-length');
  if (text === undefined) {
    if (required || headers.has('transfer-encoding')) throw new S3Error('MissingContentLength');
    return 0;
  }
  if (!/^\d{1,15}$/.test(text)) throw new S3Error('InvalidArgument', 'Invalid content length');
  return Number(text);
}

const isMd5 = (text: string): boolean => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 16 && bytes.toString('base64') === text;
};

/**
 * Reads the whole body. What `take` got must not be used unless this resolves.
 * @throws S3Error the first check that fails
 * @throws ClientGone when the connection ended before the body did
 */
export async function receiveBody(
  request: IncomingMessage,
  plan: BodyPlan,
  take: (content: Buffer) => unknown,
): Promise<ReceivedBody> {
  const checks = new Checks(plan);
  try {
    for await (const bytes of request.iterator({ destroyOnReturn: false })) {
      checks.update(bytes);
      await take(bytes);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') throw new ClientGone();
    // The rest of a refused body is read and dropped, so that the client gets to read the answer.
    request.resume();
    throw error;
  }
  return checks.finish();
}

class Checks {
  readonly #plan: BodyPlan;
  readonly #md5: Hash = createHash('md5');
  readonly #sha256: Hash | null;
  readonly #checksum: RunningChecksum | null;
  #sizeBytes = 0;

  constructor(plan: BodyPlan) {
    this.#plan = plan;
    this.#sha256 = plan.sha256 === null ? null : createHash('sha256');
    this.#checksum = plan.checksum ? startChecksum(plan.checksum.algorithm) : null;
  }

  update(content: Buffer): void {
    this.#sizeBytes += content.length;
    if (this.#sizeBytes > this.#plan.sizeBytes) throw incomplete();
    this.#md5.update(content);
    this.#sha256?.update(content);
    this.#checksum?.update(content);
  }

  finish(): ReceivedBody {
    const { sizeBytes, sha256, contentMd5, checksum } = this.#plan;
    if (this.#sizeBytes !== sizeBytes) throw incomplete();
    const computedSha = this.#sha256?.digest('hex');
    if (sha256 !== null && computedSha !== sha256) {
      throw new S3Error('XAmzContentSHA256Mismatch');
    }
    const md5 = this.#md5.digest();
    if (contentMd5 !== null && md5.toString('base64') !== contentMd5) {
      throw new S3Error('BadDigest', null, {
        ExpectedDigest: contentMd5,
        CalculatedDigest: md5.toString('base64'),
      });
    }
    return { sizeBytes, md5: md5.toString('hex'), checksum: checksum ? this.#compare(checksum) : null };
  }

  #compare({ algorithm, expected }: DeclaredChecksum): { algorithm: ChecksumAlgorithm; value: string } {
    const value = this.#checksum!.digest().toString('base64');
    if (expected !== value) {
      throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
    }
    return { algorithm, value };
  }
}

const incomplete = () => new S3Error('IncompleteBody');

/**
 * The whole body of a small request, with the same checks.
 * @throws S3Error `EntityTooLarge` beyond `limitBytes`
 */
export async function smallBody(
  request: IncomingMessage,
  authenticated: Authenticated,
  limitBytes = 8 * 1024 * 1024,
): Promise<{ content: Buffer; received: ReceivedBody; plan: BodyPlan }> {
  const plan = planBody(authenticated, false);
  if (plan.sizeBytes > limitBytes) throw new S3Error('EntityTooLarge');
  const chunks: Buffer[] = [];
  const received = await receiveBody(request, plan, content => chunks.push(content));
  return { content: Buffer.concat(chunks), received, plan };
}
