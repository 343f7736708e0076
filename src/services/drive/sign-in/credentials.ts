/** The credential files that a Google sign-in starts from: which kinds there are, and what is wrong with an unusable one. */
import { RunError } from '../../../../stages/errors.ts';
import { isLoopback, isSafeEndpoint } from '../../../config/endpoint.ts';
import { isPlainObject, JsonError, readJson } from '../../../config/json.ts';
import type { Config } from '../../../config/settings.ts';
import type { Lease } from '../../renewal.ts';

type Content = Record<string, unknown>;

/** The kinds of credential files that google-auth-library reads, and what each must contain. */
const REQUIRED = {
  authorized_user: ['client_id', 'refresh_token'],
  service_account: ['client_email', 'private_key'],
  external_account: ['audience', 'subject_token_type', 'credential_source'],
  external_account_authorized_user: ['client_id', 'client_secret', 'refresh_token'],
  impersonated_service_account: ['service_account_impersonation_url', 'source_credentials'],
} as const;

export type CredentialsJson = Content & { type: keyof typeof REQUIRED };

/** What a signed-in request carries; `x-goog-user-project` is the project that pays, where the credentials name one. */
export type SignInHeaders = Record<string, string> & { authorization: string };

export interface GoogleCredentials {
  /** The JSON that google-auth-library takes. A desktop client and its token file together are an `authorized_user`. */
  json: CredentialsJson;
  path: string;
  /** An access token from the token file; null if there is none, or if its end or its scopes are unknown. */
  accessToken: Lease<SignInHeaders> | null;
}

export type CredentialPaths = Pick<Config['google_drive'], 'credentials_path' | 'token_path'>;

export interface DesktopClient {
  clientId: string;
  clientSecret: string | null;
  authUri: string;
  tokenUri: string;
}

export const DEFAULT_TOKEN_URI = 'https://oauth2.googleapis.com/token';
const DEFAULT_AUTH_URI = 'https://accounts.google.com/o/oauth2/v2/auth';

export const DRIVE_SCOPE = 'https://www.googleapis.com/auth/drive.readonly';
/** Scopes that let this tool list a folder that it did not create and download what is in it. */
const SUFFICIENT_SCOPES: readonly string[] = [DRIVE_SCOPE, 'https://www.googleapis.com/auth/drive'];

const DESKTOP_CLIENT =
  'In the Google Cloud console make an OAuth client of type "Desktop app" (APIs & Services, Credentials), download its JSON and name it by "migrator config --credentials-path FILE". A service-account key works too.';
const TOKEN_FILE =
  'Sign in with "migrator login google" (the token file of Google\'s Python library is read as well), or use a service-account key: "migrator config --credentials-path FILE".';
const AS_FROM_GOOGLE = 'Download the file again, and leave it as Google created it.';

/**
 * The credentials to sign in with: a desktop client (`installed`) together with the token file, perhaps of Python's google-auth,
 * or any other credentials file. Throws {@link RunError} for a file that cannot be used, or an address that is not safe.
 */
export async function readCredentials(paths: CredentialPaths): Promise<GoogleCredentials> {
  const content = await readObject(paths.credentials_path, DESKTOP_CLIENT);
  if (!isPlainObject(content.installed)) return credentialsIn(content, paths.credentials_path);
  const client = desktopClientIn(content, paths.credentials_path);
  const token = await readObject(paths.token_path, TOKEN_FILE);
  const clientId = textIn(token, 'client_id') ?? client.clientId;
  // A secret belongs to one client: that of the credentials does not fit a token of another client.
  const secret = clientId === client.clientId ? client.clientSecret : null;
  const user = {
    ...token,
    type: 'authorized_user',
    client_id: clientId,
    client_secret: textIn(token, 'client_secret') ?? secret,
    token_uri: textIn(content.installed, 'token_uri') ?? textIn(token, 'token_uri'),
  };
  return credentialsIn(user, paths.token_path);
}

/** The desktop client at `path`; null if the file needs no person to sign in. Throws as {@link readCredentials} does. */
export async function readDesktopClient(path: string): Promise<DesktopClient | null> {
  const content = await readObject(path, DESKTOP_CLIENT);
  return isCredentials(content) ? null : desktopClientIn(content, path);
}

function desktopClientIn(content: Content, path: string): DesktopClient {
  const client = content.installed;
  if (!isPlainObject(client)) throw wrongKind(content, path, DESKTOP_CLIENT);
  const clientId = textIn(client, 'client_id');
  if (!clientId) throw credentialsError(`${path} lacks installed.client_id.`, DESKTOP_CLIENT);
  requireSafeAddresses(client, path);
  return {
    clientId,
    clientSecret: textIn(client, 'client_secret'),
    authUri: textIn(client, 'auth_uri') ?? DEFAULT_AUTH_URI,
    tokenUri: textIn(client, 'token_uri') ?? DEFAULT_TOKEN_URI,
  };
}

function credentialsIn(content: Content, path: string): GoogleCredentials {
  if (!isCredentials(content)) throw wrongKind(content, path, DESKTOP_CLIENT);
  requireComplete(content, path);
  if (content.type !== 'authorized_user') return { json: content, path, accessToken: null };
  const scopes = scopesIn(content);
  requireSufficientScopes(scopes, path);
  return { json: content, path, accessToken: scopes.length > 0 ? accessTokenIn(content) : null };
}

function isCredentials(content: Content): content is CredentialsJson {
  return typeof content.type === 'string' && Object.hasOwn(REQUIRED, content.type);
}

function requireComplete(json: CredentialsJson, path: string): void {
  const missing = REQUIRED[json.type].filter(name => !textIn(json, name) && !isPlainObject(json[name]));
  const remedy = json.type === 'authorized_user' ? TOKEN_FILE : AS_FROM_GOOGLE;
  if (missing.length > 0) throw credentialsError(`${path} lacks ${missing.join(' and ')}.`, remedy);
  requireSafeAddresses(json, path);
  if (json.type !== 'impersonated_service_account') return;
  const source = isPlainObject(json.source_credentials) ? json.source_credentials : {};
  if (!isCredentials(source)) throw wrongKind(source, `source_credentials in ${path}`, AS_FROM_GOOGLE);
  requireComplete(source, path);
}

function wrongKind(content: Content, path: string, remedy: string): RunError {
  const what = isPlainObject(content.web)
    ? 'belongs to an OAuth client of type "Web application"; it has to be a "Desktop app"'
    : typeof content.type === 'string'
      ? `contains credentials of type "${content.type.slice(0, 40)}", which are not supported`
      : 'refresh_token' in content
        ? 'is a token file (it belongs at google_drive.token_path), not an OAuth client'
        : 'is neither an OAuth client nor a service-account key';
  return credentialsError(`${path} ${what}.`, remedy);
}

/** Python writes `token` and `expiry` (UTC, with or without the Z), Node `access_token` and `expiry_date` (ms). */
function accessTokenIn(file: Content): GoogleCredentials['accessToken'] {
  const token = textIn(file, 'access_token') ?? textIn(file, 'token');
  const expiry = textIn(file, 'expiry');
  const zoned = expiry && !/(?:Z|[+-]\d\d:?\d\d)$/i.test(expiry) ? `${expiry}Z` : expiry;
  const expiresAt = typeof file.expiry_date === 'number' ? file.expiry_date : Date.parse(zoned ?? '');
  if (!token || !Number.isFinite(expiresAt)) return null;
  const project = file.quota_project_id;
  const payer: Record<string, string> = project ? { 'x-goog-user-project': String(project) } : {};
  return { value: { authorization: `Bearer ${token}`, ...payer }, expiresAt };
}

/** Python writes a list `scopes`, Node and Google's responses a text `scope`. Empty if the file does not say. */
export function scopesIn({ scope, scopes = scope }: Content): string[] {
  if (Array.isArray(scopes)) return scopes.map(String);
  return typeof scopes === 'string' ? scopes.split(/\s+/).filter(Boolean) : [];
}

/** Whether a token with these scopes can download; true if they are unknown (none given). */
export function canDownload(scopes: readonly string[]): boolean {
  return scopes.length === 0 || scopes.some(scope => SUFFICIENT_SCOPES.includes(scope));
}

export function requireSufficientScopes(scopes: readonly string[], path: string): void {
  if (canDownload(scopes)) return;
  throw new RunError(
    'google_scope',
    `The Google sign-in in ${path} cannot download files: its scope is ${scopes.join(' ')}.`,
    'Sign in again with "migrator login google", which asks for drive.readonly. A file made by another program needs the scope drive.readonly or drive.',
  );
}

async function readObject(path: string, remedy: string): Promise<Content> {
  const content = await readJson(path).catch((error: NodeJS.ErrnoException) => {
    const { code, name, message } = error;
    if (error instanceof JsonError) throw credentialsError(`${path} is not JSON: ${message}.`, remedy);
    const what = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? name})`;
    throw credentialsError(`${path} ${what}.`, remedy);
  });
  if (isPlainObject(content)) return content;
  throw credentialsError(`${path} does not contain an object { … }.`, remedy);
}

export function credentialsError(message: string, remedy: string): RunError {
  return new RunError('google_credentials', message, remedy);
}

/** What is sent to these addresses is a secret. */
const ADDRESSES = ['auth_uri', 'token_uri', 'token_url', 'service_account_impersonation_url'];

function requireSafeAddresses(json: Content, path: string): void {
  const source = isPlainObject(json.credential_source) ? json.credential_source : {};
  const isUnsafe = (name: string) => !isSafeEndpoint(textIn(json, name) ?? DEFAULT_TOKEN_URI);
  const isUnsafeSource = (name: string) => {
    const address = (textIn(source, name) ?? '').replaceAll('{region}', 'region');
    return /url$/.test(name) && address && !isSafeEndpoint(address) && !isMetadataServer(address);
  };
  const name = ADDRESSES.find(isUnsafe) ?? Object.keys(source).find(isUnsafeSource);
  if (!name) return;
  throw new RunError(
    'google_token_uri',
    `The ${name} in ${path} is not an https:// address: the sign-in would be sent unencrypted.`,
    name === 'token_uri' ? `Set token_uri there to ${DEFAULT_TOKEN_URI}.` : AS_FROM_GOOGLE,
  );
}

/** Clouds give a machine its identity over plain http, on addresses that never leave the host. */
function isMetadataServer(address: string): boolean {
  const hostname = URL.canParse(address) ? new URL(address).hostname : '';
  return isLoopback(hostname) || METADATA_SERVERS.includes(hostname);
}

const METADATA_SERVERS = ['169.254.169.254', '[fd00:ec2::254]', 'metadata.google.internal'];

export function textIn(object: Content, name: string): string | null {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
