/** The questions of `config` on a terminal: what a person has to know, in the order in which it is found. */
import { type AmplifyValues, readAmplifyOutputs } from './amplify-outputs.ts';
import { ConfigError } from './error.ts';
import { expandTilde } from './home.ts';
import { readJson } from './json.ts';
import { normalized } from './load.ts';
import {
  type Config,
  type ConfigKey,
  type ConfigValues,
  nested,
  problemsOf,
  settingOf,
  valueAt,
} from './settings.ts';

/** Puts questions to a person. */
export interface ConfigPrompts {
  /** Enter takes `current`. `check` says what is wrong with an answer, null if nothing is. */
  text(question: {
    message: string;
    current: string;
    check: (answer: string) => string | null;
  }): Promise<string>;
  choose(question: { message: string; choices: { name: string; value: string }[] }): Promise<string>;
  /** Something to know between two questions. */
  tell(text: string): void;
}

/** Where a person finds each value. What is not here has a default that most people leave as it is. */
const WHERE: readonly [ConfigKey, string, ((answers: ConfigValues, config: Config) => Promise<boolean>)?][] =
  [
    ['google_drive.folder_id', 'open the folder in the browser and copy its address'],
    [
      'google_drive.credentials_path',
      'Google Cloud console, APIs & Services, Credentials: download the JSON of the client',
    ],
    [
      'google_drive.impersonate',
      'press Enter for none, if the folder is shared with the service account',
      isServiceAccount,
    ],
    ['aws.region', 'amplify_outputs.json: auth.aws_region'],
    ['aws.cognito.user_pool_id', 'amplify_outputs.json: auth.user_pool_id'],
    ['aws.cognito.client_id', 'amplify_outputs.json: auth.user_pool_client_id'],
    ['aws.cognito.identity_pool_id', 'amplify_outputs.json: auth.identity_pool_id'],
    ['aws.cognito.username', 'the same as in the web application'],
    ['aws.amplify.api_endpoint', 'amplify_outputs.json: data.url'],
    ['aws.amplify.storage_bucket', 'amplify_outputs.json: storage.bucket_name'],
    [
      'aws.amplify.storage_region',
      'amplify_outputs.json: storage.aws_region; Enter if it is the same region',
    ],
  ];

/**
 * Asks for the values that have no sensible default, each with the present one to be taken by Enter. An
 * amplify_outputs.json, if there is one, answers most of them. Gives what is to be set.
 */
export async function interview(prompts: ConfigPrompts, config: Config): Promise<AmplifyValues> {
  const outputs = await amplifyOutputs(prompts, config);
  for (const warning of outputs.warnings) prompts.tell(`Note: ${warning}`);
  const values: ConfigValues = { ...outputs.values };
  for (const [key, where, applies] of WHERE) {
    if (outputs.values[key] !== undefined) continue;
    if (applies && !(await applies(values, config))) continue;
    const answer = await prompts.text({
      message: `${settingOf(key).summary} (${where}):`,
      current: String(valueAt(config, key)),
      check: text => faultOf(key, text),
    });
    if (answer !== '' && answer !== valueAt(config, key)) values[key] = answer;
  }
  return { values, warnings: [] };
}

/** Only a service account can act for a user. */
async function isServiceAccount(answers: ConfigValues, config: Config): Promise<boolean> {
  const path = answers['google_drive.credentials_path'] ?? config.google_drive.credentials_path;
  const content = await readJson(expandTilde(String(path).trim(), process.env)).catch(() => null);
  return valueAt(content, 'type') === 'service_account';
}

async function amplifyOutputs(prompts: ConfigPrompts, config: Config): Promise<AmplifyValues> {
  const { observation, media } = config.aws.amplify.models;
  const options = {
    models: { observation: observation.name, media: media.name, types: media.types },
    askBucket: askBucketOf(prompts),
  };
  let found: AmplifyValues = { values: {}, warnings: [] };
  let message =
    'amplify_outputs.json of the Amplify project ("npx ampx generate outputs" writes it; Enter: none):';
  while (true) {
    const path = await prompts.text({ message, current: '', check: () => null });
    if (path.trim() === '') return found;
    try {
      found = await readAmplifyOutputs(path.trim(), options);
      return found;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      message = `${error.message}\nAnother file (Enter: none):`;
    }
  }
}

/** Lets the person say which of several buckets it is. */
export function askBucketOf(
  prompts: ConfigPrompts,
): NonNullable<NonNullable<Parameters<typeof readAmplifyOutputs>[1]>['askBucket']> {
  return buckets =>
    prompts.choose({
      message: 'Which bucket holds the media?',
      choices: buckets.map(({ name, bucketName }) => ({
        name: `${name} (${bucketName})`,
        value: bucketName,
      })),
    });
}

function faultOf(key: ConfigKey, text: string): string | null {
  const [problem] = problemsOf(nested(normalized({ [key]: text.trim() })));
  return problem && text.trim() !== '' ? `That has to be ${problem.accepted}.` : null;
}
