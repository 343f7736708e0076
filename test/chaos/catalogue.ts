/** Every fault that may befall a request, by service and operation, and how often it does compared with the others. */
import type { IncomingMessage } from 'node:http';
import type { Cloud } from '../cloud/cloud.ts';
import type { Intercept } from '../cloud/service.ts';
import {
  answer,
  answerAfterwards,
  appSyncRefusal,
  awsRefusal,
  breakAfter,
  brokenOff,
  driveRefusal,
  flipByte,
  htmlPage,
  lostAnswer,
  reset,
  s3Refusal,
  silence,
  stallAfter,
} from '../faults.ts';
import type { Dice, Weighted } from './dice.ts';
import {
  everyFieldFails,
  flipOnTheWay,
  longBody,
  shortBody,
  someFieldsFailAfterwards,
  spoiltToken,
} from './fault-tools.ts';

interface Fault extends Weighted {
  readonly name: string;
  /** What happens; `dice` decide what the name leaves open. */
  readonly make: (dice: Dice, cloud: Cloud) => Intercept;
  /** Absent: any request of the operation. */
  readonly fits?: (request: IncomingMessage, cloud: Cloud) => boolean;
}

const RETRY_AT_ONCE = { 'retry-after': '0' };
/** Places in a body: most faults come early, some behind the first part. */
const place = (dice: Dice): number => Math.floor(2 ** (dice.fraction('place') * 24));
const fault = (name: string, weight: number, make: Fault['make'], fits?: Fault['fits']): Fault => ({
  name,
  weight,
  make,
  fits,
});
/** Nobody can tell that a byte of any other file has changed. */
function hasMd5(request: IncomingMessage, { drive }: Cloud): boolean {
  const id = /\/files\/([^/?]+)/.exec(request.url!)?.[1];
  return drive.tree.find(decodeURIComponent(id ?? ''))?.md5 !== null;
}

/** One fault for each of the words, with its weight. */
const refusals = (
  refusal: (status: number, word: string) => Intercept,
  status: number,
  words: Record<string, number>,
): Fault[] =>
  Object.entries(words).map(([word, weight]) =>
    fault(`${status} ${word}`, weight, () => refusal(status, word)),
  );

/** A fault that happens beside the request, which is then answered as ever. */
const aside = (
  name: string,
  weight: number,
  happens: (cloud: Cloud, request: IncomingMessage) => void,
): Fault =>
  fault(name, weight, (_, cloud) => request => {
    happens(cloud, request);
    return false;
  });

const ANYWHERE: readonly Fault[] = [
  fault('reset', 3, () => reset),
  fault('page of a gateway', 1, dice => htmlPage(dice.pick('status', [500, 502, 503, 504]))),
  fault('lost answer', 3, () => lostAnswer),
];

const GOOGLE_TOO_FAST: readonly Fault[] = [
  ...refusals(driveRefusal, 403, { userRateLimitExceeded: 2, rateLimitExceeded: 2 }),
  fault('429 with Retry-After', 1, () => driveRefusal(429, 'rateLimitExceeded', RETRY_AT_ONCE)),
  ...refusals(driveRefusal, 500, { backendError: 2 }),
  ...refusals(driveRefusal, 403, { dailyLimitExceeded: 0.2, accessNotConfigured: 0.2 }),
  aside('access tokens expire', 1, ({ drive }) => drive.accounts.expireAccessTokens()),
];

const QUERY: readonly Fault[] = [
  ...ANYWHERE,
  ...GOOGLE_TOO_FAST,
  fault('answer broken off', 1, () => brokenOff(200, '{"files":[')),
  fault('page of a captive portal', 1, () => htmlPage(200)),
  fault(
    'page token becomes invalid',
    6,
    dice => driveRefusal(400, dice.pick('reason', ['invalid', 'invalidPageToken', 'badRequest'])),
    request => /[?&]pageToken=/.test(request.url!),
  ),
];

const DOWNLOAD: readonly Fault[] = [
  ...ANYWHERE,
  ...GOOGLE_TOO_FAST,
  ...refusals(driveRefusal, 403, { downloadQuotaExceeded: 0.5, cannotDownloadAbusiveFile: 0.3 }),
  ...refusals(driveRefusal, 403, { cannotDownloadFile: 0.3, fileNotDownloadable: 0.3 }),
  ...refusals(driveRefusal, 403, { insufficientFilePermissions: 0.3 }),
  fault('download breaks', 5, dice => breakAfter(place(dice))),
  fault('download stalls', 0.7, dice => stallAfter(place(dice))),
  fault('no answer', 0.2, () => silence),
  fault('flipped byte', 3, dice => flipByte(place(dice)), hasMd5),
  fault('short body', 2, dice => shortBody(place(dice))),
  fault('long body', 2, dice => longBody(place(dice))),
  fault('page in place of the file', 1, () => htmlPage(200)),
];

const S3_ANY: readonly Fault[] = [
  ...ANYWHERE,
  ...refusals(s3Refusal, 503, { SlowDown: 3 }),
  ...refusals(s3Refusal, 500, { InternalError: 2 }),
  ...refusals(s3Refusal, 400, { RequestTimeout: 1 }),
  aside('keys expire', 1, ({ credentials }, request) => {
    const keyId = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1];
    if (keyId) credentials.expire(keyId);
  }),
];

const CREATE_OBJECT = refusals(s3Refusal, 409, { ConditionalRequestConflict: 1 });

const BYTES_ARRIVE: readonly Fault[] = [
  fault('byte flipped on the way', 2, dice => flipOnTheWay(place(dice))),
];

const COGNITO: readonly Fault[] = [
  ...ANYWHERE,
  ...refusals(awsRefusal, 400, { TooManyRequestsException: 2 }),
  ...refusals(awsRefusal, 500, { InternalErrorException: 2 }),
];

const PASSING_FIELD_ERRORS =
  'ProvisionedThroughputExceededException ThrottlingException InternalServerError RequestLimitExceeded'
    .split(' ')
    .map(type => `DynamoDB:${type}`);

const GRAPHQL: readonly Fault[] = [
  ...ANYWHERE,
  fault('500 after execution', 4, () => answerAfterwards(500, '{"errors":[{"message":"Internal Failure"}]}')),
  fault('answer cut off', 1, () => answerAfterwards(200, '{"data":{"m0":')),
  fault('429 with Retry-After', 1, () => appSyncRefusal(429, 'TooManyRequestsException', RETRY_AT_ONCE)),
  fault('503 ServiceUnavailable', 1, () => appSyncRefusal(503, 'ServiceUnavailableException')),
  fault('fields throttled', 4, dice => everyFieldFails(dice.pick('type', PASSING_FIELD_ERRORS))),
  fault('fields fail after execution', 3, dice =>
    someFieldsFailAfterwards(dice.pick('type', PASSING_FIELD_ERRORS)),
  ),
  fault('next token becomes invalid', 2, () => spoiltToken),
  aside('ID tokens expire', 1, ({ userPool }) => userPool.expireTokens()),
];

/** By `service operation`, as the services name them. */
export const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  'drive files.list': QUERY,
  'drive files.get': QUERY,
  'drive files.download': DOWNLOAD,
  'drive token': [
    ...ANYWHERE,
    fault('500', 1, () =>
      answer(500, '{"error":"internal_failure"}', { 'content-type': 'application/json' }),
    ),
  ],
  'cognito InitiateAuth': COGNITO,
  'cognito RespondToAuthChallenge': COGNITO,
  'cognito GetTokensFromRefreshToken': COGNITO,
  'identity GetId': COGNITO,
  'identity GetCredentialsForIdentity': COGNITO,
  's3 PutObject': [...S3_ANY, ...CREATE_OBJECT, ...BYTES_ARRIVE],
  's3 CreateMultipartUpload': S3_ANY,
  's3 UploadPart': [...S3_ANY, ...BYTES_ARRIVE],
  's3 CompleteMultipartUpload': [
    ...S3_ANY,
    ...CREATE_OBJECT,
    fault('200 with an error in it', 2, () => s3Refusal(200, 'InternalError')),
    fault('lost answer', 5, () => lostAnswer),
  ],
  's3 HeadObject': S3_ANY,
  's3 AbortMultipartUpload': S3_ANY,
  'appsync graphql': GRAPHQL,
};
