/** The JSON files that Google sign-in starts from: what they look like, and what is wrong when they are something else. */
import { RunError } from '../../stages/errors.ts';
import { isSafeEndpoint } from '../config/endpoint.ts';
import { JsonError, readJson } from '../config/json.ts';

export interface RefreshTokenGrant {
  kind: 'refresh_token';
  tokenUri: string;
  clientId: string;
  /** Null if the file has none; Google wants one for desktop clients. */
  clientSecret: string | null;
  refreshToken: string;
  /** An access token from the file that may still be good; null if there is none or its end is not known. */
  accessToken: { value: string; expiresAt: number } | null;
}

export interface ServiceAccountGrant {
  kind: 'service_account';
  tokenUri: string;
  email: string;
  privateKey: string;
  privateKeyId: string | null;
}

export type Grant = RefreshTokenGrant | ServiceAccountGrant;

/** An OAuth client of type "Desktop app": what a person signs in with. */
export interface DesktopClient {
  clientId: string;
  /** Null if the file has none; Google wants one. */
  clientSecret: string | null;
  authUri: string;
  tokenUri: string;
}

const DEFAULT_AUTH_URI = 'https://accounts.google.com/o/oauth2/v2/auth';

const DEFAULT_TOKEN_URI = 'https://oauth2.googleapis.com/token';
const DESKTOP_CLIENT =
  'In the Google Cloud console make an OAuth client of type "Desktop app" (APIs & Services, Credentials), download its JSON and name it by "migrator config --credentials-path FILE". A service-account key works too.';
const TOKEN_FILE =
  'Sign in with "migrator login google" (the token file of Google\'s Python library is read as well), or use a service-account key: "migrator config --credentials-path FILE".';

/**
 * What to ask Google for tokens with, from the files of the configuration (design.md, Configuration):
 * a desktop client (`installed`) together with the token file; a service-account key; or an `authorized_user` file
 * directly at `credentialsPath`. The token file may be the one of Python's google-auth.
 *
 * Throws {@link RunError}: file missing, not JSON, of another kind, incomplete, a token address that is not safe.
 */
export async function readGrant(paths: { credentialsPath: string; tokenPath: string }): Promise<Grant> {
  const { credentialsPath, tokenPath } = paths;
  const credentials = await readObject(credentialsPath, DESKTOP_CLIENT);
  if (credentials.type === 'service_account') return serviceAccount(credentials, credentialsPath);
  if (credentials.type === 'authorized_user') return refreshToken(credentials, {}, credentialsPath);
  const client = credentials.installed;
  if (isObject(client)) {
    if (!textIn(client, 'client_id'))
      throw incomplete(credentialsPath, ['installed.client_id'], DESKTOP_CLIENT);
    return refreshToken(await readObject(tokenPath, TOKEN_FILE), client, tokenPath, credentialsPath);
  }
  throw new RunError('google_credentials', `${credentialsPath} ${wrongKind(credentials)}.`, DESKTOP_CLIENT);
}

/**
 * The desktop client at `credentialsPath`; null if there is something that needs no person to sign in (a service-account
 * key, an `authorized_user` file). Throws {@link RunError} as {@link readGrant} does.
 */
export async function readDesktopClient(credentialsPath: string): Promise<DesktopClient | null> {
  const credentials = await readObject(credentialsPath, DESKTOP_CLIENT);
  if (credentials.type === 'service_account' || credentials.type === 'authorized_user') return null;
  const client = credentials.installed;
  if (!isObject(client))
    throw new RunError('google_credentials', `${credentialsPath} ${wrongKind(credentials)}.`, DESKTOP_CLIENT);
  const clientId = textIn(client, 'client_id');
  if (!clientId) throw incomplete(credentialsPath, ['installed.client_id'], DESKTOP_CLIENT);
  return {
    clientId,
    clientSecret: textIn(client, 'client_secret'),
    authUri: safe(textIn(client, 'auth_uri') ?? DEFAULT_AUTH_URI, credentialsPath, 'auth_uri'),
    tokenUri: safe(textIn(client, 'token_uri') ?? DEFAULT_TOKEN_URI, credentialsPath),
  };
}

function wrongKind(content: Record<string, unknown>): string {
  if (isObject(content.web))
    return 'belongs to an OAuth client of type "Web application"; it has to be a "Desktop app"';
  if (typeof content.type === 'string')
    return `holds credentials of type "${content.type.slice(0, 40)}", which cannot be used`;
  if ('refresh_token' in content)
    return 'is a token file (it belongs at google_drive.token_path), not an OAuth client';
  return 'is neither an OAuth client nor a service-account key';
}

function refreshToken(
  token: Record<string, unknown>,
  client: Record<string, unknown>,
  path: string,
  credentialsPath: string = path,
): RefreshTokenGrant {
  const refresh = textIn(token, 'refresh_token');
  const clientId = textIn(token, 'client_id') ?? textIn(client, 'client_id');
  const missing = [refresh ? [] : ['refresh_token'], clientId ? [] : ['client_id']].flat();
  if (!refresh || !clientId) throw incomplete(path, missing, TOKEN_FILE);
  refuseNarrowScopes(token, path);
  // A secret belongs to one client: the credentials' own is of no use for a token of another client.
  const sameClient = clientId === textIn(client, 'client_id');
  const clientSecret =
    textIn(token, 'client_secret') ?? (sameClient ? textIn(client, 'client_secret') : null);
  const fromClient = textIn(client, 'token_uri');
  const tokenUri = fromClient ?? textIn(token, 'token_uri') ?? DEFAULT_TOKEN_URI;
  return {
    kind: 'refresh_token',
    tokenUri: safe(tokenUri, fromClient ? credentialsPath : path),
    clientId,
    clientSecret,
    refreshToken: refresh,
    accessToken: accessToken(token),
  };
}

function serviceAccount(key: Record<string, unknown>, path: string): ServiceAccountGrant {
  const email = textIn(key, 'client_email');
  const privateKey = textIn(key, 'private_key');
  if (!email || !privateKey) {
    const missing = [email ? [] : ['client_email'], privateKey ? [] : ['private_key']].flat();
    throw incomplete(
      path,
      missing,
      'Make a new key of the service account in the Google Cloud console and download it as JSON.',
    );
  }
  return {
    kind: 'service_account',
    tokenUri: safe(textIn(key, 'token_uri') ?? DEFAULT_TOKEN_URI, path),
    email,
    privateKey,
    privateKeyId: textIn(key, 'private_key_id'),
  };
}

/** Python writes `token` and `expiry` (UTC, with or without the Z), Node `access_token` and `expiry_date` (ms). */
function accessToken(file: Record<string, unknown>): RefreshTokenGrant['accessToken'] {
  const value = textIn(file, 'access_token') ?? textIn(file, 'token');
  const expiry = textIn(file, 'expiry');
  const zoned = expiry && !/(?:Z|[+-]\d\d:?\d\d)$/i.test(expiry) ? `${expiry}Z` : expiry;
  const expiresAt = typeof file.expiry_date === 'number' ? file.expiry_date : Date.parse(zoned ?? '');
  return value && Number.isFinite(expiresAt) ? { value, expiresAt } : null;
}

/** A token that was given for something else would fail at the first query with a message that nobody understands. */
function refuseNarrowScopes(token: Record<string, unknown>, path: string): void {
  const { scope, scopes = scope } = token;
  const list =
    typeof scopes === 'string' ? scopes.split(/\s+/) : Array.isArray(scopes) ? scopes.map(String) : [];
  if (list.length === 0 || list.some(one => one.startsWith('https://www.googleapis.com/auth/drive'))) return;
  throw new RunError(
    'google_scope',
    `The token in ${path} was not given for Drive: its scopes are ${list.join(' ')}.`,
    'Sign in again with "migrator login google", which asks for the scope drive.readonly.',
  );
}

async function readObject(path: string, remedy: string): Promise<Record<string, unknown>> {
  try {
    const content = await readJson(path);
    if (isObject(content)) return content;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof JsonError)
      throw new RunError('google_credentials', `${path} is not JSON: ${error.message}.`, remedy);
    const what = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? (error as Error).name})`;
    throw new RunError('google_credentials', `${path} ${what}.`, remedy, { cause: error });
  }
  throw new RunError('google_credentials', `${path} does not hold an object { … }.`, remedy);
}

function incomplete(path: string, missing: string[], remedy: string): RunError {
  return new RunError('google_credentials', `${path} lacks ${missing.join(' and ')}.`, remedy);
}

function safe(address: string, path: string, name: 'token_uri' | 'auth_uri' = 'token_uri'): string {
  if (isSafeEndpoint(address)) return address;
  throw new RunError(
    'google_token_uri',
    `The ${name} in ${path} is not an https:// address: the sign-in would travel in the clear.`,
    `Set ${name} there to ${name === 'token_uri' ? DEFAULT_TOKEN_URI : DEFAULT_AUTH_URI}.`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textIn(object: Record<string, unknown>, name: string): string | null {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
