import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from './error.ts';
import { makePrivateFolder, openToOthers, replaceFile } from './files/private-files.ts';
import { configPath } from './home.ts';
import { normalized, readConfigFile, refuse, refuseFlags } from './load.ts';
import {
  type Config,
  type ConfigKey,
  type ConfigValues,
  problemsOf,
  SETTINGS,
  setAt,
  valueAt,
} from './settings.ts';

export interface Change {
  key: ConfigKey | 'prefix_disambiguation';
  from: unknown;
  to: unknown;
}

/**
 * Sets these values in config.json and leaves everything else in it as it is, unknown keys included. The file is
 * replaced in one step (a crash leaves the old one), mode 0600, a new folder 0700. The result is checked before anything
 * is written. Returns what changed, in the order of the settings; without a change the file is not touched.
 *
 * Throws {@link ConfigError}: the present file is not JSON, the result would have wrong values, the disk refuses.
 */
export async function writeConfig(
  home: string,
  values: ConfigValues,
  prefixRules?: Config['prefix_disambiguation'],
): Promise<{ path: string; changes: Change[]; warnings: string[] }> {
  const path = configPath(home);
  const wanted = normalized(values);
  refuseFlags(wanted);
  const content = await readConfigFile(path);
  // The resource key of the previous folder does not fit another one.
  const folder = wanted['google_drive.folder_id'];
  if (folder !== undefined && folder !== valueAt(content, 'google_drive.folder_id'))
    wanted['google_drive.resource_key'] ??= '';
  const changes = setValues(content, wanted, prefixRules);
  refuse(
    problemsOf(content),
    `Nothing was written: ${path} has`,
    'Correct the file, or set the values by flag',
  );

  try {
    makePrivateFolder(home);
    const warnings = await openToOthers(home);
    if (changes.length > 0) await replaceFile(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    return { path, changes, warnings };
  } catch (error) {
    throw new ConfigError(
      'config_not_written',
      `${path} cannot be written: ${(error as Error).message}.`,
      'Check the permissions of the folder and the free space on its disk, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of your own.',
      { cause: error },
    );
  }
}

/** Sets the values in the content of the file. Returns what changed, in the order of the settings. */
function setValues(
  content: Record<string, unknown>,
  wanted: ConfigValues,
  prefixRules: Config['prefix_disambiguation'] | undefined,
): Change[] {
  const changes: Change[] = [];
  for (const { key, default: initial } of SETTINGS) {
    const to = wanted[key];
    const from = valueAt(content, key);
    const isUnsetAlready = to === '' && from === undefined && initial === '';
    if (to === undefined || to === from || isUnsetAlready) continue;
    changes.push({ key, from: from ?? null, to });
    setAt(content, key, to);
  }
  const rules = content.prefix_disambiguation ?? null;
  if (prefixRules && !isDeepStrictEqual(rules, prefixRules)) {
    changes.push({ key: 'prefix_disambiguation', from: rules, to: prefixRules });
    content.prefix_disambiguation = prefixRules;
  }
  return changes;
}
