/** Clients of google-auth-library for every kind of credentials. */
import {
  type AuthClient,
  DEFAULT_UNIVERSE,
  GoogleAuth,
  type GoogleAuthOptions,
  gaxios,
  Impersonated,
  type JWTInput,
  OAuth2Client,
} from 'google-auth-library';
import { RunError } from '../../../../stages/errors.ts';
import { isPlainObject } from '../../../config/json.ts';
import { type CredentialsJson, DEFAULT_TOKEN_URI, type DesktopClient, textIn } from './credentials.ts';

export { OAuth2Client };

const TIMEOUT_MS = 15_000;
/** Creating tokens for another service account is an operation of Google Cloud. */
const CLOUD_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * A client that gets access tokens. `subject` is the user for whom a service account acts (domain-wide delegation). Throws what
 * the library throws for a file that it cannot use.
 */
export async function googleClient(
  json: CredentialsJson,
  { scope, subject }: { scope: string; subject?: string },
): Promise<AuthClient> {
  const transporter = transporterTo(textIn(json, 'token_uri'));
  switch (json.type) {
    case 'authorized_user': {
      const client = oauthClient({
        clientId: textIn(json, 'client_id')!,
        clientSecret: textIn(json, 'client_secret'),
        tokenUri: textIn(json, 'token_uri') ?? DEFAULT_TOKEN_URI,
      });
      client.quotaProjectId = textIn(json, 'quota_project_id') ?? undefined;
      client.setCredentials({ refresh_token: textIn(json, 'refresh_token') });
      return client;
    }
    case 'impersonated_service_account':
      return impersonated(json, scope, transporter);
    case 'service_account': {
      // By default the library addresses the signed request to Google's fixed address, not to the key's `token_uri`.
      const isDefault = (textIn(json, 'universe_domain') ?? DEFAULT_UNIVERSE) === DEFAULT_UNIVERSE;
      const aud = textIn(json, 'token_uri');
      const additionalClaims = isDefault && aud ? { aud } : undefined;
      return clientFrom(json, scope, { transporter, subject, additionalClaims });
    }
    default:
      return clientFrom(json, scope, { transporter });
  }
}

async function clientFrom(
  json: CredentialsJson,
  scope: string,
  clientOptions: GoogleAuthOptions['clientOptions'],
): Promise<AuthClient> {
  const auth = new GoogleAuth({ credentials: json as JWTInput, scopes: [scope], clientOptions });
  const client = await auth.getClient();
  // The library's token exchange has no option for this, and would follow redirects with the subject token.
  const exchange: unknown = Reflect.get(client, 'stsCredential');
  if (isPlainObject(exchange)) exchange.transporter = clientOptions?.transporter;
  return client;
}

/** The library's own reader of this kind asks for the source's token with the scope of the target. */
async function impersonated(
  json: CredentialsJson,
  scope: string,
  transporter: gaxios.Gaxios,
): Promise<AuthClient> {
  const { hostname, origin, pathname } = new URL(textIn(json, 'service_account_impersonation_url')!);
  const target = /([^/]+):generateAccessToken$/.exec(pathname)?.[1];
  if (!target) throw new Error(`service_account_impersonation_url names no service account (${hostname})`);
  const sourceClient = await googleClient(json.source_credentials as CredentialsJson, { scope: CLOUD_SCOPE });
  return new Impersonated({
    sourceClient,
    targetPrincipal: decodeURIComponent(target),
    targetScopes: [scope],
    delegates: Array.isArray(json.delegates) ? json.delegates.map(String) : [],
    endpoint: origin,
    quotaProjectId: textIn(json, 'quota_project_id') ?? undefined,
    transporter,
  });
}

/** A client for a person's sign-in. `redirectUri` and `authUri` are for the sign-in itself only. */
export function oauthClient(
  client: Omit<DesktopClient, 'authUri'> & { authUri?: string; redirectUri?: string },
): OAuth2Client {
  const { clientId, clientSecret, tokenUri, authUri, redirectUri } = client;
  return new OAuth2Client({
    clientId,
    clientSecret: clientSecret ?? undefined,
    redirectUri,
    endpoints: {
      oauth2TokenUrl: tokenUri,
      // Google's two generations of addresses both end so.
      oauth2RevokeUrl: tokenUri.replace(/\/token(?=$|\?)/, '/revoke'),
      ...(authUri ? { oauth2AuthBaseUrl: authUri } : {}),
    },
    transporter: transporterTo(tokenUri),
  });
}

/** Sends token requests to the file's `token_uri`, and follows no redirect: it would carry the secrets elsewhere. */
function transporterTo(tokenUri: string | null): gaxios.Gaxios {
  // Retries are the caller's.
  const options = { timeout: TIMEOUT_MS, redirect: 'manual', retryConfig: { retry: 0 } } as const;
  const transporter = new gaxios.Gaxios(options);
  transporter.interceptors.request.add({
    resolved: async request => {
      if (tokenUri && request.url.href === DEFAULT_TOKEN_URI) request.url = new URL(tokenUri);
      return request;
    },
  });
  transporter.interceptors.response.add({
    resolved: async response => {
      const { config, data } = response;
      const isForToken = config.method === 'POST' && !config.url.pathname.endsWith('/revoke');
      // The library takes any page with status 200 for a token.
      const token = isPlainObject(data)
        ? (textIn(data, 'access_token') ?? textIn(data, 'accessToken'))
        : null;
      if (isForToken && !token)
        throw Object.assign(new Error('a response without a token'), { config, response });
      return response;
    },
  });
  return transporter;
}

/** A token of one universe (Google Cloud's separate installations) is no use in another, and a secret there. */
export function requireSameUniverse(json: CredentialsJson, apiUrl: string): void {
  const universe = textIn(json, 'universe_domain') ?? DEFAULT_UNIVERSE;
  const { hostname } = new URL(apiUrl);
  if (universe === DEFAULT_UNIVERSE || !hostname.endsWith(`.${DEFAULT_UNIVERSE}`)) return;
  throw new RunError(
    'google_universe',
    `The credentials are for the universe ${universe}, but google_drive.api_url is ${apiUrl}.`,
    `Set the address of the Drive API there, "migrator config --drive-api-url https://www.${universe}", or use credentials of ${DEFAULT_UNIVERSE}.`,
  );
}
