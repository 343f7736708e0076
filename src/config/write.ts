import { defaultConfig } from './defaults.ts';
import { ConfigError } from './error.ts';
import { privateFolder, replacePrivateFile } from './files/private-file.ts';
import { configPath } from './home.ts';
import { type ConfigValues, flagName, nested, normalized, readConfigFile, refuse } from './load.ts';
import { problemsOf } from './schema.ts';
import { type ConfigKey, SETTINGS, setAt, valueAt } from './settings.ts';

export interface Change {
  key: ConfigKey;
  /** Null if the key was not in the file. */
  from: unknown;
  to: unknown;
}

export interface WrittenConfig {
  path: string;
  /** In the order of the settings; empty if the file said all this already, and then it was not touched. */
  changes: Change[];
  /** What was mended on the way, for people. */
  warnings: string[];
}

/**
 * Sets these values in config.json and leaves everything else in it as it is, unknown keys included. The file is
 * replaced in one step (a crash leaves the old one), mode 0600, its folder 0700. The whole outcome is checked before
 * anything is written.
 *
 * Throws {@link ConfigError}: the present file is not JSON, the outcome would hold wrong values, the folder refuses.
 */
export async function writeConfig(home: string, values: ConfigValues): Promise<WrittenConfig> {
  const path = configPath(home);
  const wanted = normalized(values);
  refuse(problemsOf(nested(wanted)), 'The command line has', 'Correct the flag', flagName, 2);
  const content = await readConfigFile(path);
  // The key of the folder before is of no use to another one.
  const folder = wanted['google_drive.folder_id'];
  if (folder !== undefined && folder !== valueAt(content, 'google_drive.folder_id'))
    wanted['google_drive.resource_key'] ??= '';
  const unset = defaultConfig(home);
  const changes: Change[] = [];
  for (const { key } of SETTINGS) {
    const to = wanted[key];
    const from = valueAt(content, key);
    const isUnsetAlready = to === '' && from === undefined && valueAt(unset, key) === '';
    if (to === undefined || to === from || isUnsetAlready) continue;
    changes.push({ key, from: from ?? null, to });
    setAt(content, key, to);
  }
  refuse(
    problemsOf(content),
    `Nothing was written: ${path} has`,
    'Correct the file, or set the values by flag',
  );

  try {
    const warnings = await privateFolder(home);
    if (changes.length > 0) await replacePrivateFile(path, `${JSON.stringify(content, null, 2)}\n`);
    return { path, changes, warnings };
  } catch (error) {
    throw new ConfigError(
      'config_not_written',
      `${path} cannot be written: ${(error as Error).message}.`,
      'Check the rights on that folder and the space on its disk, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of yours.',
      { cause: error },
    );
  }
}
