/** What follows from the schema: the flat list of settings, defaults, checks, and access by dotted keys. */
import * as v from 'valibot';
import { ConfigError } from './error.ts';
import { isPlainObject } from './json.ts';
import { type Config, ConfigSchema } from './schema.ts';
import { withoutCredentials } from './secrets.ts';
import type { Metadata } from './setting-types.ts';

export type { Config, ModelNames } from './schema.ts';

type DottedKeys<T> = {
  [K in keyof T & string]: T[K] extends string | number | boolean ? K : `${K}.${DottedKeys<T[K]>}`;
}[keyof T & string];

/** Every value that has a flag; `prefix_disambiguation` has none. */
export type ConfigKey = DottedKeys<Omit<Config, 'prefix_disambiguation'>>;

/** Values by dotted key; undefined is the same as absent. */
export type ConfigValues = Partial<Record<ConfigKey, unknown>>;

interface Setting extends Metadata {
  flag: string;
  key: ConfigKey;
  summary: string;
  default: string | number | boolean;
}

export const SETTINGS: readonly Setting[] = settingsIn(ConfigSchema);

function settingsIn(schema: unknown, path = ''): Setting[] {
  const { wrapped, entries } = schema as { wrapped?: object; entries?: Record<string, v.GenericSchema> };
  if (!entries) return wrapped ? settingsIn(wrapped, path) : [];
  return Object.entries(entries).flatMap(([name, below]) => {
    const key = (path ? `${path}.${name}` : name) as ConfigKey;
    const summary = v.getDescription(below);
    if (!summary) return settingsIn(below, key);
    const model = /(?<=\.models\.)\w+\./.exec(key)?.[0] ?? '';
    const flag = `${model}${name}`.replace(/[_.]/g, '-');
    return [
      { flag, ...(v.getMetadata(below) as Metadata), key, summary, default: v.getDefault(below) as never },
    ];
  });
}

export function settingOf(key: ConfigKey): Setting {
  return SETTINGS.find(setting => setting.key === key)!;
}

/** All defaults; the paths in it are relative to the home folder. */
export function defaultConfig(): Config {
  return v.parse(ConfigSchema, {});
}

/** One value that cannot be used: where, what was found, what is accepted. */
export interface Problem {
  key: string;
  found: string;
  accepted: string;
}

/** All wrong values of a configuration that may be partial, in the order of the schema. */
export function problemsOf(values: unknown): Problem[] {
  const problems = new Map<string, Problem>();
  for (const { path = [], message } of v.safeParse(ConfigSchema, values).issues ?? []) {
    const key = path.map(item => item.key).join('.');
    const last = path.at(-1)!;
    const found = shown(last.origin === 'key' ? last.key : last.value);
    if (!problems.has(key)) problems.set(key, { key, found, accepted: message });
  }
  return [...problems.values()];
}

function shown(value: unknown): string {
  if (value === '' || (isPlainObject(value) && Object.keys(value).length === 0)) return 'nothing';
  const text = withoutCredentials(JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The value under a dotted key; undefined if it or a section above it is missing. */
export function valueAt(values: unknown, key: string): unknown {
  let at: unknown = values;
  for (const name of key.split('.')) {
    if (!isPlainObject(at) || !Object.hasOwn(at, name)) return undefined;
    at = at[name];
  }
  return at;
}

/** Sets a dotted key in place, with the sections above it. A section that is not an object is replaced. */
export function setAt(values: object, key: string, value: unknown): void {
  const names = key.split('.');
  const last = names.pop()!;
  let at = values as Record<string, unknown>;
  for (const name of names) {
    if (!isPlainObject(at[name])) at[name] = {};
    at = at[name] as Record<string, unknown>;
  }
  at[last] = value;
}

/** An object with sections, from dotted keys. */
export function nested(values: ConfigValues): Record<string, unknown> {
  const result = {};
  for (const [key, value] of Object.entries(values)) setAt(result, key, value);
  return result;
}

export function storageRegionOf({ region, amplify }: Config['aws']): string {
  return amplify.storage_region || region;
}

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
