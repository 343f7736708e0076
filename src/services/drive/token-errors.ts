/** What a failed request for a Google token means, from the errors of google-auth-library. */
import { RunError } from '../../../stages/errors.ts';
import type { RetryPolicy } from '../../../stages/retry/backoff.ts';
import { connectionError, faultOf, retryPolicyFor } from '../../../stages/retry/faults.ts';
import { isPlainObject } from '../../config/json.ts';
import { explain } from '../refusals.ts';
import { credentialsError, type GoogleCredentials, textIn } from './google-files.ts';
import { TOKEN_REFUSALS, type TokenRefusal } from './token-refusals.ts';

/** As the library's HTTP client throws it. */
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
  if (!isRequestError(error)) return unusable(error, credentials);
  const refusal = refusalOf(error, credentials, subject);
  const { code, status } = faultOf(error);
  const where = `Google's sign-in at ${refusal.address || 'its token service'}`;
  const connection = connectionError(Object.assign(new Error(code), { code, status }), where);
  if (connection) return connection;
  if (status !== null) return explain(TOKEN_REFUSALS, refusal);
  const remedy = 'Check the network connection, then run the command again.';
  return new RunError('google_not_answering', `${where} does not answer (${code}).`, remedy);
}

/** `error` as OAuth names it, like `invalid_grant`; null if the response has none. */
export function oauthErrorOf(error: unknown): string | null {
  return isRequestError(error) ? textIn(bodyOf(error), 'error') : null;
}

/** The library could not make a request from the file. Its words about a key are left out: they may quote the key. */
function unusable(error: unknown, { json, path }: GoogleCredentials): RunError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (json.type === 'service_account' && !(error instanceof RangeError) && !/^E[A-Z]+$/.test(code))
    return credentialsError(
      `The private key of ${accountOf(json)} in ${path} cannot be read.`,
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

function refusalOf(error: RequestError, { json, path }: GoogleCredentials, subject: string): TokenRefusal {
  const { response, config } = error;
  const body = bodyOf(error);
  const api = isPlainObject(body.error) ? body.error : {};
  const code = textIn(body, 'error') ?? textIn(api, 'status') ?? '';
  const description = textIn(body, 'error_description') ?? textIn(api, 'message') ?? '';
  const status = response?.status ?? 0;
  const source = json.credential_source;
  return {
    address: withoutQuery(String(config?.url ?? response?.config?.url ?? '')),
    status,
    code,
    kind: json.type,
    who: accountOf(json),
    path,
    subject,
    clientId: textIn(json, 'client_id') ?? '',
    source: isPlainObject(source) ? withoutQuery(textIn(source, 'url') ?? 'none') : null,
    said: [code || `HTTP ${status}`, withoutSecrets(description)].filter(Boolean).join(': '),
  };
}

function bodyOf({ response }: RequestError): Record<string, unknown> {
  return isPlainObject(response?.data) ? response.data : {};
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
