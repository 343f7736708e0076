import { resolve } from 'node:path';
import { refuseUnsafeEndpoints } from './endpoint.ts';
import { ConfigError } from './error.ts';
import { absolutePath, configPath, type Env, folderRefFrom, homeFolder } from './home.ts';
import { isPlainObject, JsonError, readJson } from './json.ts';
import {
  type Config,
  type ConfigKey,
  type ConfigValues,
  defaultConfig,
  nested,
  type Problem,
  problemsOf,
  SETTINGS,
  setAt,
  settingOf,
  valueAt,
} from './settings.ts';
import { unknownKeyWarnings, withNewNames } from './unknown-keys.ts';

type Source = 'flag' | 'environment' | 'file' | 'default' | 'not set';

export interface LoadedConfig {
  /** Complete; text that is not set is ''. Paths are absolute. Unknown keys of the file are kept. */
  config: Config;
  /** Messages of one sentence each. */
  warnings: string[];
  /** The path of config.json, whether or not it exists. */
  path: string;
  sources: Record<ConfigKey, Source>;
}

interface LoadOptions {
  home?: string;
  env?: Env;
  flags?: ConfigValues;
}

/**
 * The effective configuration. Precedence: flag, environment variable, config file, default. A missing file is no error;
 * `requireKeys` reports what a command then lacks.
 *
 * Throws {@link ConfigError}: the file is not JSON (with line and column) or cannot be read; wrong values (all of one
 * source in one error); an AWS_ENDPOINT_URL… variable with an address that is neither https nor loopback.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { loaded, fault } = await loadUsable(options);
  if (fault) throw fault;
  return loaded;
}

/** For `doctor`: the configuration without wrong values of the file and the environment, and the error that describes them. */
export async function loadUsable({
  env = process.env,
  home = homeFolder(env),
  flags: given = {},
}: LoadOptions): Promise<{ loaded: LoadedConfig; fault: ConfigError | null }> {
  refuseUnsafeEndpoints(env);
  const path = configPath(home);
  const { written, file, fault: inFile } = await usableFile(path);
  const { environment, fault: inEnvironment } = usableEnvironment(env);
  const flags = normalized(given);
  refuseFlags(flags);

  const config = merge(defaultConfig(), file) as unknown as Config;
  const sources = {} as Record<ConfigKey, Source>;
  for (const { key, isPath } of SETTINGS) {
    const merged = valueAt(config, key);
    const candidates = {
      flag: flags[key],
      environment: environment[key],
      file: valueAt(file, key),
      default: merged,
    };
    const [source, value] = Object.entries(candidates).find(([, each]) => isSet(each)) ?? ['not set', merged];
    sources[key] = source as Source;
    const base = source === 'flag' || source === 'environment' ? process.cwd() : home;
    setAt(config, key, isPath ? absolutePath(String(value), base, env) : value);
  }
  const loaded = { config, warnings: unknownKeyWarnings(written), path, sources };
  return { loaded, fault: inFile ?? inEnvironment };
}

/** What the file has, and that without wrong values and old names. */
async function usableFile(path: string) {
  let fault: ConfigError | null = null;
  const written: Record<string, unknown> = await readConfigFile(path).catch(error => {
    fault = error;
    return {};
  });
  const { file, nameInFile } = withNewNames(written);
  fault ??= wrongValues(problemsOf(file), `${path} has`, 'Correct the file', nameInFile);
  removeWrong(file);
  return { written, file, fault };
}

function usableEnvironment(env: Env) {
  const environment = Object.fromEntries(
    SETTINGS.flatMap(({ key, env: name }) => (name && env[name] ? [[key, env[name]]] : [])),
  ) as ConfigValues;
  const problems = problemsOf(nested(environment));
  const variableName = (key: string) => settingOf(key as ConfigKey).env!;
  const fault = wrongValues(problems, 'The environment has', 'Correct the variable', variableName);
  for (const { key } of problems) delete environment[key as ConfigKey];
  return { environment, fault };
}

function removeWrong(content: Record<string, unknown>): void {
  for (const { key } of problemsOf(content)) {
    const names = key.split('.');
    const last = names.pop()!;
    const section = names.length > 0 ? valueAt(content, names.join('.')) : content;
    if (isPlainObject(section)) delete section[last];
  }
  // What is wrong under keys that themselves contain dots.
  for (const { key } of problemsOf(content)) delete content[key.split('.')[0]!];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== '';
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
        'Correct the file, or move it away and run "migrator config" again.',
      );
    }
    throw new ConfigError(
      'config_unreadable',
      `${path} cannot be read: ${(error as Error).message}.`,
      'Check the permissions of the file and its folder, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of your own.',
      { cause: error },
    );
  }
  throw new ConfigError(
    'config_wrong_values',
    `${path} is not an object { … }.`,
    'Move the file away and run "migrator config" again.',
  );
}

/** One error that lists all problems; null if there are none. */
function wrongValues(
  problems: Problem[],
  where: string,
  remedy: string,
  named: (key: string) => string = key => key,
  exitCode: 1 | 2 = 1,
): ConfigError | null {
  if (problems.length === 0) return null;
  const lines = problems.map(
    ({ key, found, accepted }) => `  ${named(key)}: found ${found}, accepted: ${accepted}`,
  );
  const count = problems.length === 1 ? 'a wrong value' : `${problems.length} wrong values`;
  const message = [`${where} ${count}:`, ...lines].join('\n');
  return new ConfigError('config_wrong_values', message, `${remedy}.`, { exitCode });
}

/** Throws one {@link ConfigError} that lists all problems; nothing if there are none. */
export function refuse(...problems: Parameters<typeof wrongValues>): void {
  const fault = wrongValues(...problems);
  if (fault) throw fault;
}

/** Throws a usage error for wrong values on the command line. */
export function refuseFlags(flags: ConfigValues): void {
  const flagName = (key: string) => `--${settingOf(key as ConfigKey).flag}`;
  refuse(problemsOf(nested(flags)), 'The command line has', 'Correct the flag', flagName, 2);
}

/**
 * Flag values as they are stored: the id instead of a folder's address, absolute instead of relative paths (`~` stays, so
 * that the file can move between computers).
 */
export function normalized(values: ConfigValues): ConfigValues {
  const result: ConfigValues = {};
  for (const { key, isPath } of SETTINGS) {
    const value = values[key];
    if (key === 'google_drive.folder_id' && typeof value === 'string') {
      const { id, resourceKey } = folderRefFrom(value);
      result[key] = id;
      if (resourceKey) result['google_drive.resource_key'] = resourceKey;
    } else if (isPath && typeof value === 'string' && /^[^~\s]/.test(value)) result[key] = resolve(value);
    else if (value !== undefined) result[key] = value;
  }
  return result;
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
