/**
 * What a failed request means: one table of network, TLS and HTTP faults for every service (Drive, Google sign-in,
 * Cognito, S3, AppSync). A service adds only its own reasons. Anything unknown is temporary.
 */
import { FileError, RunError } from '../errors.ts';

/**
 * - `temporary`: the same request may succeed a moment later
 * - `throttled`: the service asks for fewer requests, or for a pause
 * - `refused`: permanent, for this request or for every one
 */
export type FaultKind = 'temporary' | 'throttled' | 'refused';

export interface Fault {
  kind: FaultKind;
  /** The service's reason, the code of Node or OpenSSL, or `HTTP 503`. */
  code: string;
  /** HTTP status; null if no response arrived. */
  status: number | null;
  /** How long the service asks to wait; null if it does not. */
  retryAfterMs: number | null;
}

/** What a service's own error names mean; `HTTP 503` overrides the meaning of a status. */
export type Reasons = Readonly<Record<string, FaultKind>>;

/** Node, "X509 certificate error codes", and what Node itself finds wrong with a name. */
const CERTIFICATE =
  /^(UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_\w+|(DEPTH_ZERO_)?SELF_SIGNED_CERT\w*|(CERT|CRL)_[A-Z_]+|ERROR_IN_CERT_\w+|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|UNSPECIFIED|ERR_TLS_CERT_\w+)$/;

/** Requests that Node or undici refuse to send at all. */
const UNSENDABLE_CODES = new Set(['ERR_INVALID_CHAR', 'ERR_INVALID_HTTP_TOKEN', 'UND_ERR_INVALID_ARG']);

/** Throttling as Google, AWS and AppSync name it (with AppSync's `DynamoDB:` and S3's `KMS.` before it). */
const THROTTLED =
  /^(\w+[.:])?(SlowDown|slow_down|\w*Throttl\w*|TooManyRequests\w*|ProvisionedThroughputExceeded\w*|RequestLimitExceeded\w*|LimitExceededException|BandwidthLimitExceeded|PriorRequestNotComplete|(userR|sharingR|r)ateLimitExceeded\w*|rate_limit_exceeded|RATE_LIMIT_EXCEEDED|RESOURCE_EXHAUSTED)$/;

const STATUSES: Readonly<Record<number, FaultKind>> = {
  // Request Timeout, Misdirected Request, Too Early (RFC 9110, RFC 8470).
  408: 'temporary',
  421: 'temporary',
  425: 'temporary',
  429: 'throttled',
  501: 'refused',
  505: 'refused',
};

/** What the error of a request means. Understands undici, fetch, gaxios, the AWS SDK, graphql-request and Node. */
export function faultOf(error: unknown, reasons: Reasons = {}): Fault {
  const chain = causesOf(error);
  const names = chain.flatMap(namesIn);
  const status = chain.map(statusIn).find(found => found !== null) ?? null;
  const retryAfterMs = chain.map(retryAfterIn).find(found => found !== null) ?? null;
  const fault = (kind: FaultKind, code?: string): Fault => ({
    kind,
    code: code ?? (status === null ? wordFor(names) : `HTTP ${status}`),
    status,
    retryAfterMs,
  });

  if (error instanceof RunError) return fault('refused', error.code);
  if (error instanceof FileError)
    return { ...fault(kindOf(error), error.code), retryAfterMs: error.retryAfterMs };
  const own = names.find(name => Object.hasOwn(reasons, name));
  if (own !== undefined) return fault(reasons[own]!, own);
  const certificate = names.find(name => CERTIFICATE.test(name));
  if (certificate) return fault('refused', certificate);
  const throttled = names.find(name => THROTTLED.test(name));
  if (throttled) return fault('throttled', throttled);
  const unsendable = names.find(name => UNSENDABLE_CODES.has(name));
  if (unsendable) return fault('refused', unsendable);
  if (status === null) return fault('temporary');
  const byService = Object.hasOwn(reasons, `HTTP ${status}`) ? reasons[`HTTP ${status}`] : undefined;
  return fault(byService ?? kindOfStatus(status, retryAfterMs));
}

/**
 * Whether to try again after an error, how long the service asked to wait (null if it did not), and whether it only
 * asked for fewer requests.
 */
export type RetryPolicy = (error: unknown) => { again: boolean; afterMs: number | null; throttled?: boolean };

/** The policy for `withRetries`: temporary faults and throttling are retried, permanent ones are not. */
export function retryPolicyFor(reasons: Reasons = {}): RetryPolicy {
  return error => {
    const { kind, retryAfterMs } = faultOf(error, reasons);
    const throttled = kind === 'throttled';
    return { again: throttled || kind === 'temporary', throttled, afterMs: retryAfterMs };
  };
}

/**
 * The end of the run for a fault below the service itself: a certificate that is not trusted, a proxy that wants a
 * password. Null for any other. It has no cause, which may quote a request with its secrets. `service` is how messages name it, with its address where that is known.
 */
export function connectionError(error: unknown, service: string): RunError | null {
  const { code, status } = faultOf(error);
  if (CERTIFICATE.test(code)) return certificateError(code, service);
  if (status !== 407) return null;
  return new RunError(
    'proxy_password_needed',
    `The proxy between this computer and ${service} asks for a user name and password (HTTP 407).`,
    'Put them into HTTPS_PROXY (http://USER:PASSWORD@HOST:PORT), then run the command again.',
  );
}

function certificateError(code: string, service: string): RunError {
  const inspected =
    'If a proxy, firewall or virus scanner inspects the traffic, save its root certificate as a PEM file and set NODE_EXTRA_CA_CERTS to that file';
  const isDate = /NOT_YET_VALID|HAS_EXPIRED/.test(code);
  const isName = /ALTNAME|HOSTNAME/.test(code);
  const why = isDate ? 'has expired or is not valid yet' : isName ? 'is for another host' : 'is not trusted';
  const first = isDate
    ? `Check the clock of this computer (${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC). `
    : isName
      ? 'Check the address in the configuration ("migrator show"). '
      : '';
  return new RunError(
    'certificate_not_trusted',
    `The certificate of ${service} ${why} (${code}).`,
    `${first}${inspected}, then run the command again.`,
  );
}

/** A code like ECONNREFUSED says more than the error's class. */
function wordFor(names: string[]): string {
  const code = names.find(name => /^[A-Z][A-Z0-9_]+$/.test(name));
  return code ?? names.find(name => !/^[A-Z]\w*Error$/.test(name)) ?? names[0] ?? 'unknown';
}

function kindOf({ retryable, throttled }: FileError): FaultKind {
  if (!retryable) return 'refused';
  return throttled ? 'throttled' : 'temporary';
}

function kindOfStatus(status: number, retryAfterMs: number | null): FaultKind {
  const known = STATUSES[status];
  if (known) return known;
  // RFC 9110, 15.6.4: unavailable for as long as the header says.
  if (status === 503 && retryAfterMs !== null) return 'throttled';
  return status >= 300 && status < 500 ? 'refused' : 'temporary';
}

/** The error and its causes, outermost first, with all errors of an AggregateError (IPv6 and IPv4 attempts). */
function causesOf(error: unknown): object[] {
  const found: object[] = [];
  const add = (at: unknown): void => {
    if (typeof at !== 'object' || at === null || found.includes(at)) return;
    found.push(at);
    if (at instanceof AggregateError) at.errors.forEach(add);
    add((at as { cause?: unknown }).cause);
  };
  add(error);
  return found;
}

/** All names of an error: codes, reasons, error types. */
function namesIn(at: object): string[] {
  const { code, errorType, name, reasons, errors, response } = at as Record<string, unknown>;

  const listed = Array.isArray(errors) && !(at instanceof AggregateError) ? errors : [];
  const types = listed.map(each => (each as { errorType?: unknown } | null)?.errorType);
  const all = [
    code,
    errorType,
    ...googleReasonsIn(response),
    ...(Array.isArray(reasons) ? reasons : []),
    ...types,
    name,
  ];
  return all.filter((found): found is string => typeof found === 'string' && found !== '');
}

/** Google's token service responds as in RFC 6749, 5.2, its APIs with reasons. */
function googleReasonsIn(response: unknown): unknown[] {
  const { error } = ((response as { data?: unknown } | null | undefined)?.data ?? {}) as { error?: unknown };
  const { errors, details } = (error ?? {}) as { errors?: unknown; details?: unknown };
  const listed = [errors, details].flat().map(each => (each as { reason?: unknown } | undefined)?.reason);
  return [error, ...listed];
}

function statusIn(at: object): number | null {
  const { status, statusCode, $metadata, $response, response, message } = at as {
    status?: unknown;
    statusCode?: unknown;
    $metadata?: { httpStatusCode?: unknown };
    $response?: { statusCode?: unknown };
    response?: { status?: unknown };
    message?: unknown;
  };
  const candidates = [status, statusCode, $metadata?.httpStatusCode, $response?.statusCode, response?.status];
  const found = candidates.find(candidate => typeof candidate === 'number' && candidate > 0);
  // undici mentions the proxy's status only in its message.
  const byProxy = /^Proxy response \((\d+)\)/.exec(String(message))?.[1];
  return (found as number | undefined) ?? (byProxy ? Number(byProxy) : null);
}

function retryAfterIn(at: object): number | null {
  const { retryAfterMs, $response, response } = at as {
    retryAfterMs?: unknown;
    $response?: { headers?: unknown };
    response?: { headers?: unknown };
  };
  if (typeof retryAfterMs === 'number') return retryAfterMs;
  return retryAfterOf(headerIn($response?.headers) ?? headerIn(response?.headers));
}

function headerIn(headers: unknown): string | null {
  if (headers instanceof Headers) return headers.get('retry-after');
  const value = (headers as Record<string, unknown> | undefined)?.['retry-after'];
  return typeof value === 'string' ? value : null;
}

/** Milliseconds that a `Retry-After` header asks to wait (RFC 9110, 10.2.3: seconds or a date); null if it is neither. */
export function retryAfterOf(value: string | null): number | null {
  if (!value) return null;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
