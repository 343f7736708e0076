/**
 * AWS Signature Version 4 in the Authorization header, as S3 checks it ("Authenticating Requests" in the S3 API reference): the
 * request is signed again, by AWS's own signer with the key that was issued, and the signatures are compared.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SourceData } from '@smithy/types';
import type { CredentialStore, KnownCredential } from './credentials.ts';
import { S3Error } from './errors.ts';

export interface SignatureOptions {
  readonly credentials: CredentialStore;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const MAX_SKEW_MS = 15 * 60_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/;

/** Whose key the request is signed with. @throws S3Error as S3 would */
export async function authenticate(
  request: IncomingMessage,
  { credentials, region, now }: SignatureOptions,
): Promise<KnownCredential> {
  const headers = request.headers as Record<string, string>;
  if (headers.authorization === undefined) throw new S3Error('AccessDenied');
  const claim = AUTHORIZATION.exec(headers.authorization);
  if (!claim) throw new S3Error('AuthorizationHeaderMalformed');
  const [, accessKeyId = '', claimedRegion, names = '', signature] = claim;
  if (claimedRegion !== region) {
    const message = `The authorization header is malformed; the region '${claimedRegion}' is wrong; expecting '${region}'`;
    throw new S3Error('AuthorizationHeaderMalformed', message, { Region: region });
  }
  const known = credentials.find(accessKeyId);
  const token = headers['x-amz-security-token'];
  // S3 does not know a temporary key that comes without its token.
  if (!known || (known.sessionToken && !token)) throw new S3Error('InvalidAccessKeyId');
  if (known.sessionToken !== token) throw new S3Error('InvalidToken');
  if (known.expiresAtMs <= now()) throw new S3Error('ExpiredToken');
  const date = (headers['x-amz-date'] ?? '').replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:');
  const signingDate = new Date(date);
  if (!(Math.abs(now() - signingDate.getTime()) <= MAX_SKEW_MS)) throw new S3Error('RequestTimeTooSkewed');
  const signed = names.split(';');
  const mustBeSigned = (name: string) => /^(x-amz-.*|content-md5|host)$/.test(name);
  if (Object.keys(headers).some(name => mustBeSigned(name) && !signed.includes(name)))
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed');
  if (signature !== (await signatureOf(request, known, { region, signingDate, signed })))
    throw new S3Error('SignatureDoesNotMatch');
  return known;
}

async function signatureOf(
  request: IncomingMessage,
  credentials: KnownCredential,
  { region, signingDate, signed }: { region: string; signingDate: Date; signed: string[] },
): Promise<string> {
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const [path = '', query] = request.url!.split('?');
  const again = await signer.sign(
    {
      method: request.method!,
      protocol: 'http:',
      hostname: '',
      path,
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: Object.fromEntries(signed.map(name => [name, String(request.headers[name] ?? '')])),
    },
    { signingDate, signableHeaders: new Set(signed) },
  );
  return again.headers.authorization!.split('Signature=')[1]!;
}

/** As the signer asks for it. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: SourceData) {
    this.#hash = secret ? createHmac('sha256', Buffer.from(secret as Uint8Array)) : createHash('sha256');
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {}
}
