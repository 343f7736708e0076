/** What a failed request for a Google token means, from the errors of google-auth-library. */
import { RunError } from '../../../stages/errors.ts';
import type { RetryPolicy } from '../../../stages/retry/backoff.ts';
import { connectionError, faultOf, retryPolicyFor } from '../../../stages/retry/faults.ts';
import { type GoogleCredentials, isObject, textIn } from './google-files.ts';
import { TOKEN_REFUSALS, type TokenRefusal } from './token-refusals.ts';

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
  if (!isRequestError(error)) return unusable(error, credentials);
  const refusal = refusalOf(error, credentials, subject);
  const { code, status } = faultOf(error);
  const where = `Google's sign-in at ${refusal.address || 'its token service'}`;
  const connection = connectionError(Object.assign(new Error(code), { code, status }), where);
  if (connection) return connection;
  if (status === null) {
    const remedy = 'Check the network connection, then run the command again.';
    return new RunError('google_not_answering', `${where} does not answer (${code}).`, remedy);
  }
  const row = TOKEN_REFUSALS.find(({ when }) => when(refusal))!;
  const remedy = typeof row.remedy === 'string' ? row.remedy : row.remedy(refusal);
  return new RunError(row.code, row.says(refusal), remedy);
}

/** `error` as OAuth names it, like `invalid_grant`; null if the response has none. */
export function oauthErrorOf(error: unknown): string | null {
  const { response } = (isObject(error) ? error : {}) as { response?: { data?: unknown } };
  return isObject(response?.data) ? textIn(response.data, 'error') : null;
}

/** The library could not make a request from the file. Its words about a key are left out: they may quote the key. */
function unusable(error: unknown, { json, path }: GoogleCredentials): RunError {
  const code = codeOf(error);
  if (json.type === 'service_account' && !(error instanceof RangeError) && !/^E[A-Z]+$/.test(code)) {
    return new RunError(
      'google_credentials',
      `The private key of ${accountOf(json)} in ${path} cannot be read.`,
      'Make a new key of the service account in the Google Cloud console and download it as JSON.',
    );
  }
  // A syntax error quotes the beginning of a subject token.
  const isSyntax = error instanceof SyntaxError;
  const message = isSyntax ? 'the subject token is not JSON' : (error as Error).message;
  return new RunError(
    'google_credentials',
    `The credentials in ${path} cannot be used: ${withoutSecrets(message).replace(/\.?\s*$/, '')}.`,
    json.type === 'external_account'
      ? 'Check credential_source in the file: the file, address or program there must supply a current token.'
      : 'Download the file again, and leave it as Google created it.',
  );
}

function refusalOf(error: unknown, { json, path }: GoogleCredentials, subject: string): TokenRefusal {
  const { response, config } = error as {
    response?: { status?: number; data?: unknown; config?: { url?: unknown } };
    config?: { url?: unknown };
  };
  const body = isObject(response?.data) ? response.data : {};
  const api = isObject(body.error) ? body.error : {};
  const code = textIn(body, 'error') ?? textIn(api, 'status') ?? '';
  const description = textIn(body, 'error_description') ?? textIn(api, 'message') ?? '';
  const status = response?.status ?? 0;
  const source = json.credential_source;
  return {
    address: withoutQuery(String(config?.url ?? response?.config?.url ?? '')),
    status,
    code,
    description,
    kind: json.type,
    who: accountOf(json),
    path,
    subject,
    clientId: textIn(json, 'client_id') ?? '',
    source: isObject(source) ? withoutQuery(textIn(source, 'url') ?? 'none') : null,
    said: [code || `HTTP ${status}`, withoutSecrets(description)].filter(Boolean).join(': '),
  };
}

/** How messages name the account. */
function accountOf(json: GoogleCredentials['json']): string {
  const impersonated = textIn(json, 'service_account_impersonation_url') ?? '';
  return (
    textIn(json, 'client_email') ??
    /([^/]+):generateAccessToken$/.exec(impersonated)?.[1] ??
    textIn(json, 'audience') ??
    'the Google account'
  );
}

/** The library's HTTP client notes the request in its errors; our own timeout has only a code. */
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

/** A revoked token is in the query. */
function withoutQuery(address: string): string {
  return address.replace(/[?#].*$/s, '');
}

function withoutSecrets(text: string): string {
  return text.replace(/[^\s'"/]{40,}/g, '…').slice(0, 200);
}
