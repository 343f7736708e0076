/** The questions of `config` on a terminal. */
import { type AmplifyValues, type OutputsOptions, readAmplifyOutputs } from './amplify-outputs.ts';
import { ConfigError } from './error.ts';
import { expandTilde } from './home.ts';
import { readJson } from './json.ts';
import { normalized } from './load.ts';
import { type Config, type ConfigKey, type ConfigValues, nested, problemsOf, valueAt } from './settings.ts';

/** What is wrong with an answer; null if nothing is. */
type Check = (answer: string) => Promise<string | null> | string | null;

export interface ConfigPrompts {
  /** Enter takes `current`. */
  text(question: { message: string; current: string; check: Check }): Promise<string>;
  choose(question: { message: string; choices: { name: string; value: string }[] }): Promise<string>;
  tell(text: string): void;
}

/** Values without a default that suits most people: what to ask, and an example. */
const QUESTIONS: readonly (readonly [key: ConfigKey, ask: string, example: string])[] = [
  ['google_drive.folder_id', 'Drive folder: address or id', 'drive.google.com/drive/folders/1AbC'],
  ['google_drive.credentials_path', 'Google credentials file', 'client_secret.json'],
  ['google_drive.impersonate', 'User that the service account acts for; Enter: none', 'admin@example.com'],
  ['aws.region', 'AWS region', 'us-east-1'],
  ['aws.cognito.user_pool_id', 'Cognito user pool id', 'us-east-1_AbCdEfGhI'],
  ['aws.cognito.client_id', 'Cognito app client id', '1h57kf5cpq17m0eml12EXAMPLE'],
  [
    'aws.cognito.identity_pool_id',
    'Cognito identity pool id',
    'us-east-1:01234567-89ab-cdef-0123-456789abcdef',
  ],
  ['aws.cognito.username', 'E-mail address in the web app', 'admin@example.com'],
  [
    'aws.amplify.api_endpoint',
    'AppSync address',
    'https://abc123.appsync-api.us-east-1.amazonaws.com/graphql',
  ],
  ['aws.amplify.storage_bucket', 'S3 bucket', 'amplify-app-media-bucket'],
  ['aws.amplify.storage_region', 'Region of the bucket; Enter: the same', 'us-east-1'],
];

/** Stricter than the schema: what is accepted there may still be a mistake here. */
const CHECKS: Partial<Record<ConfigKey, Check>> = {
  'google_drive.credentials_path': credentialsFault,
  'aws.cognito.username': text => (/^[^\s@]+@[^\s@]+$/.test(text) ? null : 'Enter an e-mail address.'),
};

/** What `config` sets: single values, and the prefix rules if there are new ones. */
export interface Answers extends AmplifyValues {
  prefixRules?: Config['prefix_disambiguation'];
}

/** Asks for each value; Enter keeps the current one. An amplify_outputs.json answers most questions. */
export async function interview(prompts: ConfigPrompts, config: Config): Promise<Answers> {
  const outputs = await amplifyOutputs(prompts, config);
  for (const warning of outputs.warnings) prompts.tell(`Note: ${warning}`);
  const values: ConfigValues = { ...outputs.values };
  for (const [key, ask, example] of QUESTIONS) {
    if (outputs.values[key] !== undefined) continue;
    if (key === 'google_drive.impersonate' && !(await isServiceAccount(values, config))) continue;
    const current = String(valueAt(config, key));
    const answer = await prompts.text({
      message: `${ask} (e.g. ${example}):`,
      current,
      check: async text => {
        if (text.trim() === '' || text === current) return null;
        return mistakeIn(key, text.trim()) ?? (await CHECKS[key]?.(text.trim())) ?? null;
      },
    });
    if (answer !== '' && answer !== current) values[key] = answer;
  }
  return { values, warnings: [], prefixRules: await prefixRules(prompts, config) };
}

/** Rules for ids that several data sets use; most projects have none. */
async function prefixRules(prompts: ConfigPrompts, config: Config): Promise<Answers['prefixRules']> {
  const { enabled, discriminator_field, prefixes } = config.prefix_disambiguation;
  const answer = await prompts.choose({
    message: `Do several data sets use the same ids? (now: ${enabled ? 'yes' : 'no'})`,
    choices: [
      { name: 'Leave as it is', value: 'keep' },
      { name: 'Yes; a letter in the file name selects one (prefix rules)', value: 'yes' },
    ],
  });
  if (answer === 'keep') return undefined;
  const field = await prompts.text({
    message: 'Field of the observation that names the data set (e.g. countryId):',
    current: discriminator_field,
    check: text => (/^[_A-Za-z]\w*$/.test(text.trim()) ? null : 'Enter the name of a field.'),
  });
  const rules = (text: string) => ({ enabled: true, discriminator_field: field, prefixes: prefixesIn(text) });
  const text = await prompts.text({
    message: 'Letters and values (e.g. =IL, E=EG, S=*; "=IL": no letter, "*": any other):',
    current: Object.entries(prefixes)
      .map(pair => pair.join('='))
      .join(', '),
    check: answer => {
      const [problem] = problemsOf({ prefix_disambiguation: rules(answer) });
      return problem ? `Expected: ${problem.accepted}.` : null;
    },
  });
  return rules(text);
}

function prefixesIn(text: string): Record<string, string> {
  const pairs = text.split(',').map(pair => pair.trim().split('='));
  return Object.fromEntries(pairs.map(([letter = '', ...value]) => [letter.trim(), value.join('=').trim()]));
}

const CREDENTIAL_TYPE =
  /^(?:(?:impersonated_)?service_account|authorized_user|external_account(?:_authorized_user)?)$/;

async function credentialsFault(path: string): Promise<string | null> {
  try {
    const content = await readJson(expandTilde(path, process.env));
    if (valueAt(content, 'installed') || CREDENTIAL_TYPE.test(String(valueAt(content, 'type')))) return null;
    if (valueAt(content, 'web')) return 'This is a web client; create an OAuth client of type "Desktop app".';
    return 'This is not a Google credentials file.';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return `${path} does not exist.`;
    return `${path} cannot be read: ${(error as Error).message}.`;
  }
}

/** Only a service account can act for a user. */
async function isServiceAccount(answers: ConfigValues, config: Config): Promise<boolean> {
  const path = answers['google_drive.credentials_path'] ?? config.google_drive.credentials_path;
  const content = await readJson(expandTilde(String(path).trim(), process.env)).catch(() => null);
  return valueAt(content, 'type') === 'service_account';
}

async function amplifyOutputs(prompts: ConfigPrompts, config: Config): Promise<AmplifyValues> {
  const options = { models: config.aws.amplify.models, askBucket: askBucketOf(prompts) };
  let message = 'amplify_outputs.json (e.g. from "npx ampx generate outputs"; Enter: none):';
  while (true) {
    const path = await prompts.text({ message, current: '', check: () => null });
    if (path.trim() === '') return { values: {}, warnings: [] };
    try {
      return await readAmplifyOutputs(path.trim(), options);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      message = `${error.message}\nAnother file (Enter: none):`;
    }
  }
}

/** Lets the person say which of several buckets it is. */
export function askBucketOf(prompts: ConfigPrompts): NonNullable<OutputsOptions['askBucket']> {
  return buckets =>
    prompts.choose({
      message: 'Bucket for the media:',
      choices: buckets.map(({ name, bucketName }) => ({
        name: `${name} (${bucketName})`,
        value: bucketName,
      })),
    });
}

function mistakeIn(key: ConfigKey, text: string): string | null {
  const [problem] = problemsOf(nested(normalized({ [key]: text })));
  return problem ? `Expected: ${problem.accepted}.` : null;
}
