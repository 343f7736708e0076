/**
 * The local Google Drive: the read side of Drive v3 with Google's token endpoint on one loopback port.
 *
 *     GET  /drive/v3/files · /drive/v3/files/{id} (alt=media) · /drive/v3/about
 *     GET  /o/oauth2/v2/auth      POST /token · /revoke
 *     POST /v1/token · /v1/projects/-/serviceAccounts/{email}:generateAccessToken
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson, serve } from '../service.ts';
import { Accounts } from './accounts.ts';
import { sendContent } from './download.ts';
import { type DriveItem, DriveTree, isReachable, type ResourceKeys } from './drive-tree.ts';
import {
  DriveError,
  fileNotFound,
  insufficientScope,
  invalidCredentials,
  invalidParameter,
  sendDriveError,
} from './errors.ts';
import { applyMask, booleanParameter, fieldsParameter } from './fields.ts';
import { FileLister, type ListBehaviour } from './list.ts';
import { createOAuth } from './oauth.ts';
import { aboutResource, fileResource } from './resources.ts';
import { ABOUT_SCHEMA, DEFAULT_FILE_FIELDS, FILE_SCHEMA } from './schemas.ts';
import { FULL_SCOPE, type Grant, METADATA_SCOPE, READONLY_SCOPE, Tokens } from './tokens.ts';

/** What can be changed while the Drive runs. */
interface DriveBehaviour extends ListBehaviour {
  /** Faster callers get 403 `userRateLimitExceeded`; each account has its own measure. No limit if left out. */
  queriesPerSecond?: number;
}

export interface DriveOptions extends DriveBehaviour {
  /** ms since 1970; tokens, times of files and the rate of queries go by it. */
  now?: () => number;
  /** Of access tokens; 3600 if left out. */
  tokenLifetimeSeconds?: number;
}

export type DriveService = Awaited<ReturnType<typeof createDrive>>;

const ROUTES: [RegExp, string][] = [
  [/^GET \/drive\/v3\/files$/, 'files.list'],
  [/^GET \/drive\/v3\/files\/([^/]+)$/, 'files.get'],
  [/^GET \/drive\/v3\/about$/, 'about.get'],
  [/^POST \/token$/, 'token'],
  [/^POST \/revoke$/, 'revoke'],
  [/^GET \/o\/oauth2\/v2\/auth$/, 'consent'],
  [/^POST \/v1\/token$/, 'exchange'],
  [/^POST \/v1\/projects\/-\/serviceAccounts\/([^/]+):generateAccessToken$/, 'generateAccessToken'],
];

interface Call {
  /** Empty for what the local Drive does not know. */
  operation: string;
  /** From the path; empty if it names none. */
  id: string;
  url: URL;
}

/** Starts a Drive with an empty My Drive, on 127.0.0.1; it ends with `service.close()`. */
export async function createDrive(options: DriveOptions = {}) {
  const { now = Date.now, tokenLifetimeSeconds = 3600, ...rest } = options;
  const behaviour: DriveBehaviour = rest;
  const tree = new DriveTree(now);
  const tokens = new Tokens(now, tokenLifetimeSeconds);
  const lister = new FileLister(tree, behaviour);
  /** Times of the queries of each account over the last second. */
  const queries = new Map<string, number[]>();

  const service = await serve({ operationOf: request => callOf(request).operation || 'unknown', handle });
  const accounts = new Accounts(service.url, tokens);
  const oauth = createOAuth(accounts, tokens, now);
  return { service, apiUrl: service.url, tokenUri: accounts.tokenUri, tree, accounts, behaviour };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = callOf(request);
    if (Object.hasOwn(oauth, call.operation))
      return oauth[call.operation as keyof typeof oauth](request, response, call);
    try {
      await answer(call, request, response);
    } catch (error) {
      if (!(error instanceof DriveError)) throw error;
      sendDriveError(response, error);
    }
  }

  async function answer(call: Call, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parameters = call.url.searchParams;
    const grant = tokens.grantOf(request.headers.authorization);
    if (!grant) throw invalidCredentials();
    const { email } = grant;
    requireScope(grant, call.operation);
    checkRate(email);
    const keys = resourceKeysOf(request);
    switch (call.operation) {
      case 'files.list':
        return sendJson(response, 200, lister.list(parameters, email, keys));
      case 'files.get':
        return sendJson(response, 200, metadata(reachable(call, email, keys), parameters, email));
      case 'files.download':
        return sendContent(request, response, reachable(call, email, keys), parameters);
      case 'about.get':
        return sendJson(response, 200, about(parameters, email));
      default:
        throw request.method === 'GET'
          ? new DriveError(404, 'notFound', 'Not Found')
          : new DriveError(403, 'insufficientPermissions', 'The local Drive can only be read.');
    }
  }

  function reachable({ id, url }: Call, email: string, keys: ResourceKeys): DriveItem {
    const item = tree.find(id === 'root' ? tree.rootId : id);
    const allDrives = booleanParameter(url.searchParams, 'supportsAllDrives');
    if (!item || !isReachable(tree, item, email, keys) || (item.driveId && !allDrives))
      throw fileNotFound(id);
    return item;
  }

  function metadata(item: DriveItem, parameters: URLSearchParams, email: string): unknown {
    const mask = fieldsParameter(parameters, FILE_SCHEMA, DEFAULT_FILE_FIELDS);
    return applyMask(fileResource(tree, item, email), mask);
  }

  /** Counts a query, or throws 403 `userRateLimitExceeded`; what is refused does not count. */
  function checkRate(email: string): void {
    const { queriesPerSecond } = behaviour;
    if (!queriesPerSecond) return;
    const recent = (queries.get(email) ?? []).filter(time => time > now() - 1000);
    queries.set(email, recent);
    if (recent.length >= queriesPerSecond)
      throw new DriveError(403, 'userRateLimitExceeded', 'User Rate Limit Exceeded', {
        domain: 'usageLimits',
      });
    recent.push(now());
  }
}

/** Those that a request brings along: `{id}/{key}`, comma-separated. Throws 400 for anything else. */
function resourceKeysOf({ headers }: IncomingMessage): ResourceKeys {
  const pairs = String(headers['x-goog-drive-resource-keys'] ?? '')
    .split(',')
    .filter(Boolean);
  if (!pairs.every(pair => /^[\w-]+\/[\w-]+$/.test(pair)))
    throw new DriveError(400, 'invalid', 'Invalid resource key header.');
  return new Map(pairs.map(pair => pair.split('/') as [string, string]));
}

/** Names and sizes are for more scopes than bytes are. */
function requireScope({ scope }: Grant, operation: string): void {
  const sufficient = [
    READONLY_SCOPE,
    FULL_SCOPE,
    ...(operation === 'files.download' ? [] : [METADATA_SCOPE]),
  ];
  if (!scope.split(' ').some(one => sufficient.includes(one))) throw insufficientScope();
}

function about(parameters: URLSearchParams, email: string): unknown {
  if (!parameters.get('fields')) {
    throw invalidParameter('fields', "The 'fields' parameter is required for this method.", 'required');
  }
  return applyMask(aboutResource(email), fieldsParameter(parameters, ABOUT_SCHEMA, '*'));
}

function callOf(request: IncomingMessage): Call {
  const url = new URL(request.url ?? '/', 'http://drive');
  for (const [pattern, operation] of ROUTES) {
    const match = pattern.exec(`${request.method} ${url.pathname}`);
    if (!match) continue;
    const download = operation === 'files.get' && url.searchParams.get('alt') === 'media';
    return {
      operation: download ? 'files.download' : operation,
      id: decodeURIComponent(match[1] ?? ''),
      url,
    };
  }
  return { operation: '', id: '', url };
}
