import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { DriveRef } from '../../stages/record.ts';
import { ConfigError } from './error.ts';

export type Env = Record<string, string | undefined>;

/** Absolute path of the folder with configuration, tokens, runs and logs; it may not exist. */
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

export function progressPath(home: string, folderId: string): string {
  return join(home, `progress_${checkedFolderId(folderId)}.json`);
}

export function failedPath(home: string, folderId: string): string {
  return join(home, `failed_${checkedFolderId(folderId)}.json`);
}

export function logsFolder(home: string): string {
  return join(home, 'logs');
}

/** Characters of Drive ids, and a length that leaves room for `progress_….json` in a 255-byte file name. */
export const FOLDER_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

export const RESOURCE_KEY = /^[A-Za-z0-9_-]{1,200}$/;

/**
 * A Drive folder, from its id or from its address as the browser shows it (`https://drive.google.com/drive/folders/ID?…`,
 * `…/drive/u/0/folders/ID`, `…/open?id=ID`), with the resource key that the address may have. Text that is neither is
 * taken for an id.
 */
export function folderRefFrom(text: string): DriveRef {
  const trimmed = text.trim();
  const url = /^drive\.google\.com\//i.test(trimmed) ? `https://${trimmed}` : trimmed;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return { id: trimmed };
  const { pathname, searchParams, hash } = new URL(url);
  const id = /\/folders\/([^/?&]+)/.exec(pathname + hash)?.[1] ?? searchParams.get('id') ?? trimmed;
  const [, resourceKey] = [...searchParams].find(([name]) => name.toLowerCase() === 'resourcekey') ?? [];
  return resourceKey && RESOURCE_KEY.test(resourceKey) ? { id, resourceKey } : { id };
}

export function folderIdFrom(text: string): string {
  return folderRefFrom(text).id;
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
