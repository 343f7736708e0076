import { stat } from 'node:fs/promises';
import type { LoadedConfig, Source } from './load.ts';
import { type ConfigKey, SETTINGS, valueAt } from './settings.ts';
import { isPlainObject } from './unknown-keys.ts';

export const MASK = '********';

export interface FileState {
  path: string;
  exists: boolean;
  /** Octal, like `600`; null if the file does not exist. */
  mode: string | null;
}

export interface Description {
  path: string;
  /** The whole configuration, unknown keys included, secrets masked. */
  config: Record<string, unknown>;
  sources: Record<ConfigKey, Source>;
  /** By dotted key: the files that the configuration points to. */
  files: Record<string, FileState>;
  warnings: string[];
}

/** What `show` tells: values with their sources, and the state of the files they name. Reads no file's content. */
export async function describeConfig(loaded: LoadedConfig): Promise<Description> {
  const files: Record<string, FileState> = {};
  for (const { key, kind } of SETTINGS) {
    if (kind === 'path') files[key] = await fileState(String(valueAt(loaded.config, key)));
  }
  return {
    path: loaded.path,
    config: masked(loaded.config) as Record<string, unknown>,
    sources: loaded.sources,
    files,
    warnings: loaded.warnings,
  };
}

const SECRET_NAME = /secret|token|password|passwd|private_?key|api_?key/i;
const PLACE_NAME = /_(?:path|url|uri)$/i;

/** A copy in which every value under a name that sounds like a secret is masked; names of places stay. */
export function masked(value: unknown, name = ''): unknown {
  if (SECRET_NAME.test(name) && !PLACE_NAME.test(name)) return value === '' || value === null ? value : MASK;
  if (Array.isArray(value)) return value.map(item => masked(item));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, masked(below, key)]));
}

/** Names that most projects need not care about: shown only when somebody has set them. */
const MODELS = 'aws.amplify.models.';

/** Lines for people: `key  value  (source)`. */
export function renderDescription(description: Description): string {
  const told = SETTINGS.filter(({ key }) => !key.startsWith(MODELS) || description.sources[key] === 'file');
  const rows: (readonly [string, string, string])[] = told.map(({ key }) => {
    const value = valueAt(description.config, key);
    const file = description.files[key];
    const remarks = [String(description.sources[key]), ...(file ? [fileRemark(file)] : [])];
    return [key, value === '' ? '-' : String(value), `(${remarks.join(', ')})`] as const;
  });
  const rules = description.config.prefix_disambiguation as { enabled?: boolean } | undefined;
  if (rules?.enabled) rows.push(['prefix_disambiguation', JSON.stringify(rules), '(file)'] as const);
  const width = (column: 0 | 1) => Math.max(...rows.map(row => row[column].length));
  const [keys, values] = [width(0), width(1)];
  return rows
    .map(([key, value, remark]) => `${key.padEnd(keys)}  ${value.padEnd(values)}  ${remark}`)
    .join('\n');
}

function fileRemark(file: FileState): string {
  if (!file.exists) return 'no such file';
  const open = process.platform !== 'win32' && (Number.parseInt(file.mode ?? '0', 8) & 0o077) !== 0;
  return open ? `mode ${file.mode}: others can read it, should be 600` : `mode ${file.mode}`;
}

async function fileState(path: string): Promise<FileState> {
  try {
    return { path, exists: true, mode: ((await stat(path)).mode & 0o777).toString(8) };
  } catch {
    return { path, exists: false, mode: null };
  }
}
