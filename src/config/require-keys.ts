import { ConfigError } from './error.ts';
import { type Config, type ConfigKey, settingOf, valueAt } from './settings.ts';

export const KEYS_FOR = {
  /** Drive has defaults for all else; the folder usually comes by `--folder-id`. */
  folder: ['google_drive.folder_id'],
  cognito: ['aws.region', 'aws.cognito.user_pool_id', 'aws.cognito.client_id', 'aws.cognito.username'],
  storage: ['aws.region', 'aws.cognito.identity_pool_id', 'aws.amplify.storage_bucket'],
  data: ['aws.amplify.api_endpoint'],
} as const satisfies Record<string, readonly ConfigKey[]>;

/** Throws one {@link ConfigError} that names all missing keys and how to set them. */
export function requireKeys(config: Config, keys: readonly ConfigKey[]): void {
  const missing = [...new Set(keys)].filter(key => valueAt(config, key) === '').map(settingOf);
  if (missing.length === 0) return;
  const lines = missing.map(({ key, flag, env, summary }) => {
    const ways = env ? `--${flag} or ${env}` : `--${flag}`;
    return `  ${key} (${summary}): ${ways}`;
  });
  const flags = missing.map(({ flag }) => `--${flag} …`).join(' ');
  const fromAmplify = missing.some(({ key }) => key.startsWith('aws.'))
    ? ' An Amplify Gen 2 project has most of them in one file: "migrator config --from amplify_outputs.json".'
    : '';
  throw new ConfigError(
    'config_incomplete',
    [
      `The configuration lacks ${missing.length === 1 ? 'a value' : `${missing.length} values`}:`,
      ...lines,
    ].join('\n'),
    `Run "migrator config ${flags}".${fromAmplify}`,
  );
}
