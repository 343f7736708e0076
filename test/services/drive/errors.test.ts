import { expect } from 'chai';
import {
  aboutFile,
  aboutListing,
  aboutRun,
  DriveRefusal,
  driveFault,
} from '../../../src/services/drive/errors.ts';
import { FileError, RunError } from '../../../stages/errors.ts';

const body = (reason: string) => JSON.stringify({ error: { message: 'Said so.', errors: [{ reason }] } });
const detailed = (reason: string) =>
  JSON.stringify({ error: { message: 'Said so.', errors: [], details: [{ '@type': 'x' }, { reason }] } });
const coded = (code: string, cause?: unknown) => Object.assign(new Error('lost', { cause }), { code });
const HTML = '<html><head><title>Sorry</title></head></html>';

const ROBOT =
  "<html><head><title>Sorry...</title></head><body>We're sorry... but your computer or network may be sending automated queries.</body></html>";

const THROTTLED = 'tried again with patience';
const PASSING = 'tried again a few times';
const FINAL = 'not tried again';

type Case = [
  what: string,
  error: unknown,
  query: typeof THROTTLED | typeof PASSING | typeof FINAL,
  /** Of the FileError as `code status retryable`, or of the RunError as `stops: code`. */
  file: string,
];

/** Refusals by status and reason. */
const REFUSALS: [status: number, reason: string, query: Case[2], file: string][] = [
  [403, 'userRateLimitExceeded', THROTTLED, 'drive_refused failed again'],
  [403, 'rateLimitExceeded', THROTTLED, 'drive_refused failed again'],
  [403, 'sharingRateLimitExceeded', THROTTLED, 'drive_refused failed again'],
  [403, 'downloadQuotaExceeded', FINAL, 'downloadQuotaExceeded failed again'],
  [403, 'cannotDownloadAbusiveFile', FINAL, 'cannotDownloadAbusiveFile needs_review final'],
  [403, 'fileNotDownloadable', FINAL, 'fileNotDownloadable needs_review final'],
  [403, 'cannotDownloadFile', FINAL, 'cannotDownloadFile needs_review final'],
  [403, 'insufficientFilePermissions', FINAL, 'insufficientFilePermissions needs_review final'],
  [403, 'dailyLimitExceeded', FINAL, 'stops: dailyLimitExceeded'],
  [403, 'domainPolicy', FINAL, 'stops: domainPolicy'],
  [403, 'accessNotConfigured', FINAL, 'stops: accessNotConfigured'],
  [403, 'insufficientPermissions', FINAL, 'stops: insufficientPermissions'],
  [403, 'brandNew', FINAL, 'drive_refused failed final'],
  [403, 'constructor', FINAL, 'drive_refused failed final'],
  [400, 'invalid', FINAL, 'drive_refused failed final'],
  [401, 'authError', FINAL, 'stops: google_sign_in_refused'],
  [404, 'notFound', FINAL, 'gone_from_drive orphan final'],
  [500, 'internalError', PASSING, 'drive_refused failed again'],
];

/** Responses that are not in Google's form. */
const PAGES: [status: number, body: string, query: Case[2], file: string][] = [
  [403, HTML, FINAL, 'drive_refused failed final'],
  [404, HTML, FINAL, 'drive_refused failed final'],
  [403, ROBOT, FINAL, 'drive_refused failed final'],
  [429, ROBOT, FINAL, 'drive_refused failed final'],
  [408, HTML, PASSING, 'drive_refused failed again'],
  [502, HTML, PASSING, 'drive_refused failed again'],
  [503, '', PASSING, 'drive_refused failed again'],
  [429, '', THROTTLED, 'drive_refused failed again'],
];

const aborted = Object.assign(new Error('aborted'), { name: 'AbortError' });
const BROKEN = 'download_broken failed again';

const CASES: Case[] = [
  ...REFUSALS.map(([status, reason, query, file]): Case => {
    return [`${status} ${reason}`, new DriveRefusal(status, body(reason)), query, file];
  }),
  ...PAGES.map(([status, text, query, file]): Case => {
    return [`${status} with "${text.slice(-60)}"`, new DriveRefusal(status, text), query, file];
  }),
  ...['ECONNRESET', 'EPROTO', 'STALLED', 'MALFORMED_RESPONSE', 'ERR_SSL_BAD_RECORD_TYPE'].map(
    (code): Case => [code, coded(code), PASSING, BROKEN],
  ),
  ['SERVICE_DISABLED', new DriveRefusal(403, detailed('SERVICE_DISABLED')), FINAL, 'stops: SERVICE_DISABLED'],
  ['a cause', new Error('failed', { cause: coded('ECONNRESET') }), PASSING, BROKEN],
  ['a query that timed out', aborted, PASSING, BROKEN],
  ['an untrusted certificate', coded('CERT_HAS_EXPIRED'), FINAL, 'stops: certificate_not_trusted'],
  ['something unforeseen', 'oops', PASSING, BROKEN],
  ['the end of the sign-in', new RunError('over', 'Over.', 'Sign in.'), FINAL, 'stops: over'],
];

describe('an error of Drive', () => {
  for (const [what, error, query, file] of CASES) {
    it(`${what}: ${query}; for its file ${file}`, () => {
      const { kind } = driveFault(error);
      expect(kind === 'throttled' ? THROTTLED : kind === 'temporary' ? PASSING : FINAL).to.equal(query);
      const meaning = aboutFile(error, '1.jpg (abc)');
      if (meaning instanceof RunError) {
        expect(`stops: ${meaning.code}`).to.equal(file);
        expect(meaning.remedy).to.match(/\w{3}.*\.$/);
        expect(aboutRun(error)?.code, 'the same for a listing').to.equal(meaning.code);
        expect(aboutListing(error, 'list').code).to.equal(meaning.code);
      } else {
        expect(`${meaning.code} ${meaning.status} ${meaning.retryable ? 'again' : 'final'}`).to.equal(file);
        expect(meaning.message).to.match(/^1\.jpg \(abc\): .{10,}\.$/);
        expect(aboutRun(error)).to.equal(null);
      }
    });
  }

  it('is given back as it is when it is told in the words of the stages already', () => {
    const error = new FileError('x', 'y');
    expect(aboutFile(error, '1.jpg')).to.equal(error);
  });

  const listings: [string, unknown, string, RegExp][] = [
    ['that was refused', new DriveRefusal(403, body('forbidden')), 'drive_refused', /shared with/],
    ['that was throttled to the end', new DriveRefusal(429, ''), 'drive_refused', /^Wait/],
    ['that Drive could not answer', new DriveRefusal(503, HTML), 'drive_refused', /^Wait/],
    ['that met no answer', coded('ECONNREFUSED'), 'drive_unreachable', /^Check the network/],
  ];
  for (const [what, error, code, remedy] of listings) {
    it(`ends the run for a listing ${what}, and says what failed and what to do`, () => {
      const end = aboutListing(error, 'list the folder');
      expect(end).to.be.instanceOf(RunError);
      expect(end.code).to.equal(code);
      expect(end.message).to.include('list the folder');
      expect(end.remedy).to.match(remedy);
    });
  }
});

describe('a refusal by Drive', () => {
  it('tells its reasons, from errors and details alike, and Google’s own words', () => {
    const error = { message: 'Too fast', errors: [{ reason: 'a' }, {}], details: [{ reason: 'b' }] };
    const { reasons, message } = new DriveRefusal(403, JSON.stringify({ error }));
    expect({ reasons, message }).to.deep.equal({ reasons: ['a', 'b'], message: 'Too fast' });
  });

  it('that is a page of somebody else has its title', () => {
    expect(new DriveRefusal(502, HTML).message).to.equal('an HTML page, "Sorry"');
  });

  it('may concern every file, unless its reason is about one', () => {
    const concerns = (status: number, text: string) =>
      (aboutFile(new DriveRefusal(status, text), '1.jpg') as FileError).everyFile;
    expect(concerns(403, ROBOT)!.remedy).to.match(/automated traffic.*queries_per_second/);
    expect(concerns(403, HTML)!.remedy).to.include('proxy');
    expect(concerns(403, body('brandNew'))).to.include({ reason: 'Drive brandNew', isUncertain: true });
    for (const [status, reason] of [
      [403, 'downloadQuotaExceeded'],
      [403, 'cannotDownloadAbusiveFile'],
      [403, 'cannotDownloadFile'],
      [404, 'notFound'],
      [503, 'backendError'],
    ] as const)
      expect(concerns(status, body(reason)), reason).to.equal(null);
  });

  it('has no reasons and speaks of the status when its body is not Google’s', () => {
    for (const text of ['', 'null', '"text"', '{}', '{"error":"invalid_grant"}', '{"error":{"errors":7}}']) {
      const { reasons, message } = new DriveRefusal(502, text);
      expect({ reasons, message }, text).to.deep.equal({ reasons: [], message: 'HTTP 502' });
    }
  });

  it('asks to wait for seconds', () => {
    expect(new DriveRefusal(429, '', '17').retryAfterMs).to.equal(17_000);
    expect(aboutFile(new DriveRefusal(429, '', '17'), 'x')).to.have.property('retryAfterMs', 17_000);
  });
});
