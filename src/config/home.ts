import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { ConfigError } from './error.ts';

export type Env = Record<string, string | undefined>;

/** Absolute path of the folder that holds configuration, tokens, runs and logs; it need not exist. */
export function homeFolder(env: Env): string {
  const moved = env.AMPLIFY_MEDIA_MIGRATOR_HOME;
  return moved ? resolve(expandTilde(moved, env)) : join(userHome(env), '.amplify-media-migrator');
}

/** `~` and `~/…` become the user's home; `~other` and everything else stays as it is. */
export function expandTilde(path: string, env: Env): string {
  if (path === '~') return userHome(env);
  return /^~[/\\]/.test(path) ? join(userHome(env), path.slice(2)) : path;
}

/** An absolute path: tilde expanded, a relative one taken from `base`. */
export function absolutePath(path: string, base: string, env: Env): string {
  const expanded = expandTilde(path, env);
  return isAbsolute(expanded) ? expanded : resolve(base, expanded);
}

export function configPath(home: string): string {
  return join(home, 'config.json');
}

/** Where the Cognito sign-ins of `login aws` are kept. */
export function cognitoTokenPath(home: string): string {
  return join(home, 'cognito_token.json');
}

/** Folder of one run's manifests. Throws {@link ConfigError} for an id that is no single, harmless path segment. */
export function runFolder(home: string, folderId: string): string {
  return join(home, 'runs', checkedFolderId(folderId));
}

/** Where the projection of one run's state lies; beside the configuration (design: progress file). */
export function progressPath(home: string, folderId: string): string {
  return join(home, `progress_${checkedFolderId(folderId)}.json`);
}

export function logsFolder(home: string): string {
  return join(home, 'logs');
}

/** Characters of Drive ids, and a length that leaves room for `progress_….json` in a 255-byte file name. */
export const FOLDER_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/**
 * The id of a Drive folder, from the id itself or from an address as the browser shows it
 * (`https://drive.google.com/drive/folders/ID?…`, `…/open?id=ID`). Text that is neither is given back as it is.
 */
export function folderIdFrom(text: string): string {
  const trimmed = text.trim();
  if (!/^https?:\/\//i.test(trimmed)) return trimmed;
  if (!URL.canParse(trimmed)) return trimmed;
  const address = new URL(trimmed);
  return /\/folders\/([^/]+)/.exec(address.pathname)?.[1] ?? address.searchParams.get('id') ?? trimmed;
}

function checkedFolderId(folderId: string): string {
  if (FOLDER_ID.test(folderId)) return folderId;
  throw new ConfigError(
    'bad_folder_id',
    `${JSON.stringify(folderId)} is not the id of a Drive folder: letters, digits, "-", "_" and "." are accepted.`,
    'Open the folder in the browser and copy the part of the address after "/folders/".',
    { exitCode: 2 },
  );
}

function userHome(env: Env): string {
  return env.HOME || env.USERPROFILE || homedir();
}
