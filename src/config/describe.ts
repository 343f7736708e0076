import { stat } from 'node:fs/promises';
import type { LoadedConfig } from './load.ts';
import { withHiddenValues } from './secrets.ts';
import { type ConfigKey, SETTINGS, valueAt } from './settings.ts';

type Description = Awaited<ReturnType<typeof describeConfig>>;

/** What `show` prints. Does not read the files that the values name. */
export async function describeConfig({ path, config, sources, warnings }: LoadedConfig) {
  /** By dotted key: the files that the configuration points to. */
  const files: Record<string, Awaited<ReturnType<typeof fileState>>> = {};
  for (const { key, isPath } of SETTINGS) {
    if (isPath) files[key] = await fileState(String(valueAt(config, key)));
  }
  return { path, config: withHiddenValues(config) as Record<string, unknown>, sources, files, warnings };
}

/** The mode is octal, like `600`. */
async function fileState(path: string) {
  const found = await stat(path).catch(() => null);
  return { path, exists: found !== null, mode: found && (found.mode & 0o777).toString(8) };
}

/** Shown only if they are set: most projects use the defaults. */
const MODELS = 'aws.amplify.models.';

/** Lines for people: `key  value  (source)`. */
export function renderDescription(
  { config, sources, files }: Description,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const rows = SETTINGS.filter(({ key }) => !key.startsWith(MODELS) || sources[key] === 'file').map(
    ({ key }) => {
      const value = valueAt(config, key);
      const remarks = [sources[key], ...(files[key] ? [fileRemark(files[key])] : [])];
      return [key, value === '' ? '-' : String(value), `(${remarks.join(', ')})`] as const;
    },
  );
  if (valueAt(config, 'prefix_disambiguation.enabled'))
    rows.push(['prefix_disambiguation' as ConfigKey, JSON.stringify(config.prefix_disambiguation), '(file)']);
  const width = (column: 0 | 1) => Math.max(...rows.map(row => row[column].length));
  const [keys, values] = [width(0), width(1)];
  const isWide = keys + values + 2 * 2 + '(not set)'.length <= columns;
  return rows.map(([key, value, remark]) =>
    isWide ? `${key.padEnd(keys)}  ${value.padEnd(values)}  ${remark}` : `${key} = ${value} ${remark}`,
  );
}

function fileRemark({ exists, mode }: Description['files'][string]): string {
  if (!exists) return 'no such file';
  const isOpen = process.platform !== 'win32' && (Number.parseInt(mode ?? '0', 8) & 0o077) !== 0;
  return isOpen ? `mode ${mode}: others can read it, should be 600` : `mode ${mode}`;
}
