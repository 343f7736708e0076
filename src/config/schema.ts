/**
 * config.json: its structure, and for each value the description, the limits, the default and the environment variable.
 * Flags, questions, checks, `show` and warnings are made from it.
 */
import * as v from 'valibot';
import { FOLDER_ID, RESOURCE_KEY } from './home.ts';
import * as t from './setting-types.ts';

const googleDrive = t.section({
  folder_id: t.text(
    'Drive folder to migrate: its id, or its address in the browser',
    'the id of a Drive folder (letters, digits, "-", "_", ".")',
    FOLDER_ID,
  ),
  resource_key: t.text(
    'resource key of that folder; an address with "resourcekey=" sets it, too',
    'a resource key (letters, digits, "-", "_")',
    RESOURCE_KEY,
  ),
  credentials_path: t.path(
    'JSON of a Google desktop client, a service-account key, or other Google credentials',
    'google_credentials.json',
    'GOOGLE_APPLICATION_CREDENTIALS',
  ),
  token_path: t.path('file with the Google refresh token', 'google_token.json'),
  impersonate: t.text(
    'user for whom a service account acts (domain-wide delegation)',
    'the e-mail address of a user',
    /^[^\s@]+@[^\s@]+$/,
  ),
  queries_per_second: t.number('requests a second to Drive', [0.001, 1000], 10),
  quota_redis_url: t.text(
    'Redis through which several processes share the request rate',
    'an address like rediss://host:6379',
    /^rediss?:\/\/[^\s/]+(?:\/\d*)?$/,
    { env: 'MIGRATOR_QUOTA_REDIS_URL' },
  ),
  api_url: t.endpoint('address of the Drive API', {
    flag: 'drive-api-url',
    initial: 'https://www.googleapis.com',
  }),
});

const cognito = t.section({
  user_pool_id: t.text(
    'Cognito user pool, like us-east-1_AbCdEfGhI',
    'a user pool id like us-east-1_AbCdEfGhI',
    /^[\w-]+_[0-9A-Za-z]+$/,
  ),
  client_id: t.text("the user pool's app client", 'an app client id (letters and digits)', /^[\w+]+$/),
  identity_pool_id: t.text(
    'Cognito identity pool, like us-east-1:01234567-…',
    'an identity pool id like us-east-1:01234567-89ab-…',
    /^[\w-]+:[\w-]+$/,
  ),
  username: t.text(
    'who signs in to the user pool; with Amplify the e-mail address',
    'a user name without spaces',
    /^\S+$/,
  ),
});

const observationModel = t.section({
  name: t.name('observation-model', 'model that the files belong to', 'Observation'),
  sequential_id: t.name('sequential-id-field', 'its field with the number in the file names', 'sequentialId'),
  list_query: t.optionalName('query that lists it; made from its name when empty'),
  index_query: t.optionalName('query of the index on that field; found in the schema when empty'),
});

const mediaModel = t.section({
  name: t.name('media-model', 'model of the media records', 'Media'),
  url: t.name('media-url-field', 'its field for the address of the object', 'url'),
  type: t.optionalName('its field for photo or video; empty if it has none', {
    flag: 'media-type-field',
    initial: 'type',
  }),
  types: t.section({
    image: t.optionalName('value of that field for photos, like PHOTO; found in the schema when empty', {
      flag: 'media-type-image',
    }),
    video: t.optionalName('value of that field for videos, like VIDEO; found in the schema when empty', {
      flag: 'media-type-video',
    }),
  }),
  observation_id: t.name('media-observation-field', "its field for the observation's id", 'observationId'),
  is_available_for_public_use: t.optionalName('its yes-or-no field for public use; empty if it has none', {
    flag: 'media-public-field',
    initial: 'isAvailableForPublicUse',
  }),
  list_query: t.optionalName('query that lists it; made from its name when empty'),
  get_query: t.optionalName('query that gets one; made from its name when empty'),
  create_mutation: t.optionalName('mutation that creates one; made from its name when empty'),
  delete_mutation: t.optionalName('mutation that deletes one; made from its name when empty'),
});

const amplify = t.section({
  api_endpoint: t.endpoint('AppSync address, ending in /graphql', { env: 'AMPLIFY_API_ENDPOINT' }),
  storage_bucket: t.text(
    'S3 bucket of Amplify Storage',
    'the name of an S3 bucket',
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  ),
  storage_region: t.region('AWS region of the bucket, if it is another one'),
  storage_group: t.text(
    'user pool group that may write to the bucket',
    'the name of a user pool group',
    /^[\p{L}\p{M}\p{S}\p{N}\p{P}]{0,128}$/u,
    { initial: 'ADMINS' },
  ),
  server_side_encryption: t.choice('encryption that uploads ask for: AES256, aws:kms or aws:kms:dsse', [
    '',
    'AES256',
    'aws:kms',
    'aws:kms:dsse',
  ]),
  kms_key_id: t.text(
    'KMS key of that encryption; the default key of the bucket when empty',
    'the id, alias or ARN of a KMS key',
    /^[\w:/-]{1,2048}$/,
  ),
  models: t.section({ observation: observationModel, media: mediaModel }),
});

const PART_SIZES = [5, 5120] as const;

const migration = t.section({
  concurrency: t.wholeNumber('files transferred at a time', [1, 100], 10),
  retry_attempts: t.wholeNumber('retries after a temporary error', [0, 20], 3),
  retry_delay_seconds: t.number('wait before the first retry, in seconds', [0, 3600], 5),
  chunk_size_mb: t.wholeNumber('part size of multipart uploads, in MiB', PART_SIZES, 8),
  multipart_threshold_mb: t.wholeNumber('largest file that is sent in one request, in MiB', PART_SIZES, 1024),
  default_media_public: t.yesOrNo('isAvailableForPublicUse of the media records', false),
  max_range: t.wholeNumber('largest number of ids that one file name may cover', [1, 10_000], 100),
  stall_timeout_seconds: t.wholeNumber(
    'seconds without a byte after which a connection is closed and retried',
    [1, 3600],
    60,
  ),
  throttle_patience_minutes: t.number(
    'minutes to wait for a service that limits the request rate, or cannot be reached any more, before the run stops',
    [0, 1440],
    10,
  ),
  bwlimit: t.bandwidth(
    'bandwidth limit for all files together: a rate a second like 20M or 512k, or a timetable',
  ),
});

const PREFIX = 'as a prefix: one letter, or "" for names without one';
const VALUE = 'a value of the discriminator field, or "*"';

/** This section has no flags. */
const prefixDisambiguation = v.optional(
  v.pipe(
    v.object(
      {
        enabled: v.optional(v.boolean('true or false'), false),
        discriminator_field: v.optional(
          v.pipe(v.string(), v.regex(/^(?:[_A-Za-z]\w*)?$/, 'the name of a field of Observation')),
          '',
        ),
        /** Letter before the digits ('' for none) to value of the discriminator; `*` is any value no other prefix names. */
        prefixes: v.optional(
          v.record(
            v.pipe(v.string(), v.regex(/^\p{L}?$/u, PREFIX)),
            v.pipe(v.string(VALUE), v.nonEmpty(VALUE)),
            'an object { "letter": "value" }',
          ),
          {},
        ),
      },
      'an object { … }',
    ),
    v.forward(
      v.check(
        ({ enabled, discriminator_field }) => !enabled || discriminator_field !== '',
        'the name of a field of Observation, since prefix_disambiguation is enabled',
      ),
      ['discriminator_field'],
    ),
    v.forward(
      v.check(
        ({ enabled, prefixes }) => !enabled || Object.keys(prefixes).length > 0,
        'at least one prefix, since prefix_disambiguation is enabled',
      ),
      ['prefixes'],
    ),
    v.forward(
      v.check(
        ({ prefixes }) => Object.values(prefixes).filter(value => value === '*').length < 2,
        '"*" for one prefix at most: two of them would choose the same observations',
      ),
      ['prefixes'],
    ),
  ),
  {},
);

export const ConfigSchema = v.object({
  google_drive: googleDrive,
  aws: t.section({ region: t.region('AWS region, like us-east-1', 'AWS_REGION'), cognito, amplify }),
  migration,
  naming: t.choice('how file names are read: strict or relaxed', ['strict', 'relaxed']),
  prefix_disambiguation: prefixDisambiguation,
});

export type Config = v.InferOutput<typeof ConfigSchema>;

/**
 * What the Amplify project calls its models and their fields. An empty query name stands for the one that Amplify makes
 * from the model's name; an empty `index_query` for the one in the schema, if there is one.
 */
export type ModelNames = Config['aws']['amplify']['models'];
