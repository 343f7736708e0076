/** What an error of S3 means for the file or the run (Amazon S3 API reference, "Error responses"; docs/services.md, S3). */
import { type EveryFile, FileError, RunError } from '../../../stages/errors.ts';
import { connectionError, faultOf, type Reasons } from '../../../stages/retry/faults.ts';
import { accessDenied } from './access-denied.ts';

interface SdkError extends Error {
  $metadata: { httpStatusCode?: number };
  $response: { headers?: Record<string, string> };
  code: unknown;
  Region: unknown;
}

/** The parts of an SDK error that matter. A response to HEAD has no body, so that only its status counts. */
export function s3ErrorOf(error: unknown) {
  const { name = '', message = String(error), $metadata, code } = (error ?? {}) as Partial<SdkError>;
  const status = $metadata?.httpStatusCode ?? null;
  return { name, message, status, code: typeof code === 'string' ? code : null };
}

/** True if the key has an object already (`If-None-Match: *`). */
export function isTaken(error: unknown): boolean {
  const { name, status } = s3ErrorOf(error);
  return name === 'PreconditionFailed' || status === 412;
}

export function isExpiredToken(error: unknown): boolean {
  return ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'].includes(s3ErrorOf(error).name);
}

/** Names the error of a HEAD, whose response has no body: it is a bad request only because its keys have expired. */
export function nameHeadError(error: unknown): void {
  const { name, status } = s3ErrorOf(error);
  if (status !== 400 || !/^(Unknown(Error)?|BadRequest|400)$/.test(name)) return;
  Object.assign(error as Error, { name: 'ExpiredToken', message: 'The keys have expired.' });
}

/** S3 does not know the multipart upload: it was aborted, or completed. */
export function isForgotten(error: unknown): boolean {
  return s3ErrorOf(error).name === 'NoSuchUpload';
}

/** S3 Object Lock refuses to replace or delete this one object. */
function isLocked(error: unknown): boolean {
  return /object lock|WORM[ -]protected|legal hold|retention period/i.test(s3ErrorOf(error).message);
}

/** S3 compared the bytes with the digest that was sent with them, and they differ. */
export function isBadDigest(error: unknown): boolean {
  return /^(BadDigest|XAmzContent(SHA256|Checksum)Mismatch)$/.test(s3ErrorOf(error).name);
}

/** The md5 (hex) of what S3 received, from its response to altered bytes; null if it has none. */
export function calculatedMd5(error: unknown): string | null {
  const { CalculatedDigest } = error as { CalculatedDigest?: unknown };
  if (typeof CalculatedDigest !== 'string') return null;
  const md5 = Buffer.from(CalculatedDigest, 'base64');
  return md5.length === 16 ? md5.toString('hex') : null;
}

/** S3's names for it (Amazon S3 API reference, "Error responses"). */
const OTHER_REGION =
  /^((Permanent|Temporary)?Redirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/;

/**
 * The error that ends the run if this is a refusal because of the region; null if it is not. Responses to HEAD have no
 * body, so only the header `x-amz-bucket-region` says it. `region` is the one that was asked.
 */
export function wrongRegion(error: unknown, bucket: string, region: string): RunError | null {
  const { name, message, status } = s3ErrorOf(error);
  const { Region, $response } = (error ?? {}) as Partial<SdkError>;
  const header = $response?.headers?.['x-amz-bucket-region'];
  const isElsewhere = header !== undefined && header !== region && (status ?? 0) >= 300;
  if (!isElsewhere && !OTHER_REGION.test(name)) return null;
  const inWords = /expecting '([\w-]+)'|The ([\w-]+) location constraint/.exec(message);
  const named = header ?? Region ?? inWords?.slice(1).find(Boolean);
  const found = named && named !== region ? String(named) : null;
  return new RunError(
    'wrong_region',
    found
      ? `The bucket ${bucket} is in region ${found}, not in ${region}.`
      : `The bucket ${bucket} is not in region ${region} (S3: ${message}).`,
    `Set aws.amplify.storage_region: "migrator config --storage-region ${found ?? 'REGION'}".`,
    { cause: error },
  );
}

const RUN_ENDS: Readonly<Record<string, { code: string; message: string; remedy: string }>> = {
  NoSuchBucket: {
    code: 'bucket_missing',
    message: 'The S3 bucket does not exist',
    remedy:
      'Deploy the storage of the Amplify project (npx ampx sandbox, or a pipeline deployment), and check aws.amplify.storage_bucket ("migrator show").',
  },
  InvalidAccessKeyId: {
    code: 'storage_keys_refused',
    message: 'S3 does not know the keys from the identity pool',
    remedy: 'Check aws.cognito.identity_pool_id and aws.region ("migrator show").',
  },
  SignatureDoesNotMatch: {
    code: 'storage_keys_refused',
    message: 'S3 refuses the signature of the request',
    remedy: 'Check aws.region and the clock of this computer.',
  },
  RequestTimeTooSkewed: {
    code: 'clock_skewed',
    message: 'The clock of this computer differs by more than 15 minutes from that of S3',
    remedy: 'Set the clock, then run the command again.',
  },
};

/** The error of a failed upload. FileErrors and RunErrors (of the download, of the sign-in) are returned unchanged. */
export function aboutUpload(error: unknown, fileName: string, bucket: string): FileError | RunError {
  if (error instanceof FileError || error instanceof RunError) return error;
  const { name, message, status, code } = s3ErrorOf(error);
  const connection = connectionError(error, 'S3');
  if (connection) return connection;
  if (isLocked(error))
    return new FileError(
      'object_locked',
      `${fileName}: S3 Object Lock protects the object under its key (${message}). It was not replaced. Wait until its retention ends, or have the lock removed, then run "migrator resume".`,
      { status: 'needs_review', cause: error },
    );
  if (name === 'AccessDenied') return accessDenied(error, bucket);
  const end = Object.hasOwn(RUN_ENDS, name) ? RUN_ENDS[name] : undefined;
  if (end)
    return new RunError(end.code, `${end.message} (bucket ${bucket}: ${message}).`, end.remedy, {
      cause: error,
    });

  const { kind, retryAfterMs } = faultOf(error, UPLOAD_REASONS);
  const retryable = kind === 'temporary' || kind === 'throttled';
  const shape = status === null ? 'storage_unreachable' : retryable ? 'storage_busy' : 'storage_refused';
  const what = status === null ? 'S3 could not be reached' : 'S3 refused the upload';
  const reason = reasonOf(message || code || name, name);
  return new FileError(shape, `${fileName}: ${what}: ${reason}.`, {
    retryable,
    throttled: kind === 'throttled',
    unreachable: kind === 'temporary' && (status === null || status >= 500),
    retryAfterMs,
    ...(!retryable && !ABOUT_ONE_FILE.has(name) && { everyFile: everyFile(name) }),
    cause: error,
  });
}

/** What S3's reasons mean for one request (Amazon S3 API reference, "Error responses"). */
export const S3_REASONS: Reasons = {
  AccessDenied: 'refused',
  ...Object.fromEntries(Object.keys(RUN_ENDS).map(name => [name, 'refused' as const])),
  // This may be in the body of a 200, which the SDK treats as a 500.
  PreconditionFailed: 'refused',
  // The response to a HEAD has no body that could say SlowDown.
  'HTTP 503': 'throttled',
  RequestTimeout: 'temporary',
  IncompleteBody: 'temporary',
  OperationAborted: 'temporary',
  // Another upload to the key is under way; whether its object stays is not known yet.
  ConditionalRequestConflict: 'temporary',
};

/** What the reasons mean for the whole upload, which starts over with another download. */
const UPLOAD_REASONS: Reasons = {
  ...S3_REASONS,
  NoSuchUpload: 'temporary',
  BadDigest: 'temporary',
  XAmzContentSHA256Mismatch: 'temporary',
  XAmzContentChecksumMismatch: 'temporary',
};

const ABOUT_ONE_FILE = new Set(['KeyTooLongError', 'EntityTooLarge', 'EntityTooSmall', 'MetadataTooLarge']);

/** Names that the SDK gives to a response that is not S3's. */
const NAMELESS = new Set(['', 'Error', 'Unknown', 'UnknownError', 'SyntaxError']);

function reasonOf(words: string, name: string): string {
  const code = NAMELESS.has(name) || words.includes(name) ? '' : ` (${name})`;
  return `${words.replace(/\.\s*$/, '')}${code}`;
}

function everyFile(name: string): EveryFile {
  if (NAMELESS.has(name)) {
    return {
      reason: 'S3 without a code',
      remedy: 'A proxy or a firewall may answer in place of S3. Check the network.',
    };
  }
  const remedy = name.startsWith('KMS.')
    ? 'Enable the KMS key that encrypts the bucket, and allow the role of the group ADMINS to use it (AWS console, KMS).'
    : 'Correct what S3 reports.';
  return { reason: `S3 ${name}`, remedy };
}
