/**
 * AWS Signature Version 4 in the Authorization header as S3 checks it ("Authenticating Requests (AWS Signature Version 4)" in
 * the S3 API reference).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Address, uriEncode } from './address.ts';
import type { CredentialStore, KnownCredential, Role } from './credentials.ts';
import { S3Error } from './errors.ts';

/** A request as far as its signature is concerned. Header names are lower case, one value for each time they came. */
export interface SignedRequest {
  readonly method: string;
  readonly headers: NodeJS.Dict<string[]>;
  readonly address: Address;
}

export interface Authenticated {
  readonly role: Role;
  readonly roleName: string;
  readonly accessKeyId: string;
  /** What `x-amz-content-sha256` said, which the body still has to live up to. */
  readonly payload: string;
  /** Those that came several times, joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface SigV4Options {
  readonly credentials: CredentialStore;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_SKEW_MS = 15 * 60_000;

interface Claim {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly timestamp: string;
  readonly token: string | null;
  readonly payload: string;
}

/** @throws S3Error as S3 would: no authentication, malformed, unknown or expired key, clock, wrong signature. */
export function authenticate(request: SignedRequest, options: SigV4Options): Authenticated {
  if (request.headers.authorization === undefined) throw new S3Error('AccessDenied');
  const claim = claimOf(request);
  if (claim.region !== options.region) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${claim.region}' is wrong; expecting '${options.region}'`,
      { Region: options.region },
    );
  }
  const credential = credentialOf(claim, options);
  checkTime(claim, options.now());
  if (!claim.signedHeaders.includes('host'))
    throw new S3Error('AccessDenied', 'The host header is not signed');
  const mustBeSigned = (name: string) =>
    (name.startsWith('x-amz-') && name !== 'x-amz-content-sha256') || name === 'content-md5';
  const unsigned = Object.keys(request.headers).filter(
    name => mustBeSigned(name) && !claim.signedHeaders.includes(name),
  );
  if (unsigned.length > 0) {
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed');
  }
  checkSignature(request, claim, credential);
  return {
    role: credential.role,
    roleName: credential.roleName,
    accessKeyId: credential.accessKeyId,
    payload: claim.payload,
    headers: new Map(Object.entries(request.headers).map(([name, values]) => [name, values!.join(',')])),
  };
}

const unsupported = () =>
  new S3Error(
    'InvalidRequest',
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  );

function claimOf(request: SignedRequest): Claim {
  const authorization = request.headers.authorization!.join(',');
  if (!authorization.startsWith(`${ALGORITHM} `)) throw unsupported();
  const fields = new Map<string, string>();
  for (const field of authorization.slice(ALGORITHM.length + 1).split(',')) {
    const equals = field.indexOf('=');
    fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  const timestamp = one(request, 'x-amz-date');
  if (!timestamp || !isTimestamp(timestamp)) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  }
  const payload = one(request, 'x-amz-content-sha256');
  if (payload === null) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  return {
    ...scopeOf(fields.get('Credential'), timestamp),
    signedHeaders: (fields.get('SignedHeaders') ?? '').split(';'),
    signature: fields.get('Signature') ?? '',
    timestamp,
    token: one(request, 'x-amz-security-token'),
    payload,
  };
}

function scopeOf(
  text: string | undefined,
  timestamp: string,
): { accessKeyId: string; date: string; region: string } {
  const [accessKeyId, date, region, service, ending, ...more] = (text ?? '').split('/');
  if (!accessKeyId || !date || !region || service !== 's3' || ending !== 'aws4_request' || more.length > 0) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      'The authorization header is malformed; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/s3/aws4_request".',
    );
  }
  if (date !== timestamp.slice(0, 8)) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `Invalid credential date "${date}". This date is not the same as X-Amz-Date.`,
    );
  }
  return { accessKeyId, date, region };
}

function credentialOf(claim: Claim, { credentials, now }: SigV4Options): KnownCredential {
  const known = credentials.find(claim.accessKeyId);
  // S3 does not know a temporary key that comes without its token.
  if (!known || (known.sessionToken !== null && claim.token === null)) {
    throw new S3Error('InvalidAccessKeyId');
  }
  if (known.sessionToken !== claim.token) throw new S3Error('InvalidToken');
  if (known.expiresAtMs !== null && known.expiresAtMs <= now()) {
    throw new S3Error('ExpiredToken');
  }
  return known;
}

function checkTime(claim: Claim, nowMs: number): void {
  const signedMs = Date.parse(
    claim.timestamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  if (Math.abs(nowMs - signedMs) <= MAX_SKEW_MS) return;
  throw new S3Error('RequestTimeTooSkewed');
}

function checkSignature(request: SignedRequest, claim: Claim, credential: KnownCredential): void {
  const canonical = [
    request.method,
    request.address.path.split('/').map(uriEncode).join('/'),
    canonicalQuery(request.address),
    ...claim.signedHeaders.map(
      name =>
        `${name}:${(request.headers[name] ?? []).map(value => value.trim().replace(/ +/g, ' ')).join(',')}`,
    ),
    '',
    claim.signedHeaders.join(';'),
    claim.payload,
  ].join('\n');
  const scope = `${claim.date}/${claim.region}/s3/aws4_request`;
  // Node reads headers as Latin-1, so this gives back the bytes that were sent.
  const digest = createHash('sha256').update(canonical, 'latin1').digest('hex');
  const toSign = [ALGORITHM, claim.timestamp, scope, digest].join('\n');
  const key = signingKey(credential.secretAccessKey, claim.date, claim.region);
  const signature = hmac(key, toSign).toString('hex');
  if (!sameText(signature, claim.signature)) {
    throw new S3Error('SignatureDoesNotMatch');
  }
}

function canonicalQuery(address: Address): string {
  return address.pairs
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

const signingKeys = new Map<string, Buffer>();

/** The derived key of one day, region and the service s3. */
function signingKey(secret: string, date: string, region: string): Buffer {
  const name = `${secret}/${date}/${region}`;
  const known = signingKeys.get(name);
  if (known) return known;
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), 's3'), 'aws4_request');
  if (signingKeys.size >= 1000) signingKeys.clear();
  signingKeys.set(name, key);
  return key;
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const sameText = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));

const isTimestamp = (text: string): boolean =>
  /^\d{4}(0[1-9]|1[0-2])([0-2]\d|3[01])T([01]\d|2[0-3])[0-5]\d[0-5]\dZ$/.test(text);

const one = (request: SignedRequest, name: string): string | null => request.headers[name]?.join(',') ?? null;
