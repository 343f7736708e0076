import { dirname, resolve } from 'node:path';
import { defaultConfig } from './defaults.ts';
import { unsafeEndpointVariables } from './endpoint.ts';
import { ConfigError } from './error.ts';
import { absolutePath, configPath, type Env, folderRefFrom, homeFolder } from './home.ts';
import { JsonError, readJson } from './json.ts';
import { type Problem, prefixProblems, problemsOf } from './schema.ts';
import { type Config, type ConfigKey, SETTINGS, setAt, settingOf, valueAt } from './settings.ts';
import { isPlainObject, unknownKeyWarnings, withTranslatedKeys } from './unknown-keys.ts';

/** Values by dotted key; undefined ones are as good as absent. */
export type ConfigValues = Partial<Record<ConfigKey, unknown>>;

export type Source = 'flag' | 'environment' | 'file' | 'default' | 'not set';

export interface LoadedConfig {
  /** Everything filled in; texts that nobody set are ''. Paths are absolute. Unknown keys of the file are kept. */
  config: Config;
  /** For people, one sentence each. */
  warnings: string[];
  /** Of config.json, whether or not it exists. */
  path: string;
  sources: Record<ConfigKey, Source>;
}

/**
 * The configuration that holds: flag before environment before file before default (design: Configuration).
 * A missing file is no error; what a command then lacks is said by `requireKeys`.
 *
 * Throws {@link ConfigError}: the file is not JSON (with line and column) or cannot be read; wrong values (all of one
 * source in one error); an AWS_ENDPOINT_URL… variable with an address that is neither https nor loopback.
 */
export async function loadConfig(options: {
  home?: string;
  env?: Env;
  flags?: ConfigValues;
}): Promise<LoadedConfig> {
  const env = options.env ?? process.env;
  const home = options.home ?? homeFolder(env);
  const path = configPath(home);
  refuseUnsafeEndpoints(env);

  const written = await readConfigFile(path);
  refuse(problemsOf(written), `${path} has`, 'Correct the file');
  const file = withTranslatedKeys(written);
  const environment = valuesFromEnvironment(env);
  refuse(problemsOf(nested(environment)), 'The environment has', 'Correct the variable', environmentName);
  const flags = normalized(options.flags ?? {});
  refuse(problemsOf(nested(flags)), 'The command line has', 'Correct the flag', flagName, 2);

  const config = merge(defaultConfig(home), file) as unknown as Config;
  const sources = {} as Record<ConfigKey, Source>;
  for (const { key, kind } of SETTINGS) {
    const found = valueBySource({
      flag: flags[key],
      environment: environment[key],
      file: valueAt(file, key),
    });
    sources[key] = found?.source ?? (valueAt(config, key) === '' ? 'not set' : 'default');
    if (!found) continue;
    const base = found.source === 'file' ? dirname(path) : process.cwd();
    const value = kind === 'path' ? absolutePath(found.value as string, base, env) : found.value;
    setAt(config as unknown as Record<string, unknown>, key, value);
  }
  refuse(prefixProblems(config.prefix_disambiguation), `${path} has`, 'Correct the file');
  return { config, warnings: unknownKeyWarnings(written), path, sources };
}

/** The file's own content, `{}` if there is none. Throws {@link ConfigError} if it cannot be read or is not JSON. */
export async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  try {
    const content = await readJson(path);
    if (isPlainObject(content)) return content;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    if (error instanceof JsonError) {
      throw new ConfigError(
        'config_not_json',
        `${path} is not JSON: ${error.message}.`,
        `Correct the file there, or move it away and run "migrator config" again.`,
      );
    }
    throw new ConfigError(
      'config_unreadable',
      `${path} cannot be read: ${(error as Error).message}.`,
      'Check who owns the file and its folder, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of yours.',
      { cause: error },
    );
  }
  throw new ConfigError(
    'config_wrong_values',
    `${path} does not hold an object { … }.`,
    'Move the file away and run "migrator config" again.',
  );
}

/** Throws one {@link ConfigError} that lists all problems; nothing if there are none. */
export function refuse(
  problems: Problem[],
  where: string,
  remedy: string,
  named: (key: string) => string = key => key,
  exitCode: 1 | 2 = 1,
): void {
  if (problems.length === 0) return;
  const lines = problems.map(
    ({ key, found, accepted }) => `  ${named(key)}: found ${found}, accepted: ${accepted}`,
  );
  const count = problems.length === 1 ? 'a wrong value' : `${problems.length} wrong values`;
  throw new ConfigError('config_wrong_values', [`${where} ${count}:`, ...lines].join('\n'), `${remedy}.`, {
    exitCode,
  });
}

/**
 * Flag values as the configuration wants them: a folder's address becomes its id, a relative path is taken from the
 * working directory (`~` stays, so that the file can move between machines).
 */
export function normalized(values: ConfigValues): ConfigValues {
  const result: ConfigValues = {};
  for (const { key, kind } of SETTINGS) {
    const value = values[key];
    if (value === undefined) continue;
    if (key === 'google_drive.folder_id' && typeof value === 'string') {
      const { id, resourceKey } = folderRefFrom(value);
      result[key] = id;
      if (resourceKey) result['google_drive.resource_key'] = resourceKey;
    } else if (kind === 'path' && typeof value === 'string' && /^[^~\s]/.test(value))
      result[key] = resolve(value);
    else result[key] = value;
  }
  return result;
}

/** Dotted keys into sections. */
export function nested(values: ConfigValues): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) setAt(result, key, value);
  return result;
}

export function flagName(key: string): string {
  const setting = SETTINGS.find(candidate => candidate.key === key);
  return setting ? `--${setting.flag}` : key;
}

function environmentName(key: string): string {
  return settingOf(key as ConfigKey).env ?? key;
}

function valuesFromEnvironment(env: Env): ConfigValues {
  const values: ConfigValues = {};
  for (const { key, env: name } of SETTINGS) {
    if (name && env[name]) values[key] = env[name];
  }
  return values;
}

function valueBySource(values: { flag: unknown; environment: unknown; file: unknown }) {
  for (const source of ['flag', 'environment', 'file'] as const) {
    const value = values[source];
    if (value !== undefined && value !== '') return { source, value };
  }
  return null;
}

function refuseUnsafeEndpoints(env: Env): void {
  const [name] = unsafeEndpointVariables(env);
  if (!name) return;
  throw new ConfigError(
    'endpoint_not_safe',
    `${name} in the environment is not an https:// address, and not one of this machine: sign-in tokens would travel in the clear.`,
    `Set ${name} to an https:// address, or unset it to use AWS itself.`,
  );
}

function merge(under: object, over: Record<string, unknown>): Record<string, unknown> {
  const result = { ...under } as Record<string, unknown>;
  for (const [key, value] of Object.entries(over)) {
    if (key === '__proto__') continue;
    const below = result[key];
    result[key] = isPlainObject(below) && isPlainObject(value) ? merge(below, value) : value;
  }
  return result;
}
