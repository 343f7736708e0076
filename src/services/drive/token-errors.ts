/** What a failed request for a Google token means, from the errors of google-auth-library. */
import { RunError } from '../../../stages/errors.ts';
import type { RetryPolicy } from '../../../stages/retry/backoff.ts';
import { connectionError, faultOf, retryPolicyFor } from '../../../stages/retry/faults.ts';
import { DRIVE_SCOPE, type GoogleCredentials, isObject, textIn } from './google-files.ts';

/** The parts of an error of google-auth-library or its HTTP client that may be shown. */
interface Refusal {
  /** Where the request went, without its query; '' if unknown. */
  address: string;
  /** 0 if no response arrived. */
  status: number;
  /** `error` and `error_description` of RFC 6749 section 5.2, or status and message of a Google API; '' if absent. */
  code: string;
  description: string;
}

interface Context extends Refusal {
  kind: GoogleCredentials['json']['type'];
  /** The account, for messages. */
  who: string;
  path: string;
  /** The user for whom a service account acts; '' for none. */
  subject: string;
  clientId: string;
  /** Where an external account gets its token; null for other kinds. */
  source: string | null;
  /** What was answered, in Google's words. */
  said: string;
}

const requestPolicy = retryPolicyFor();
/** What the library says about a file is final; of a request, the table of faults decides. */
export const tokenRetryPolicy: RetryPolicy = error =>
  isRequestError(error) ? requestPolicy(error) : { again: false, afterMs: null };

type Row = readonly [code: string, message: string, remedy: string];

/**
 * A RunError with what to do. It has no cause: the library's errors quote requests, with the secrets in them.
 */
export function classifyTokenError(
  error: unknown,
  { json, path }: GoogleCredentials,
  subject: string,
): RunError {
  if (error instanceof RunError) return error;
  const refusal = refusalIn(error);
  const context: Context = {
    ...refusal,
    kind: json.type,
    who: textIn(json, 'client_email') ?? targetOf(json) ?? textIn(json, 'audience') ?? 'the Google account',
    path,
    subject,
    clientId: textIn(json, 'client_id') ?? '',
    source: isObject(json.credential_source)
      ? withoutQuery(textIn(json.credential_source, 'url') ?? 'none')
      : null,
    said: [refusal.code || `HTTP ${refusal.status}`, withoutSecrets(refusal.description)]
      .filter(Boolean)
      .join(': '),
  };
  if (!isRequestError(error)) return unusable(error, context);
  const { code, status } = faultOf(error);
  const where = `Google's sign-in at ${refusal.address || 'its token service'}`;
  const clean = Object.assign(new Error(code), { code, status });
  return (
    connectionError(clean, where) ??
    new RunError(...(status === null ? unanswered(code, where) : meaningOf(context)))
  );
}

/** Read from the top. */
function meaningOf(at: Context): Row {
  const { kind, who, path, subject, clientId, status, code, description, said, address } = at;
  if (status === 429 || status >= 500) {
    return [
      'google_failing',
      `Google's sign-in at ${address} keeps answering with HTTP ${status}.`,
      'Wait some minutes and run the command again.',
    ];
  }
  if (status < 400) {
    return [
      'google_failing',
      `${address} answers without a token (HTTP ${status}): it is not Google's sign-in.`,
      'Sign in to the Wi-Fi if it asks for that, and check the proxy; then run the command again.',
    ];
  }
  if (/reasonable timeframe|iat and exp/i.test(description)) {
    return [
      'clock_skew',
      `Google refused the sign-in of ${who}, because the clock of this machine is wrong (${said}).`,
      'Set the clock of this machine (switch on automatic time) and run the command again.',
    ];
  }
  if (subject && /email|user id|impersonation/i.test(description)) {
    return [
      'google_delegation',
      `Google knows no user ${subject}, for whom ${who} should act (${said}).`,
      'Set google_drive.impersonate to the primary e-mail address of an active user of your Google Workspace ("migrator config --impersonate USER").',
    ];
  }
  if (subject && /unauthorized_client|access_denied/.test(code)) {
    return [
      'google_delegation',
      `${who} may not act for ${subject} (${said}).`,
      `An administrator of your Google Workspace allows it in the Admin console (admin.google.com): Security, Access and data control, API controls, Manage domain-wide delegation, Add new: client ID ${clientId || 'of the service account'}, scope ${DRIVE_SCOPE}. It may take some minutes, up to 24 hours.`,
    ];
  }
  if (/:generateAccessToken$/.test(address)) {
    return [
      'google_impersonation_refused',
      `Google gives no token of the service account ${who} (${said}).`,
      'Grant the account that signs in the role Service Account Token Creator on that service account, and enable the IAM Service Account Credentials API in its project.',
    ];
  }
  if (address === at.source) {
    return [
      'google_external_account',
      `${address}, the credential_source of ${path}, gives no token (${said}).`,
      'The credentials work only on the machines that they were made for: check that this is one.',
    ];
  }
  if (kind === 'external_account') {
    return [
      'google_external_account',
      `Google does not accept the external account of ${path} (${said}).`,
      'Check that the token at credential_source is current, and that audience, issuer and attribute conditions of the workload identity pool provider match it (Google Cloud console, IAM, Workload Identity Federation).',
    ];
  }
  if (code === 'invalid_grant' && kind === 'service_account') {
    return [
      'google_key_refused',
      `Google does not accept the key of ${who} (${said}).`,
      'The key or the account was deleted or disabled: make a new key in the Google Cloud console (IAM, Service accounts, Keys) and put it at google_drive.credentials_path.',
    ];
  }
  if (code === 'invalid_grant') {
    return [
      'google_sign_in_expired',
      `The Google sign-in is no longer valid (${said}): it was revoked, the password was changed, the session length of your organization has passed, or the seven days are over for which a consent screen in "testing" lets it live.`,
      'Sign in again with "migrator login google", then run the command again. To avoid the seven days, publish the consent screen (Google Cloud console, OAuth consent screen, "Publish app"), or use a service-account key.',
    ];
  }
  if (['invalid_client', 'unauthorized_client', 'deleted_client'].includes(code)) {
    return [
      'google_client_refused',
      `Google does not accept the OAuth client ${kind === 'service_account' ? who : clientId} (${said}).`,
      `The client was deleted, its secret was changed, or the token was made with another client: download the client's JSON again (Google Cloud console, Credentials) and sign in again with "migrator login google".`,
    ];
  }
  return [
    'google_sign_in_refused',
    `Google refused the sign-in of ${who} (${said}).`,
    'Check the files at google_drive.credentials_path and google_drive.token_path ("migrator show").',
  ];
}

function unanswered(code: string, where: string): Row {
  return [
    'google_not_answering',
    `${where} does not answer (${code}).`,
    'Check the network connection, then run the command again.',
  ];
}

/** The library could not make a request of the file. What it says about a key is left out: it may quote it. */
function unusable(error: unknown, { kind, who, path }: Context): RunError {
  const code = codeOf(error);
  if (kind === 'service_account' && !(error instanceof RangeError) && !/^E[A-Z]+$/.test(code)) {
    return new RunError(
      'google_credentials',
      `The private key of ${who} in ${path} cannot be read.`,
      'Make a new key of the service account in the Google Cloud console and download it as JSON.',
    );
  }
  // A syntax error quotes the beginning of a subject token.
  const isSyntax = error instanceof SyntaxError;
  const message = isSyntax ? 'the subject token is not JSON' : (error as Error).message;
  return new RunError(
    'google_credentials',
    `The credentials in ${path} cannot be used: ${withoutSecrets(message).replace(/\.?\s*$/, '')}.`,
    kind === 'external_account'
      ? 'Check credential_source in the file: the file, address or program there must supply a current token.'
      : 'Download the file again, and leave it as Google created it.',
  );
}

function refusalIn(error: unknown): Refusal {
  const { response, config } = (isObject(error) ? error : {}) as {
    response?: { status?: number; data?: unknown; config?: { url?: unknown } };
    config?: { url?: unknown };
  };
  const body = response?.data;
  const fields = isObject(body) ? body : {};
  const api = isObject(fields.error) ? fields.error : {};
  return {
    address: withoutQuery(String(config?.url ?? response?.config?.url ?? '')),
    status: response?.status ?? 0,
    code: textIn(fields, 'error') ?? textIn(api, 'status') ?? '',
    description: textIn(fields, 'error_description') ?? textIn(api, 'message') ?? '',
  };
}

function targetOf(json: Record<string, unknown>): string | null {
  return (
    /([^/]+):generateAccessToken$/.exec(textIn(json, 'service_account_impersonation_url') ?? '')?.[1] ?? null
  );
}

/** The library's HTTP client notes the request in its errors; a request without a timeout of its own has only a code. */
function isRequestError(error: unknown): boolean {
  return isObject(error) && ('config' in error || error.code === 'ETIMEDOUT');
}

function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string' && code) return code;
  }
  return error instanceof Error ? error.name : 'unknown';
}

/** When a token is revoked, it is in the query. */
function withoutQuery(address: string): string {
  return address.replace(/[?#].*$/s, '');
}

function withoutSecrets(text: string): string {
  return text.replace(/[^\s'"/]{40,}/g, '…').slice(0, 200);
}
