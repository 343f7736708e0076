/**
 * config.json: its structure, and for each value the flag of `config`, the description, the limits, the default and the
 * environment variable. Flags, questions, checks, `show` and warnings are made from it.
 */
import * as v from 'valibot';
import { FOLDER_ID, RESOURCE_KEY } from './home.ts';
import { prefixDisambiguation } from './prefix-rules.ts';
import {
  bandwidth,
  choice,
  endpoint,
  name,
  number,
  optionalName,
  path,
  region,
  text,
  wholeNumber,
  yesOrNo,
} from './setting-types.ts';

function section<const Entries extends v.ObjectEntries>(entries: Entries) {
  const schema = v.object(entries, 'an object { … }');
  // Every entry has a default, which the compiler cannot see here.
  return v.optional(schema, {} as v.InferInput<typeof schema>);
}

const observationModel = section({
  name: name('observation-model', 'model that the files belong to', 'Observation'),
  sequential_id: name('sequential-id-field', 'its field with the number in the file names', 'sequentialId'),
  list_query: optionalName('observation-list-query', 'query that lists it; made from its name when empty'),
  index_query: optionalName(
    'observation-index-query',
    'query of the index on that field; found in the schema when empty',
  ),
});

const mediaModel = section({
  name: name('media-model', 'model of the media records', 'Media'),
  url: name('media-url-field', 'its field for the address of the object', 'url'),
  type: optionalName('media-type-field', 'its field for photo or video; empty if it has none', 'type'),
  types: section({
    image: optionalName(
      'media-type-image',
      'value of that field for photos, like PHOTO; found in the schema when empty',
    ),
    video: optionalName(
      'media-type-video',
      'value of that field for videos, like VIDEO; found in the schema when empty',
    ),
  }),
  observation_id: name('media-observation-field', "its field for the observation's id", 'observationId'),
  is_available_for_public_use: optionalName(
    'media-public-field',
    'its yes-or-no field for public use; empty if it has none',
    'isAvailableForPublicUse',
  ),
  list_query: optionalName('media-list-query', 'query that lists it; made from its name when empty'),
  get_query: optionalName('media-get-query', 'query that gets one; made from its name when empty'),
  create_mutation: optionalName(
    'media-create-mutation',
    'mutation that creates one; made from its name when empty',
  ),
  delete_mutation: optionalName(
    'media-delete-mutation',
    'mutation that deletes one; made from its name when empty',
  ),
});

const googleDrive = section({
  folder_id: text('folder-id', 'Drive folder to migrate: its id, or its address in the browser', {
    pattern: FOLDER_ID,
    accepts: 'the id of a Drive folder (letters, digits, "-", "_", ".")',
  }),
  resource_key: text(
    'resource-key',
    'resource key of that folder; an address with "resourcekey=" sets it, too',
    { pattern: RESOURCE_KEY, accepts: 'a resource key (letters, digits, "-", "_")' },
  ),
  credentials_path: path(
    'credentials-path',
    'JSON of a Google desktop client, a service-account key, or other Google credentials',
    'google_credentials.json',
    'GOOGLE_APPLICATION_CREDENTIALS',
  ),
  token_path: path('token-path', 'file with the Google refresh token', 'google_token.json'),
  impersonate: text('impersonate', 'user for whom a service account acts (domain-wide delegation)', {
    pattern: /^[^\s@]+@[^\s@]+$/,
    accepts: 'the e-mail address of a user',
  }),
  queries_per_second: number('queries-per-second', 'requests a second to Drive', {
    from: 0.001,
    to: 1000,
    initial: 10,
  }),
  quota_redis_url: text('quota-redis-url', 'Redis through which several processes share the request rate', {
    pattern: /^rediss?:\/\/[^\s/]+(?:\/\d*)?$/,
    accepts: 'an address like rediss://host:6379',
    env: 'MIGRATOR_QUOTA_REDIS_URL',
  }),
  api_url: endpoint('drive-api-url', 'address of the Drive API', 'https://www.googleapis.com'),
});

const cognito = section({
  user_pool_id: text('user-pool-id', 'Cognito user pool, like us-east-1_AbCdEfGhI', {
    pattern: /^[\w-]+_[0-9A-Za-z]+$/,
    accepts: 'a user pool id like us-east-1_AbCdEfGhI',
  }),
  client_id: text('client-id', "the user pool's app client", {
    pattern: /^[\w+]+$/,
    accepts: 'an app client id (letters and digits)',
  }),
  identity_pool_id: text('identity-pool-id', 'Cognito identity pool, like us-east-1:01234567-…', {
    pattern: /^[\w-]+:[\w-]+$/,
    accepts: 'an identity pool id like us-east-1:01234567-89ab-…',
  }),
  username: text('username', 'who signs in to the user pool; with Amplify the e-mail address', {
    pattern: /^\S+$/,
    accepts: 'a user name without spaces',
  }),
});

const amplify = section({
  api_endpoint: endpoint('api-endpoint', 'AppSync address, ending in /graphql', '', 'AMPLIFY_API_ENDPOINT'),
  storage_bucket: text('storage-bucket', 'S3 bucket of Amplify Storage', {
    pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    accepts: 'the name of an S3 bucket',
  }),
  storage_region: region('storage-region', 'AWS region of the bucket, if it is another one'),
  storage_group: text('storage-group', 'user pool group that may write to the bucket', {
    pattern: /^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$/u,
    accepts: 'the name of a user pool group',
    initial: 'ADMINS',
  }),
  server_side_encryption: choice(
    'server-side-encryption',
    'encryption that uploads ask for: AES256, aws:kms or aws:kms:dsse',
    ['', 'AES256', 'aws:kms', 'aws:kms:dsse'],
    '',
  ),
  kms_key_id: text('kms-key-id', 'KMS key of that encryption; the default key of the bucket when empty', {
    pattern: /^[\w:/-]{1,2048}$/,
    accepts: 'the id, alias or ARN of a KMS key',
  }),
  models: section({ observation: observationModel, media: mediaModel }),
});

const PART_SIZES = { from: 5, to: 5120 };

const migration = section({
  concurrency: wholeNumber('concurrency', 'files transferred at a time', { from: 1, to: 100, initial: 10 }),
  retry_attempts: wholeNumber('retry-attempts', 'retries after a temporary error', {
    from: 0,
    to: 20,
    initial: 3,
  }),
  retry_delay_seconds: number('retry-delay-seconds', 'wait before the first retry, in seconds', {
    from: 0,
    to: 3600,
    initial: 5,
  }),
  chunk_size_mb: wholeNumber('chunk-size-mb', 'part size of multipart uploads, in MiB', {
    ...PART_SIZES,
    initial: 8,
  }),
  multipart_threshold_mb: wholeNumber(
    'multipart-threshold-mb',
    'largest file that is sent in one request, in MiB',
    { ...PART_SIZES, initial: 1024 },
  ),
  default_media_public: yesOrNo(
    'default-media-public',
    'isAvailableForPublicUse of the media records',
    false,
  ),
  max_range: wholeNumber('max-range', 'largest number of ids that one file name may cover', {
    from: 1,
    to: 10_000,
    initial: 100,
  }),
  stall_timeout_seconds: wholeNumber(
    'stall-timeout-seconds',
    'seconds without a byte after which a connection is closed and retried',
    { from: 1, to: 3600, initial: 60 },
  ),
  throttle_patience_minutes: number(
    'throttle-patience-minutes',
    'minutes to wait for a service that limits the request rate, or cannot be reached any more, before the run stops',
    { from: 0, to: 1440, initial: 10 },
  ),
  bwlimit: bandwidth(
    'bwlimit',
    'bandwidth limit for all files together: a rate a second like 20M or 512k, or a timetable',
  ),
});

export const ConfigSchema = v.object({
  google_drive: googleDrive,
  aws: section({
    region: region('region', 'AWS region, like us-east-1', 'AWS_REGION'),
    cognito,
    amplify,
  }),
  migration,
  naming: choice('naming', 'how file names are read: strict or relaxed', ['strict', 'relaxed'], 'strict'),
  prefix_disambiguation: prefixDisambiguation,
});

export type Config = v.InferOutput<typeof ConfigSchema>;

/**
 * What the Amplify project calls its models and their fields. An empty query name stands for the one that Amplify makes
 * from the model's name; an empty `index_query` for the one in the schema, if there is one.
 */
export type ModelNames = Config['aws']['amplify']['models'];
