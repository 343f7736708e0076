import { randomBytes } from 'node:crypto';
import { chmod, type FileHandle, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from './error.ts';
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
  const changes: Change[] = [];
  for (const { key } of SETTINGS) {
    const to = wanted[key];
    const from = valueAt(content, key);
    if (to === undefined || to === from) continue;
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
    if (changes.length > 0) await replaceFile(path, `${JSON.stringify(content, null, 2)}\n`);
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

/** Makes the folder if needed, and sees that nobody else can look into it. Returns a warning if somebody could. */
async function privateFolder(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const mode = (await stat(folder)).mode & 0o777;
  if (process.platform === 'win32' || (mode & 0o077) === 0) return [];
  await chmod(folder, 0o700);
  return [`${folder} was open to other users (mode ${mode.toString(8)}); it is now 700.`];
}

/** Temporary file, fsync, rename: a reader sees the old content or the new one, never a part. */
async function replaceFile(path: string, text: string): Promise<void> {
  // A link (people keep such files in a dotfiles folder) stays one: the file behind it is replaced.
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  let file: FileHandle | null = null;
  try {
    file = await open(temporary, 'wx', 0o600);
    await file.writeFile(text);
    await file.sync();
    await file.close();
    file = null;
    await rename(temporary, target);
  } catch (error) {
    await file?.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

/** Makes the rename itself durable, where the platform can open folders. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
