import { expect } from 'chai';
import {
  type AppSyncError,
  aboutRequest,
  fieldFault,
  isConflict,
  isForbidden,
  isSchemaMismatch,
  isSignInRefused,
  RequestFailed,
  requestRetryPolicy,
} from '../../../src/services/appsync/errors.ts';
import { RunError } from '../../../stages/errors.ts';

const ENDPOINT = 'https://x.appsync-api.us-east-1.amazonaws.com/graphql';

const FIELD_ERRORS: [what: string, error: AppSyncError, meaning: string][] = [
  [
    'a record that exists',
    {
      errorType: 'DynamoDB:ConditionalCheckFailedException',
      message: 'The conditional request failed (Service: DynamoDb, Status Code: 400, Request ID: ABC)',
    },
    'conflict',
  ],
  ['a user outside the group', { errorType: 'Unauthorized', message: 'Not Authorized' }, 'forbidden'],
  ...[
    'DynamoDB:ProvisionedThroughputExceededException',
    'DynamoDB:ThrottlingException',
    'DynamoDB:RequestLimitExceeded',
    'DynamoDB:InternalServerErrorException',
    'DynamoDB:TransactionConflictException',
    'TooManyRequestsException',
    'LimitExceededException',
    'ServiceUnavailableException',
    'InternalFailure',
    'ExecutionTimeout',
    'Lambda:Unhandled',
    'SomeTypeOfTomorrow',
  ].map((errorType): [string, AppSyncError, string] => [errorType, { errorType, message: 'x' }, 'passing']),
  ['a request that timed out', { message: 'Request timed out.' }, 'passing'],
  ['an execution timeout in other words', { message: 'Execution timeout.' }, 'passing'],
  ['a key that is empty', { errorType: 'DynamoDB:DynamoDbException', message: 'not valid' }, 'final'],
  ['a value that cannot be coerced', { message: "Variable 'type' has an invalid value." }, 'schema'],
  ['an enum value that there is not', { message: "No value found for name 'IMAGE'" }, 'schema'],
  [
    'an unknown field',
    { message: "Validation error of type FieldUndefined: Field 'x' in type 'Query' is undefined @ 'x'" },
    'schema',
  ],
  [
    'an unknown type',
    { message: 'Validation error of type UnknownType: Unknown type CreateMediaInput' },
    'schema',
  ],
  [
    'an unknown field, as other servers say it',
    { message: 'Cannot query field "x" on type "Query".' },
    'schema',
  ],
  ['a document that does not validate', { errorType: 'ValidationError', message: 'x' }, 'schema'],
  ['an error without words', {}, 'final'],
];

describe('an error of AppSync for one field', () => {
  for (const [what, error, meaning] of FIELD_ERRORS) {
    it(`${what}: ${meaning}`, () => {
      const found = [
        isConflict(error) && 'conflict',
        isForbidden(error) && 'forbidden',
        fieldFault(error) !== 'refused' && 'passing',
        isSchemaMismatch([error]) && 'schema',
      ].filter(Boolean);
      expect(found).to.deep.equal(meaning === 'final' ? [] : [meaning]);
    });
  }
});

const failed = (status: number | null, errorType?: string, message = 'Said so.') =>
  new RequestFailed(status, message, errorType === undefined ? [] : [{ errorType, message }]);

const REQUESTS: [what: string, error: unknown, meaning: string][] = [
  ['no answer', failed(null), 'appsync_unreachable again'],
  [
    'a certificate',
    new RequestFailed(null, 'x', [], { cause: { code: 'CERT_HAS_EXPIRED' } }),
    'certificate_not_trusted final',
  ],
  ['429', failed(429), 'appsync_refused again'],
  ['500', failed(500), 'appsync_refused again'],
  [
    '400 MalformedHttpRequestException',
    failed(400, 'MalformedHttpRequestException'),
    'appsync_refused final',
  ],
  ['403 of a firewall', failed(403), 'appsync_refused final'],
  ['404', failed(404, 'NotFoundException'), 'appsync_refused final'],
  ['401', failed(401, 'UnauthorizedException'), 'appsync_sign_in_refused final'],
  ['401 without words', failed(401), 'appsync_sign_in_refused final'],
  ['200 UnauthorizedException', failed(200, 'UnauthorizedException'), 'appsync_sign_in_refused final'],
  ['200 Unauthorized', failed(200, 'Unauthorized'), 'not_in_group final'],
  ['200 ValidationError', failed(200, 'ValidationError'), 'schema_mismatch final'],
  ['something unforeseen', new TypeError('oops'), 'appsync_unexpected final'],
  ['a sign-in that is over', new RunError('cognito_over', 'Over.', 'Sign in again.'), 'cognito_over final'],
];

describe('a request to AppSync that fails', () => {
  for (const [what, error, meaning] of REQUESTS) {
    it(`${what}: ends the run as ${meaning.replace(' again', ', after retries').replace(' final', '')}`, () => {
      const end = aboutRequest(error, ENDPOINT);
      expect(end).to.be.instanceOf(RunError);
      expect(`${end.code} ${requestRetryPolicy(error).again ? 'again' : 'final'}`).to.equal(meaning);
      expect(end.remedy).to.match(/\w{3}.*\.$/);
      if (/unreachable|appsync_refused|certificate/.test(end.code)) expect(end.message).to.include(ENDPOINT);
      expect(isSignInRefused(error)).to.equal(end.code === 'appsync_sign_in_refused');
    });
  }
});
