import { modelValues } from './amplify-models.ts';
import { defaultModelNames } from './defaults.ts';
import { ConfigError } from './error.ts';
import { JsonError, readJson } from './json.ts';
import { type ConfigValues, nested, refuse } from './load.ts';
import { problemsOf } from './schema.ts';
import { isPlainObject } from './unknown-keys.ts';

export interface AmplifyValues {
  values: ConfigValues;
  /** For people: what the file lacks or what will not work with it. */
  warnings: string[];
}

interface Bucket {
  /** The name in Amplify's code. */
  name: string | null;
  /** The name in S3. */
  bucketName: string;
  region: string | null;
  /** Access rules of the paths that lie under `media/`; null if the file tells no paths at all. */
  media: Record<string, unknown> | null;
  tellsPaths: boolean;
}

const KNOWN_VERSIONS = new Set(['1', '1.1', '1.2', '1.3', '1.4', '1.5']);

/**
 * What an Amplify Gen 2 project's amplify_outputs.json (schema 1 to 1.5, see facts.md) says about region, user pool,
 * client, identity pool, AppSync endpoint and bucket. Parts that the project does not have are left out, with a warning.
 *
 * With several buckets: the one called `bucketName` (Amplify's name or S3's), else the only one with a path under
 * `media/`, else the one that `askBucket` gives, else an error that lists them.
 *
 * Throws {@link ConfigError}: file missing, not JSON, not an amplify_outputs.json, bucket not clear.
 */
export async function readAmplifyOutputs(
  path: string,
  options: {
    bucketName?: string;
    /** The bucket is known already; the file's are not looked at. */
    withoutBucket?: boolean;
    /** Models that are looked for first; those of the MECO project when absent. */
    models?: Parameters<typeof modelValues>[1];
    /** Asks which of several buckets it is; gives a name out of the list. */
    askBucket?: (buckets: { name: string; bucketName: string }[]) => Promise<string>;
  } = {},
): Promise<AmplifyValues> {
  const outputs = await readOutputs(path);
  const auth = sectionOf(outputs, 'auth');
  const data = sectionOf(outputs, 'data');
  const storage = sectionOf(outputs, 'storage');
  if (!auth && !data && !storage) throw notAmplifyOutputs(path, outputs);

  const warnings: string[] = [];
  const version = String(outputs.version ?? '');
  if (!KNOWN_VERSIONS.has(version)) {
    warnings.push(
      `${path} has version ${version || '(none)'}; versions 1 to 1.5 are known. Check the values.`,
    );
  }
  const bucket = options.withoutBucket ? null : await bucketFor(path, bucketsOf(storage), options);
  const { media, observation } = defaultModelNames();
  const models = modelValues(
    data?.model_introspection,
    options.models ?? { observation: observation.name, media: media.name },
  );
  if (!auth) warnings.push(`${path} has no "auth" part: user pool, client and identity pool are not set.`);
  else if (!text(auth.identity_pool_id)) warnings.push(`${path} names no identity pool; uploads need one.`);
  if (!data) warnings.push(`${path} has no "data" part: the AppSync endpoint is not set.`);
  if (!bucket && !options.withoutBucket)
    warnings.push(`${path} has no "storage" part: the bucket is not set.`);
  warnings.push(...accessWarnings(auth, data, bucket), ...(models.warning ? [models.warning] : []));

  const region = text(auth?.aws_region) ?? bucket?.region ?? text(data?.aws_region) ?? undefined;
  if (bucket?.region && region && bucket.region !== region) {
    warnings.push(
      `The bucket lies in ${bucket.region}, the user pool in ${region}; the tool uses one region for all.`,
    );
  }
  const all: ConfigValues = {
    'aws.region': region,
    'aws.cognito.user_pool_id': text(auth?.user_pool_id),
    'aws.cognito.client_id': text(auth?.user_pool_client_id),
    'aws.cognito.identity_pool_id': text(auth?.identity_pool_id),
    'aws.amplify.api_endpoint': text(data?.url),
    'aws.amplify.storage_bucket': bucket?.bucketName,
  };
  const found = Object.fromEntries(Object.entries(all).filter(([, value]) => value)) as ConfigValues;
  // An empty name among these is an answer: the project has no such field or query.
  const values = { ...found, ...models.values };
  refuse(problemsOf(nested(values)), `${path} has`, 'Generate the file anew, or set these values by flags');
  return { values, warnings };
}

async function readOutputs(path: string): Promise<Record<string, unknown>> {
  const remedy =
    'Give the amplify_outputs.json of an Amplify Gen 2 project ("npx ampx sandbox" or "npx ampx generate outputs" writes it).';
  try {
    const content = await readJson(path);
    if (isPlainObject(content)) return content;
  } catch (error) {
    if (error instanceof JsonError) {
      const gen1 = /aws-exports|\.[cm]?[jt]s$/.test(path)
        ? ' It looks like code of an Amplify Gen 1 project.'
        : '';
      throw new ConfigError('amplify_outputs', `${path} is not JSON: ${error.message}.${gen1}`, remedy);
    }
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const what = missing ? 'does not exist' : `cannot be read: ${(error as Error).message}`;
    throw new ConfigError('amplify_outputs', `${path} ${what}.`, remedy, { cause: error });
  }
  throw new ConfigError(
    'amplify_outputs',
    `${path} is not an amplify_outputs.json: no object { … }.`,
    remedy,
  );
}

function notAmplifyOutputs(path: string, content: Record<string, unknown>): ConfigError {
  const gen1 = ['aws_project_region', 'aws_user_pools_id', 'UserAgent'].some(key => key in content);
  return new ConfigError(
    'amplify_outputs',
    gen1
      ? `${path} belongs to an Amplify Gen 1 project (amplifyconfiguration.json, aws-exports.js).`
      : `${path} is not an amplify_outputs.json: it has no "auth", "data" or "storage" part.`,
    'Give the amplify_outputs.json of a Gen 2 project, or set the values by flags ("migrator config --help" lists them).',
  );
}

function bucketsOf(storage: Record<string, unknown> | null): Bucket[] {
  if (!storage) return [];
  const list = Array.isArray(storage.buckets) ? storage.buckets.filter(isPlainObject) : [];
  const several = list.filter(({ bucket_name: name }) => text(name)).map(toBucket);
  return several.length > 0 || !text(storage.bucket_name) ? several : [toBucket(storage)];
}

function toBucket(entry: Record<string, unknown>): Bucket {
  const paths = isPlainObject(entry.paths) ? entry.paths : null;
  const rules = Object.entries(paths ?? {}).filter(([path]) => /^media\//.test(path));
  return {
    name: text(entry.name) ?? null,
    bucketName: text(entry.bucket_name)!,
    region: text(entry.aws_region) ?? null,
    media: rules.length > 0 ? Object.assign({}, ...rules.map(([, rule]) => rule)) : null,
    tellsPaths: paths !== null,
  };
}

async function bucketFor(
  path: string,
  buckets: Bucket[],
  { bucketName, askBucket }: NonNullable<Parameters<typeof readAmplifyOutputs>[1]>,
): Promise<Bucket | null> {
  try {
    return chooseBucket(path, buckets, bucketName);
  } catch (error) {
    if (bucketName || !askBucket) throw error;
    const offered = buckets.map(({ name, bucketName: own }) => ({ name: name ?? own, bucketName: own }));
    return chooseBucket(path, buckets, await askBucket(offered));
  }
}

function chooseBucket(path: string, buckets: Bucket[], wanted: string | undefined): Bucket | null {
  const matching = wanted
    ? buckets.filter(({ name, bucketName }) => name === wanted || bucketName === wanted)
    : buckets.length > 1
      ? buckets.filter(({ media }) => media)
      : buckets;
  if (matching.length === 1) return matching[0]!;
  if (buckets.length === 0 && !wanted) return null;
  const list = buckets
    .map(({ name, bucketName }) => (name ? `${name} (${bucketName})` : bucketName))
    .join(', ');
  throw new ConfigError(
    'amplify_outputs',
    wanted
      ? `${path} has no bucket ${wanted}; it has ${list || 'none'}.`
      : `${path} has several buckets, and it is not clear which one holds the media: ${list}.`,
    'Say which one: "migrator config --from amplify_outputs.json --bucket-name NAME".',
    { exitCode: 2 },
  );
}

function accessWarnings(
  auth: Record<string, unknown> | null,
  data: Record<string, unknown> | null,
  bucket: Bucket | null,
): string[] {
  const warnings: string[] = [];
  const groups = (Array.isArray(auth?.groups) ? auth.groups : []).flatMap(group =>
    // Older schemas list names, newer ones objects like {"ADMINS": {"precedence": 0}}.
    isPlainObject(group) ? Object.keys(group) : [String(group)],
  );
  if (auth && !groups.includes('ADMINS')) {
    warnings.push(
      'The user pool has no group ADMINS; creating media records is usually allowed to that group only.',
    );
  }
  if (bucket && !bucket.media && bucket.tellsPaths) {
    warnings.push(`The bucket ${bucket.bucketName} has no access rule for media/*; uploads will be refused.`);
  }
  const modes = [data?.default_authorization_type, ...asList(data?.authorization_types)].map(String);
  if (data && !modes.includes('AMAZON_COGNITO_USER_POOLS')) {
    warnings.push(
      'The API does not accept user pool sign-in (AMAZON_COGNITO_USER_POOLS); linking will be refused.',
    );
  }
  return warnings;
}

function sectionOf(outputs: Record<string, unknown>, name: string): Record<string, unknown> | null {
  const section = outputs[name];
  return isPlainObject(section) ? section : null;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
