import { modelValues } from './amplify-models.ts';
import { ConfigError } from './error.ts';
import { asList, isPlainObject, JsonError, readJson } from './json.ts';
import { refuse } from './load.ts';
import { type ConfigValues, defaultConfig, type ModelNames, nested, problemsOf } from './settings.ts';

export interface AmplifyValues {
  values: ConfigValues;
  /** What the file lacks or what will not work with it, one sentence each. */
  warnings: string[];
}

export interface OutputsOptions {
  bucketName?: string;
  /** S3's name of the bucket, if it is known already; the file need not have it. */
  knownBucket?: string;
  /** What is configured already: models to look for first, and the media types. */
  models?: ModelNames;
  /** Asks which bucket to use; returns its name. */
  askBucket?: (buckets: { name: string; bucketName: string }[]) => Promise<string>;
}

interface Bucket {
  /** The name in Amplify's code. */
  name: string | null;
  bucketName: string;
  region: string | null;
  /** Access rules of the paths under `media/`, such as `groupsADMINS: ['write']`; null if there are none. */
  media: Record<string, unknown> | null;
  tellsPaths: boolean;
}

const KNOWN_VERSION = /^1(?:\.[1-5])?$/;

/**
 * What an Amplify Gen 2 project's amplify_outputs.json (schema 1 to 1.5, see docs/services.md) says about region, user pool,
 * client, identity pool, AppSync endpoint and bucket. Parts that the project does not have are left out, with a warning.
 *
 * With several buckets: the one called `bucketName` (Amplify's name or S3's), else the only one where a group may write
 * under `media/`, else the only one with a path under `media/`, else the one that `askBucket` gives, else an error that
 * lists them.
 *
 * Throws {@link ConfigError}: file missing, not JSON, not an amplify_outputs.json, bucket not clear.
 */
export async function readAmplifyOutputs(path: string, options: OutputsOptions = {}): Promise<AmplifyValues> {
  const outputs = await readOutputs(path);
  const [auth, data, storage] = [outputs.auth, outputs.data, outputs.storage].map(sectionOf);
  const buckets = bucketsOf(storage);
  if (!text(auth?.user_pool_id) && !text(data?.url) && buckets.length === 0) {
    const what = isGen1(outputs)
      ? 'belongs to an Amplify Gen 1 project (amplifyconfiguration.json, aws-exports.js).'
      : 'is not an amplify_outputs.json: it has no "auth", "data" or "storage" part with values in it.';
    throw refused(path, what);
  }
  const bucket = await bucketFor(path, buckets, options);
  const known = options.models ?? defaultConfig().aws.amplify.models;
  const models = modelValues(data?.model_introspection, known);

  const region = text(auth?.aws_region) ?? bucket?.region ?? text(data?.aws_region);
  const all: ConfigValues = {
    'aws.region': region,
    'aws.cognito.user_pool_id': text(auth?.user_pool_id),
    'aws.cognito.client_id': text(auth?.user_pool_client_id),
    'aws.cognito.identity_pool_id': text(auth?.identity_pool_id),
    'aws.amplify.api_endpoint': text(data?.url),
    'aws.amplify.storage_bucket': bucket?.bucketName,
  };
  const found = Object.fromEntries(Object.entries(all).filter(([, value]) => value)) as ConfigValues;
  // An empty value among these is an answer: the project has no such field or query, or one region for all.
  const values = { ...found, ...(bucket && bucketValues(bucket, region)), ...models.values };
  refuse(problemsOf(nested(values)), `${path} has`, 'Generate the file again, or set these values by flags');

  const warnings = warningsOf(path, outputs, bucket, Boolean(bucket ?? options.knownBucket));
  return { values, warnings: models.warning ? [...warnings, models.warning] : warnings };
}

function warningsOf(
  path: string,
  outputs: Record<string, unknown>,
  bucket: Bucket | null,
  isBucketKnown: boolean,
): string[] {
  const [auth, data] = [outputs.auth, outputs.data].map(sectionOf);
  const version = String(outputs.version ?? '');
  const groups = asList(auth?.groups).flatMap(group =>
    // Older schemas list names, newer ones objects like {"ADMINS": {"precedence": 0}}.
    isPlainObject(group) ? Object.keys(group) : [String(group)],
  );
  const modes = [data?.default_authorization_type, ...asList(data?.authorization_types)];
  const warnings = [
    !KNOWN_VERSION.test(version) &&
      `${path} has version ${version || '(none)'}; versions 1 to 1.5 are known. Check the values.`,
    !auth && `${path} has no "auth" part: user pool, client and identity pool are not set.`,
    auth && !text(auth.identity_pool_id) && `${path} names no identity pool; uploads need one.`,
    !data && `${path} has no "data" part: the AppSync endpoint is not set.`,
    !isBucketKnown && `${path} has no "storage" part: the bucket is not set.`,
    auth &&
      !groups.includes('ADMINS') &&
      'The user pool has no group ADMINS; creating media records is usually allowed to that group only.',
    bucket?.tellsPaths &&
      !bucket.media &&
      `The bucket ${bucket.bucketName} has no access rule for media/*; uploads will be refused.`,
    data &&
      !modes.includes('AMAZON_COGNITO_USER_POOLS') &&
      'The API does not accept user pool sign-in (AMAZON_COGNITO_USER_POOLS); linking will be refused.',
  ];
  return warnings.filter(warning => typeof warning === 'string');
}

function bucketValues(bucket: Bucket, region: string | undefined): ConfigValues {
  const writers = writersOf(bucket);
  const group = writers.includes('ADMINS') ? undefined : writers[0];
  return {
    'aws.amplify.storage_region': bucket.region && bucket.region !== region ? bucket.region : '',
    ...(group && { 'aws.amplify.storage_group': group }),
  };
}

/** The groups that may write under `media/`, from rules like `groupsADMINS`. */
function writersOf({ media }: Bucket): string[] {
  return Object.entries(media ?? {}).flatMap(([name, actions]) =>
    name.startsWith('groups') && asList(actions).includes('write')
      ? name.slice('groups'.length).split(',')
      : [],
  );
}

async function readOutputs(path: string): Promise<Record<string, unknown>> {
  const content = await readJson(path).catch(error => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw refused(path, 'does not exist.', error);
    if (!(error instanceof JsonError)) throw refused(path, `cannot be read: ${message}.`, error);
    const isGen1Code = /aws-exports|\.[cm]?[jt]s$/.test(path);
    const hint = isGen1Code ? ' It looks like code of an Amplify Gen 1 project.' : '';
    throw refused(path, `is not JSON: ${message}.${hint}`);
  });
  if (isPlainObject(content)) return content;
  throw refused(path, 'is not an amplify_outputs.json: no object { … }.');
}

function refused(path: string, what: string, cause?: unknown): ConfigError {
  return new ConfigError(
    'amplify_outputs',
    `${path} ${what}`,
    'Give the amplify_outputs.json of an Amplify Gen 2 project ("npx ampx sandbox" or "npx ampx generate outputs" writes it), or set the values by flags ("migrator config --help" lists them).',
    { cause },
  );
}

/** Keys of the files that Amplify Gen 1 writes: for the web in `aws_…`, for mobile apps in `auth.plugins`, `api.plugins`, … */
function isGen1(content: Record<string, unknown>): boolean {
  return Object.entries(content).some(
    ([key, value]) =>
      key === 'UserAgent' || /^aws_\w+$/.test(key) || (isPlainObject(value) && 'plugins' in value),
  );
}

function bucketsOf(storage: Record<string, unknown> | null = null): Bucket[] {
  if (!storage) return [];
  const list = asList(storage.buckets).filter(isPlainObject);
  const region = text(storage.aws_region) ?? null;
  const several = list.filter(({ bucket_name: name }) => text(name)).map(entry => toBucket(entry, region));
  return several.length > 0 || !text(storage.bucket_name) ? several : [toBucket(storage, region)];
}

/** `region`: of the whole storage. */
function toBucket(entry: Record<string, unknown>, region: string | null): Bucket {
  const paths = isPlainObject(entry.paths) ? entry.paths : null;
  const rules = Object.entries(paths ?? {}).filter(([path]) => /^media\//.test(path));
  return {
    name: text(entry.name) ?? null,
    bucketName: text(entry.bucket_name)!,
    region: text(entry.aws_region) ?? region,
    media: rules.length > 0 ? Object.assign({}, ...rules.map(([, rule]) => rule)) : null,
    tellsPaths: paths !== null,
  };
}

async function bucketFor(
  path: string,
  buckets: Bucket[],
  { bucketName, knownBucket, askBucket }: OutputsOptions,
): Promise<Bucket | null> {
  const called = (wanted: string) =>
    buckets.filter(({ name, bucketName }) => name === wanted || bucketName === wanted);
  if (knownBucket) return buckets.find(bucket => bucket.bucketName === knownBucket) ?? null;
  if (buckets.length === 0 && !bucketName) return null;
  let matching = bucketName ? called(bucketName) : likelyBuckets(buckets);
  if (matching.length !== 1 && !bucketName && askBucket)
    matching = called(
      await askBucket(buckets.map(({ name, bucketName }) => ({ name: name ?? bucketName, bucketName }))),
    );
  if (matching.length === 1) return matching[0]!;
  const list = buckets
    .map(({ name, bucketName }) => (name ? `${name} (${bucketName})` : bucketName))
    .join(', ');
  throw new ConfigError(
    'amplify_outputs',
    bucketName
      ? `${path} has no bucket ${bucketName}; it has ${list || 'none'}.`
      : `${path} has several buckets, and it is not clear which one is for the media: ${list}.`,
    'Say which one: "migrator config --from amplify_outputs.json --bucket-name NAME".',
    { exitCode: 2 },
  );
}

function likelyBuckets(buckets: Bucket[]): Bucket[] {
  if (buckets.length < 2) return buckets;
  const withMedia = buckets.filter(({ media }) => media);
  const writable = withMedia.filter(bucket => writersOf(bucket).length > 0);
  return writable.length === 1 ? writable : withMedia;
}

function sectionOf(value: unknown): Record<string, unknown> | null {
  return isPlainObject(value) ? value : null;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
