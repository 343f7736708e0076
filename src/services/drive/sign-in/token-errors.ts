/** What a failed request for a Google token means and what to do, from the errors of google-auth-library. */
import { RunError } from '../../../../stages/errors.ts';
import {
  connectionError,
  faultOf,
  type RetryPolicy,
  retryPolicyFor,
} from '../../../../stages/retry/faults.ts';
import { isPlainObject } from '../../../config/json.ts';
import { type ErrorRule, explain } from '../../error-rules.ts';
import { credentialsError, DRIVE_SCOPE, type GoogleCredentials, textIn } from './credentials.ts';

interface RequestError {
  config?: { url?: unknown };
  response?: { status?: number; data?: unknown; config?: { url?: unknown } };
}

const requestPolicy = retryPolicyFor();
/** What the library says about a file is final; for requests, the table of faults decides. */
export const tokenRetryPolicy: RetryPolicy = error =>
  isRequestError(error) ? requestPolicy(error) : { again: false, afterMs: null };

/** A RunError with a remedy. It has no cause: the library's errors quote requests, with the secrets in them. */
export function classifyTokenError(
  error: unknown,
  credentials: GoogleCredentials,
  subject: string,
): RunError {
  if (error instanceof RunError) return error;
  if (!isRequestError(error)) return unusableFile(error, credentials);
  const refusal = refusalOf(error, credentials, subject);
  const { code, status } = faultOf(error);
  const where = `Google's sign-in at ${refusal.address || 'its token service'}`;
  const connection = connectionError(error, where);
  if (connection) return connection;
  if (status !== null) return explain(TOKEN_ERROR_RULES, refusal);
  const remedy = 'Check the network connection, then run the command again.';
  return new RunError('google_not_answering', `${where} does not respond (${code}).`, remedy);
}

export function oauthErrorOf(error: unknown): string | null {
  return isRequestError(error) ? textIn(bodyOf(error), 'error') : null;
}

/** The library could not make a request from the file. Its words about a key are left out: they may quote the key. */
function unusableFile(error: unknown, { json, path }: GoogleCredentials): RunError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (json.type === 'service_account' && !(error instanceof RangeError) && !/^E[A-Z]+$/.test(code))
    return credentialsError(
      `The private key of ${accountIn(json)} in ${path} cannot be read.`,
      'Make a new key of the service account in the Google Cloud console and download it as JSON.',
    );
  // A syntax error quotes the beginning of a subject token.
  const why = error instanceof SyntaxError ? 'the subject token is not JSON' : withoutSecrets(message);
  return credentialsError(
    `The credentials in ${path} cannot be used: ${why.replace(/\.?\s*$/, '')}.`,
    json.type === 'external_account'
      ? 'Check credential_source in the file: the file, address or program there must supply a current token.'
      : 'Download the file again, and leave it as Google created it.',
  );
}

type TokenRefusal = ReturnType<typeof refusalOf>;

function refusalOf(error: RequestError, { json, path }: GoogleCredentials, subject: string) {
  const { response, config } = error;
  const body = bodyOf(error);
  const api = isPlainObject(body.error) ? body.error : {};
  /** `error` of RFC 6749, 5.2, or the status of a Google API; '' if absent. */
  const code = textIn(body, 'error') ?? textIn(api, 'status') ?? '';
  const description = textIn(body, 'error_description') ?? textIn(api, 'message') ?? '';
  const status = response?.status ?? 0;
  const source = json.credential_source;
  return {
    address: withoutQuery(String(config?.url ?? response?.config?.url ?? '')),
    status,
    code,
    kind: json.type,
    account: accountIn(json),
    path,
    subject,
    clientId: textIn(json, 'client_id') ?? '',
    /** Where an external account gets its token; null for other kinds. */
    source: isPlainObject(source) ? withoutQuery(textIn(source, 'url') ?? 'none') : null,
    /** Google's words, without secrets: code, then description. */
    text: [code || `HTTP ${status}`, withoutSecrets(description)].filter(Boolean).join(': '),
  };
}

function bodyOf({ response }: RequestError): Record<string, unknown> {
  return isPlainObject(response?.data) ? response.data : {};
}

function accountIn(json: GoogleCredentials['json']): string {
  const impersonated = textIn(json, 'service_account_impersonation_url') ?? '';
  return (
    textIn(json, 'client_email') ??
    /([^/]+):generateAccessToken$/.exec(impersonated)?.[1] ??
    textIn(json, 'audience') ??
    'the Google account'
  );
}

/** The library's HTTP client notes the request in its errors; our own timeout has only a code. */
function isRequestError(error: unknown): error is RequestError {
  return isPlainObject(error) && ('config' in error || error.code === 'ETIMEDOUT');
}

/** A revoked token is in the query. */
function withoutQuery(address: string): string {
  return address.replace(/[?#].*$/s, '');
}

function withoutSecrets(text: string): string {
  return text.replace(/[^\s'"/]{40,}/g, '…').slice(0, 200);
}

/** Read from the top: the first row that fits wins. */
const TOKEN_ERROR_RULES: readonly ErrorRule<TokenRefusal>[] = [
  {
    code: 'google_failing',
    when: ({ status }) => status === 429 || status >= 500,
    message: at => `Google's sign-in at ${at.address} keeps answering with HTTP ${at.status}.`,
    remedy: 'Wait some minutes and run the command again.',
  },
  {
    code: 'google_failing',
    when: ({ status }) => status < 400,
    message: at => `${at.address} answers without a token (HTTP ${at.status}): it is not Google's sign-in.`,
    remedy: 'Sign in to the Wi-Fi if it asks for that, and check the proxy; then run the command again.',
  },
  {
    code: 'clock_skew',
    when: /: .*(reasonable timeframe|iat and exp)/i,
    message: at =>
      `Google refused the sign-in of ${at.account}, because the clock of this machine is wrong (${at.text}).`,
    remedy: 'Set the clock of this machine (switch on automatic time) and run the command again.',
  },
  {
    code: 'google_delegation',
    when: ({ subject, text }) => subject !== '' && /: .*(email|user id|impersonation)/i.test(text),
    message: at => `Google knows no user ${at.subject}, for whom ${at.account} should act (${at.text}).`,
    remedy:
      'Set google_drive.impersonate to the primary e-mail address of an active user of your Google Workspace ("migrator config --impersonate USER").',
  },
  {
    code: 'google_delegation',
    when: ({ subject, code }) => subject !== '' && /unauthorized_client|access_denied/.test(code),
    message: at => `${at.account} may not act for ${at.subject} (${at.text}).`,
    remedy: ({ clientId }) =>
      `An administrator of your Google Workspace allows it in the Admin console (admin.google.com): Security, Access and data control, API controls, Manage domain-wide delegation, Add new: client ID ${clientId || 'of the service account'}, scope ${DRIVE_SCOPE}. It may take some minutes, up to 24 hours.`,
  },
  {
    code: 'google_impersonation_refused',
    when: ({ address }) => address.endsWith(':generateAccessToken'),
    message: at => `Google gives no token of the service account ${at.account} (${at.text}).`,
    remedy:
      'Grant the account that signs in the role Service Account Token Creator on that service account, and enable the IAM Service Account Credentials API in its project.',
  },
  {
    code: 'google_external_account',
    when: ({ address, source }) => address === source,
    message: at => `${at.address}, the credential_source of ${at.path}, gives no token (${at.text}).`,
    remedy: 'The credentials work only on the machines that they were made for: check that this is one.',
  },
  {
    code: 'google_external_account',
    when: ({ kind }) => kind === 'external_account',
    message: at => `Google does not accept the external account of ${at.path} (${at.text}).`,
    remedy:
      'Check that the token at credential_source is current, and that audience, issuer and attribute conditions of the workload identity pool provider match it (Google Cloud console, IAM, Workload Identity Federation).',
  },
  {
    code: 'google_key_refused',
    when: ({ code, kind }) => code === 'invalid_grant' && kind === 'service_account',
    message: at => `Google does not accept the key of ${at.account} (${at.text}).`,
    remedy:
      'The key or the account was deleted or disabled: make a new key in the Google Cloud console (IAM, Service accounts, Keys) and put it at google_drive.credentials_path.',
  },
  {
    code: 'google_sign_in_expired',
    when: ({ code }) => code === 'invalid_grant',
    message: at =>
      `The Google sign-in is no longer valid (${at.text}): it was revoked, the password was changed, the session length of your organization has passed, or the seven days are over for which a consent screen in "testing" lets it live.`,
    remedy:
      'Sign in again with "migrator login google", then run the command again. To avoid the seven days, publish the consent screen (Google Cloud console, OAuth consent screen, "Publish app"), or use a service-account key.',
  },
  {
    code: 'google_client_refused',
    when: ({ code }) => ['invalid_client', 'unauthorized_client', 'deleted_client'].includes(code),
    message: at =>
      `Google does not accept the OAuth client ${at.kind === 'service_account' ? at.account : at.clientId} (${at.text}).`,
    remedy:
      'The client was deleted, its secret was changed, or the token was made with another client: download the client\'s JSON again (Google Cloud console, Credentials) and sign in again with "migrator login google".',
  },
  {
    code: 'google_sign_in_refused',
    message: at => `Google refused the sign-in of ${at.account} (${at.text}).`,
    remedy: 'Check the files at google_drive.credentials_path and google_drive.token_path ("migrator show").',
  },
];
