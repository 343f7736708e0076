import { expect } from 'chai';
import { aboutUpload, isBadDigest, isExpiredToken, isTaken } from '../../../src/services/s3/errors.ts';
import { FileError, RunError } from '../../../stages/errors.ts';

const s3 = (name: string, httpStatusCode: number) =>
  Object.assign(new Error(`S3 said ${name}`), { name, $metadata: { httpStatusCode } });
const coded = (code: string, message = `lost: ${code}`) =>
  Object.assign(new Error(message), { code, $metadata: { attempts: 3 } });

/** What it means: `code again`, `code final` or `stops: code`. */
const CASES: [what: string, error: unknown, meaning: string][] = [
  ['503 SlowDown', s3('SlowDown', 503), 'storage_busy again'],
  ['SlowDown under another status', s3('SlowDown', 400), 'storage_busy again'],
  ['500 InternalError', s3('InternalError', 500), 'storage_busy again'],
  ['503 ServiceUnavailable', s3('ServiceUnavailable', 503), 'storage_busy again'],
  ['400 RequestTimeout', s3('RequestTimeout', 400), 'storage_busy again'],
  ['400 IncompleteBody', s3('IncompleteBody', 400), 'storage_busy again'],
  ['409 OperationAborted', s3('OperationAborted', 409), 'storage_busy again'],
  ['409 ConditionalRequestConflict', s3('ConditionalRequestConflict', 409), 'storage_busy again'],
  ['404 NoSuchUpload', s3('NoSuchUpload', 404), 'storage_busy again'],
  ['400 BadDigest', s3('BadDigest', 400), 'storage_busy again'],
  ['a certificate', coded('SELF_SIGNED_CERT_IN_CHAIN'), 'stops: certificate_not_trusted'],
  ['a disabled key', s3('KMS.DisabledException', 400), 'storage_refused final'],
  ['ECONNREFUSED', coded('ECONNREFUSED'), 'storage_unreachable again'],
  ['an error without words', coded('ECONNREFUSED', ''), 'storage_unreachable again'],
  ['TimeoutError', Object.assign(new Error('late'), { name: 'TimeoutError' }), 'storage_unreachable again'],
  ['something unforeseen', 'oops', 'storage_unreachable again'],
  ['nothing at all', undefined, 'storage_unreachable again'],
  ['400 InvalidRequest', s3('InvalidRequest', 400), 'storage_refused final'],
  ['400 KeyTooLongError', s3('KeyTooLongError', 400), 'storage_refused final'],
  ['400 EntityTooLarge', s3('EntityTooLarge', 400), 'storage_refused final'],
  ['404 NoSuchBucket', s3('NoSuchBucket', 404), 'stops: bucket_missing'],
  ['403 AccessDenied', s3('AccessDenied', 403), 'stops: storage_access_denied'],
  ['403 InvalidAccessKeyId', s3('InvalidAccessKeyId', 403), 'stops: storage_keys_refused'],
  ['403 SignatureDoesNotMatch', s3('SignatureDoesNotMatch', 403), 'stops: storage_keys_refused'],
  ['403 RequestTimeTooSkewed', s3('RequestTimeTooSkewed', 403), 'stops: clock_skewed'],
];

describe('an error of S3', () => {
  for (const [what, error, meaning] of CASES) {
    it(`${what}: ${meaning}`, () => {
      const told = aboutUpload(error, '1.jpg (abc)', 'amplify-media');
      if (told instanceof RunError) {
        expect(`stops: ${told.code}`).to.equal(meaning);
        if (told.code !== 'certificate_not_trusted') expect(told.message).to.include('amplify-media');
        expect(told.remedy).to.match(/\w{3}.*\.$/);
      } else {
        expect(`${told.code} ${told.retryable ? 'again' : 'final'}`).to.equal(meaning);
        expect(told.status).to.equal('failed');
        expect(told.message).to.match(/^1\.jpg \(abc\): S3 .+: .+\.$/);
      }
      expect(isTaken(error)).to.equal(false);
    });
  }

  it('is given back as it is when it is of the download or of the sign-in', () => {
    for (const error of [new FileError('x', 'y'), new RunError('x', 'y', 'z')])
      expect(aboutUpload(error, '1.jpg', 'b')).to.equal(error);
  });

  it('may concern every file, unless it is about one', () => {
    const concerns = (name: string, status: number) =>
      (aboutUpload(s3(name, status), '1.jpg', 'b') as FileError).everyFile;
    expect(concerns('KMS.DisabledException', 400)!.remedy).to.include('KMS key');
    expect(concerns('QuotaExceeded', 403)!.reason).to.equal('S3 QuotaExceeded');
    for (const name of ['KeyTooLongError', 'EntityTooLarge', 'SlowDown', 'BadDigest'])
      expect(concerns(name, 400), name).to.equal(null);
  });

  it('is told by its code when it has no words', () => {
    expect(aboutUpload(coded('ECONNREFUSED', ''), '1.jpg', 'b').message).to.include('ECONNREFUSED');
  });

  it('tells a key that is taken, by name and by status', () => {
    expect(isTaken(s3('PreconditionFailed', 412))).to.equal(true);
    expect(isTaken(s3('Unknown', 412))).to.equal(true);
    // In the body of a 200, which the SDK takes for a 500.
    expect(isTaken(s3('PreconditionFailed', 500))).to.equal(true);
  });

  it('tells keys that have expired', () => {
    for (const name of ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'])
      expect(isExpiredToken(s3(name, 400)), name).to.equal(true);
    expect(isExpiredToken(s3('AccessDenied', 403))).to.equal(false);
  });

  it('tells bytes that are not those of the digest', () => {
    for (const name of ['BadDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch'])
      expect(isBadDigest(s3(name, 400)), name).to.equal(true);
    expect(isBadDigest(s3('InvalidDigest', 400))).to.equal(false);
  });
});
