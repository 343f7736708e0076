import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { RequestFailed } from '../../../src/services/appsync/errors.ts';
import { DriveRefusal } from '../../../src/services/drive/errors.ts';
import { FileError, RunError } from '../../../stages/errors.ts';
import {
  connectionError,
  type FaultKind,
  faultOf,
  retryAfterOf,
  retryPolicyFor,
} from '../../../stages/retry/faults.ts';

/** As Node gives it. */
const node = (code: string, message = `lost: ${code}`) => Object.assign(new Error(message), { code });
/** As `fetch` gives it, which says nothing itself. */
const fetched = (cause: unknown) => new TypeError('fetch failed', { cause });
/** As Google's client gives it. */
const gaxios = (status: number, headers = {}) =>
  Object.assign(new Error(`Request failed with status code ${status}`), {
    name: 'GaxiosError',
    code: String(status),
    status,
    response: { status, headers: new Headers(headers) },
  });
/** As the AWS SDK gives it. */
const aws = (name: string, httpStatusCode?: number, headers = {}) =>
  Object.assign(new Error(`Said ${name}.`), {
    name,
    $metadata: { attempts: 1, ...(httpStatusCode && { httpStatusCode }) },
    $response: { statusCode: httpStatusCode, headers },
  });
const drive = (status: number, reason: string) =>
  new DriveRefusal(status, JSON.stringify({ error: { errors: [{ reason }] } }));
const appSync = (status: number | null, errorType: string) =>
  new RequestFailed(status, 'Said so.', [{ errorType, message: 'Said so.' }]);
/** As graphql-request gives it. */
const clientError = (status: number, headers = {}) =>
  Object.assign(new Error('GraphQL Error'), { response: { status, headers: new Headers(headers) } });

const BAD_MAC = '8021:error:0A000119:SSL routines:ssl3_get_record:decryption failed or bad record mac';

const named = (...codes: string[]) => codes.join(' ').split(' ');

const CASES: [what: string, error: unknown, kind: FaultKind, code: string][] = [
  // Below HTTP: the network.
  ...named(
    'ECONNRESET ECONNREFUSED ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENETDOWN ENOTFOUND',
    'EAI_AGAIN ERR_STREAM_PREMATURE_CLOSE UND_ERR_SOCKET UND_ERR_CONNECT_TIMEOUT',
    'UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT HPE_INVALID_CONSTANT SOME_CODE_OF_TOMORROW',
  ).map((code): [string, unknown, FaultKind, string] => [code, node(code), 'temporary', code]),
  ['fetch failed', fetched(node('ECONNRESET')), 'temporary', 'ECONNRESET'],
  [
    'IPv6 and IPv4 both refused',
    fetched(new AggregateError([node('ENETUNREACH'), node('ECONNREFUSED')])),
    'temporary',
    'ENETUNREACH',
  ],
  ['a time-out', Object.assign(new Error('late'), { name: 'TimeoutError' }), 'temporary', 'TimeoutError'],
  ['a response cut short', new SyntaxError('Unexpected end of JSON input'), 'temporary', 'SyntaxError'],
  ['an error without words', undefined, 'temporary', 'unknown'],
  // TLS.
  ['a bad record', node('EPROTO', BAD_MAC), 'temporary', 'EPROTO'],
  [
    'a bad record, by OpenSSL',
    node('ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'),
    'temporary',
    'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
  ],
  ['a bad record in fetch', fetched(node('EPROTO', BAD_MAC)), 'temporary', 'EPROTO'],
  ['an alert', node('ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR'), 'temporary', 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR'],
  ...named(
    'SELF_SIGNED_CERT_IN_CHAIN DEPTH_ZERO_SELF_SIGNED_CERT UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY CERT_HAS_EXPIRED CERT_NOT_YET_VALID',
    'CERT_REVOKED CERT_UNTRUSTED INVALID_CA ERR_TLS_CERT_ALTNAME_INVALID',
  ).map((code): [string, unknown, FaultKind, string] => [code, fetched(node(code)), 'refused', code]),
  // HTTP, in the words of each client.
  ['302 in a circle', gaxios(302), 'refused', 'HTTP 302'],
  ['400', gaxios(400), 'refused', 'HTTP 400'],
  ['401', gaxios(401), 'refused', 'HTTP 401'],
  ['407', gaxios(407), 'refused', 'HTTP 407'],
  [
    '407 to CONNECT',
    node('UND_ERR_ABORTED', 'Proxy response (407) !== 200 when HTTP Tunneling'),
    'refused',
    'HTTP 407',
  ],
  [
    '502 to CONNECT',
    node('UND_ERR_ABORTED', 'Proxy response (502) !== 200 when HTTP Tunneling'),
    'temporary',
    'HTTP 502',
  ],
  ['408', new DriveRefusal(408, ''), 'temporary', 'HTTP 408'],
  ['425', clientError(425), 'temporary', 'HTTP 425'],
  ['429', clientError(429), 'throttled', 'HTTP 429'],
  ['500', aws('Unknown', 500), 'temporary', 'HTTP 500'],
  ['501', aws('NotImplemented', 501), 'refused', 'HTTP 501'],
  ['502', clientError(502), 'temporary', 'HTTP 502'],
  ['503', aws('ServiceUnavailable', 503), 'temporary', 'HTTP 503'],
  ['503 that names a time', clientError(503, { 'retry-after': '20' }), 'throttled', 'HTTP 503'],
  ['504', new DriveRefusal(504, '<html></html>'), 'temporary', 'HTTP 504'],
  ['511 of a hotel', gaxios(511), 'temporary', 'HTTP 511'],
  ['200 that cannot be read', Object.assign(new Error('not JSON'), { status: 200 }), 'temporary', 'HTTP 200'],
  // Throttling under other statuses.
  ['Drive, for the user', drive(403, 'userRateLimitExceeded'), 'throttled', 'userRateLimitExceeded'],
  ['Drive, for all', drive(403, 'rateLimitExceeded'), 'throttled', 'rateLimitExceeded'],
  ['Google by gRPC', drive(403, 'RATE_LIMIT_EXCEEDED'), 'throttled', 'RATE_LIMIT_EXCEEDED'],
  ['Drive, used up for the day', drive(403, 'dailyLimitExceeded'), 'refused', 'HTTP 403'],
  [
    "Google's token service",
    Object.assign(new Error('x'), { response: { status: 403, data: { error: 'rate_limit_exceeded' } } }),
    'throttled',
    'rate_limit_exceeded',
  ],
  ['S3 SlowDown', aws('SlowDown', 503), 'throttled', 'SlowDown'],
  ['S3 ThrottlingException', aws('ThrottlingException', 400), 'throttled', 'ThrottlingException'],
  ['the key of a bucket', aws('KMS.ThrottlingException', 400), 'throttled', 'KMS.ThrottlingException'],
  ['Cognito', aws('TooManyRequestsException', 400), 'throttled', 'TooManyRequestsException'],
  ['AppSync', appSync(200, 'TooManyRequestsException'), 'throttled', 'TooManyRequestsException'],
  [
    'the table behind AppSync',
    { errorType: 'DynamoDB:ProvisionedThroughputExceededException', message: 'x' },
    'throttled',
    'DynamoDB:ProvisionedThroughputExceededException',
  ],
  // Requests that cannot be sent.
  ['a line break in a header', node('ERR_INVALID_CHAR'), 'refused', 'ERR_INVALID_CHAR'],
  ['a line break in a header, by undici', node('UND_ERR_INVALID_ARG'), 'refused', 'UND_ERR_INVALID_ARG'],
  // Errors that have been understood already.
  ['the end of the run', new RunError('over', 'Over.', 'Start again.'), 'refused', 'over'],
  ['a lasting fault of a file', new FileError('key_taken', 'x'), 'refused', 'key_taken'],
  ['a temporary fault of a file', new FileError('broke', 'x', { retryable: true }), 'temporary', 'broke'],
  [
    'a file that was throttled',
    new FileError('busy', 'x', { retryable: true, throttled: true }),
    'throttled',
    'busy',
  ],
];

describe('A fault', () => {
  for (const [what, error, kind, code] of CASES) {
    it(`${what}: ${kind}`, () => {
      expect(faultOf(error)).to.include({ kind, code });
      expect(retryPolicyFor()(error)).to.include({
        again: kind === 'temporary' || kind === 'throttled',
        throttled: kind === 'throttled',
      });
    });
  }

  it('goes by what its service says of a reason first', () => {
    const reasons = { OperationAborted: 'temporary', dailyLimitExceeded: 'throttled' } as const;
    expect(faultOf(aws('OperationAborted', 409), reasons)).to.include({ kind: 'temporary', status: 409 });
    expect(faultOf(drive(403, 'dailyLimitExceeded'), reasons)).to.include({ kind: 'throttled' });
    expect(faultOf(aws('constructor', 409), reasons)).to.include({ kind: 'refused' });
  });

  it('carries the pause that the service asks for, whichever client tells it', () => {
    const header = { 'retry-after': '17' };
    for (const error of [gaxios(429, header), aws('SlowDown', 503, header), clientError(429, header)])
      expect(faultOf(error).retryAfterMs).to.equal(17_000);
    expect(faultOf(new DriveRefusal(429, '', '17')).retryAfterMs).to.equal(17_000);
    expect(faultOf(gaxios(429)).retryAfterMs).to.equal(null);
    expect(retryAfterOf('Thu, 01 Jan 1970 00:00:00 GMT')).to.equal(0);
    expect(retryAfterOf('soon')).to.equal(null);
  });

  it('is found in what Node really throws', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => gone.once('listening', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise(resolve => gone.close(resolve));
    const error = await fetch(`http://127.0.0.1:${port}/`).catch(caught => caught);
    expect(faultOf(error)).to.include({ kind: 'temporary', code: 'ECONNREFUSED', status: null });
  });
});

describe('A fault of the connection', () => {
  it('that is a certificate ends the run and says how to trust it', () => {
    const error = connectionError(fetched(node('SELF_SIGNED_CERT_IN_CHAIN')), 'S3')!;
    expect(error).to.include({ code: 'certificate_not_trusted' });
    expect(error.message).to.equal('The certificate of S3 is not trusted (SELF_SIGNED_CERT_IN_CHAIN).');
    expect(error.remedy).to.include('NODE_EXTRA_CA_CERTS').and.not.include('clock');
  });

  it('that is a date names the clock as well', () => {
    for (const code of ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])
      expect(connectionError(node(code), 'S3')!.remedy)
        .to.include('clock')
        .and.include('NODE_EXTRA_CA_CERTS');
  });

  it('that is a name names the address as well', () => {
    expect(connectionError(node('ERR_TLS_CERT_ALTNAME_INVALID'), 'S3')!.remedy).to.include('migrator show');
  });

  it('that is a proxy names the variable', () => {
    expect(connectionError(gaxios(407), 'Drive')!.remedy).to.include('HTTPS_PROXY');
  });

  it('that passes ends nothing', () => {
    for (const error of [node('EPROTO', BAD_MAC), node('ENOTFOUND'), gaxios(403), undefined])
      expect(connectionError(error, 'S3')).to.equal(null);
  });
});
