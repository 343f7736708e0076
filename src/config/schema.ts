import * as v from 'valibot';
import { BANDWIDTH_ACCEPTED, parseBandwidth } from './bandwidth.ts';
import { ENDPOINT_ACCEPTED, isSafeEndpoint } from './endpoint.ts';
import { FOLDER_ID, RESOURCE_KEY } from './home.ts';

/** One value that cannot be used: where, what was found, what would be accepted. */
export interface Problem {
  /** Dotted, as in `migration.concurrency`. */
  key: string;
  found: string;
  accepted: string;
}

// The message of every check is what would be accepted; Problem is made from it.
const pattern = (regex: RegExp, accepted: string) =>
  v.optional(
    v.pipe(
      v.string(accepted),
      v.check(text => text === '' || regex.test(text), accepted),
    ),
  );

const number = (min: number, max: number, accepted: string) =>
  v.optional(v.pipe(v.number(accepted), v.minValue(min, accepted), v.maxValue(max, accepted)));

const wholeNumber = (min: number, max: number, accepted = `a whole number from ${min} to ${max}`) =>
  v.optional(
    v.pipe(v.number(accepted), v.integer(accepted), v.minValue(min, accepted), v.maxValue(max, accepted)),
  );

const aPath = v.optional(v.pipe(v.string('a path'), v.regex(/\S/, 'a path')));

const endpoint = (mayBeEmpty: boolean) =>
  v.optional(
    v.pipe(
      v.string(ENDPOINT_ACCEPTED),
      v.check(text => (mayBeEmpty && text === '') || isSafeEndpoint(text), ENDPOINT_ACCEPTED),
    ),
  );

// These names become part of a GraphQL document.
const NAME = 'a GraphQL name (letters, digits, "_")';
const graphQLName = v.optional(v.pipe(v.string(NAME), v.regex(/^[_A-Za-z]\w*$/, NAME)));
const maybeName = pattern(/^[_A-Za-z]\w*$/, NAME);

const region = pattern(/^[a-z]{2,}(?:-[a-z]+)+-\d+$/, 'an AWS region like us-east-1');

const yesOrNo = v.optional(v.boolean('true or false'));

const RATE = 'a number above 0, up to 1000';
const PREFIX = 'as a prefix: one letter, or "" for names without one';
const DISCRIMINATOR = 'a value of the discriminator field, or "*"';

const section = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.optional(v.looseObject(entries, 'an object { … }'));

/** config.json as it may stand in the file: every key optional, unknown ones let through. */
export const ConfigFile = v.looseObject(
  {
    google_drive: section({
      folder_id: pattern(FOLDER_ID, 'the id of a Drive folder (letters, digits, "-", "_", ".")'),
      resource_key: pattern(RESOURCE_KEY, 'a resource key (letters, digits, "-", "_")'),
      credentials_path: aPath,
      token_path: aPath,
      impersonate: pattern(/^[^\s@]+@[^\s@]+$/, 'the e-mail address of a user'),
      queries_per_second: v.optional(v.pipe(v.number(RATE), v.gtValue(0, RATE), v.maxValue(1000, RATE))),
      api_url: endpoint(false),
    }),
    aws: section({
      region,
      cognito: section({
        user_pool_id: pattern(/^[\w-]+_[0-9A-Za-z]+$/, 'a user pool id like us-east-1_AbCdEfGhI'),
        client_id: pattern(/^[\w+]+$/, 'an app client id (letters and digits)'),
        identity_pool_id: pattern(/^[\w-]+:[\w-]+$/, 'an identity pool id like us-east-1:01234567-89ab-…'),
        username: pattern(/^\S+$/, 'a user name without spaces'),
      }),
      amplify: section({
        api_endpoint: endpoint(true),
        storage_bucket: pattern(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of an S3 bucket'),
        storage_region: region,
        storage_group: pattern(/^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$/u, 'the name of a user pool group'),
        server_side_encryption: v.optional(
          v.picklist(['', 'AES256', 'aws:kms', 'aws:kms:dsse'], '"AES256", "aws:kms" or "aws:kms:dsse"'),
        ),
        kms_key_id: pattern(/^[\w:/-]{1,2048}$/, 'the id, alias or ARN of a KMS key'),
        models: section({
          observation: section({
            name: graphQLName,
            sequential_id: graphQLName,
            list_query: maybeName,
            index_query: maybeName,
          }),
          media: section({
            name: graphQLName,
            url: graphQLName,
            type: maybeName,
            types: section({ image: maybeName, video: maybeName }),
            observation_id: graphQLName,
            is_available_for_public_use: maybeName,
            list_query: maybeName,
            get_query: maybeName,
            create_mutation: maybeName,
            delete_mutation: maybeName,
          }),
        }),
      }),
    }),
    migration: section({
      concurrency: wholeNumber(1, 100),
      // The Python tool's name for it.
      max_workers: wholeNumber(1, 100),
      retry_attempts: wholeNumber(0, 20),
      retry_delay_seconds: number(0, 3600, 'a number of seconds from 0 to 3600'),
      chunk_size_mb: wholeNumber(5, 5120, 'a whole number from 5 to 5120 (S3 takes no smaller part)'),
      multipart_threshold_mb: wholeNumber(
        5,
        5120,
        'a whole number from 5 to 5120 (S3 takes no more in one request)',
      ),
      default_media_public: yesOrNo,
      max_range: wholeNumber(1, 10_000),
      stall_timeout_seconds: wholeNumber(1, 3600),
      bwlimit: v.optional(
        v.pipe(
          v.string(BANDWIDTH_ACCEPTED),
          v.check(text => parseBandwidth(text) !== null, BANDWIDTH_ACCEPTED),
        ),
      ),
      throttle_patience_minutes: number(0, 1440, 'a number of minutes from 0 to 1440'),
    }),
    naming: v.optional(v.picklist(['strict', 'relaxed'], '"strict" or "relaxed"')),
    prefix_disambiguation: section({
      enabled: yesOrNo,
      discriminator_field: pattern(/^[_A-Za-z]\w*$/, 'the name of a field of Observation'),
      prefixes: v.optional(
        v.record(
          v.pipe(v.string(), v.regex(/^\p{L}?$/u, PREFIX)),
          v.pipe(v.string(DISCRIMINATOR), v.nonEmpty(DISCRIMINATOR)),
          'an object { "letter": "value" }',
        ),
      ),
    }),
  },
  'an object { … }',
);

/** All values of a (partial) configuration that cannot be used, in the order of the schema. */
export function problemsOf(values: unknown): Problem[] {
  const result = v.safeParse(ConfigFile, values, { abortPipeEarly: true });
  if (result.success) return [];
  return result.issues.map(issue => ({
    key: v.getDotPath(issue) ?? 'the file',
    found: shown(issue.input),
    accepted: issue.message,
  }));
}

/** A rule over several values; checked once they are merged. */
export function prefixProblems(rules: {
  enabled?: boolean;
  discriminator_field?: string;
  prefixes?: Record<string, string>;
}): Problem[] {
  if (!rules.enabled) return [];
  const problems: Problem[] = [];
  if (!rules.discriminator_field) {
    problems.push({
      key: 'prefix_disambiguation.discriminator_field',
      found: 'nothing',
      accepted: 'the name of a field of Observation, since prefix_disambiguation is enabled',
    });
  }
  if (Object.keys(rules.prefixes ?? {}).length === 0) {
    problems.push({
      key: 'prefix_disambiguation.prefixes',
      found: 'nothing',
      accepted: 'at least one prefix, since prefix_disambiguation is enabled',
    });
  }
  const catchAlls = Object.values(rules.prefixes ?? {}).filter(value => value === '*').length;
  if (catchAlls > 1) {
    problems.push({
      key: 'prefix_disambiguation.prefixes',
      found: `"*" for ${catchAlls} prefixes`,
      accepted: '"*" for one prefix at most: two of them would choose the same observations',
    });
  }
  return problems;
}

function shown(input: unknown): string {
  const written = JSON.stringify(input) ?? String(input);
  // An address may carry a password.
  const text = written.replace(/\/\/[^/@"]*@/g, '//…@');
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
