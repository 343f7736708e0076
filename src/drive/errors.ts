/**
 * What an error of Drive means: for one query (try again), for one file, or for the whole run. The table follows
 * Drive's "Resolve errors" page and facts.md, section Google Drive v3; rclone retries on the same reasons.
 */
import { FileError, RunError } from '../../stages/errors.ts';

/** An answer that is not 2xx. `reasons` are those of Google's error body, empty if it was not in Google's form. */
export class DriveRefusal extends Error {
  override readonly name = 'DriveRefusal';
  readonly status: number;
  readonly reasons: string[];
  readonly retryAfterMs: number | null;

  constructor(status: number, body: string, retryAfter: string | null = null) {
    const { reasons, message } = read(body);
    super(message ?? `HTTP ${status}`);
    this.status = status;
    this.reasons = reasons;
    this.retryAfterMs = retryAfterMs(retryAfter);
  }
}

/** True if Drive says that queries come too fast. */
export function isThrottling(error: unknown): boolean {
  if (!(error instanceof DriveRefusal)) return false;
  if (error.status === 429) return true;
  return error.status === 403 && error.reasons.some(reason => THROTTLING.has(reason));
}

/** True if the same query may well succeed a moment later: 5xx, 408, timeouts, lost and refused connections. */
export function isPassing(error: unknown): boolean {
  if (error instanceof DriveRefusal) return error.status >= 500 || error.status === 408;
  return PASSING_CODES.has(codeOf(error) ?? '');
}

const THROTTLING = new Set(['userRateLimitExceeded', 'rateLimitExceeded', 'sharingRateLimitExceeded']);

const PASSING_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
  'AbortError',
  'TimeoutError',
  'ANSWER_GARBLED',
  'STALLED',
]);

/** 403 reasons that are about one file, with what the person can do. */
const FILE_REASONS: Readonly<Record<string, { retryable: boolean; why: string }>> = {
  downloadQuotaExceeded: {
    retryable: true,
    why: 'the daily download quota of this file is used up. It is marked failed; run "migrator resume" tomorrow',
  },
  cannotDownloadAbusiveFile: {
    retryable: false,
    why: 'Google takes the file for malware or spam. If you trust it, download it by hand from Drive, and upload it again under the same name',
  },
  fileNotDownloadable: {
    retryable: false,
    why: 'it has no bytes to download (a Google document). Export it to a file, or leave it out',
  },
  cannotDownloadFile: {
    retryable: false,
    why: 'its owner has switched off downloading. Ask the owner to allow it, then run again',
  },
  insufficientFilePermissions: {
    retryable: false,
    why: 'the signed-in account may see it but not download it. Ask the owner for access, then run again',
  },
};

const RUN_REASONS: Readonly<Record<string, string>> = {
  dailyLimitExceeded:
    'The daily query limit of the Google Cloud project is used up. Run "migrator resume" tomorrow, or raise the limit in the Google Cloud console.',
  accessNotConfigured:
    'Switch on the Google Drive API for the project of these credentials (Google Cloud console, APIs & Services, Library), wait a few minutes, then run again.',
  SERVICE_DISABLED:
    'Switch on the Google Drive API for the project of these credentials (Google Cloud console, APIs & Services, Library), wait a few minutes, then run again.',
  insufficientPermissions: 'The sign-in lacks the scope drive.readonly. Sign in to Google again.',
};

/** What a failed query for one file means for it. RunErrors and FileErrors are given back as they are. */
export function aboutFile(error: unknown, fileName: string): FileError | RunError {
  if (error instanceof FileError || error instanceof RunError) return error;
  const run = aboutRun(error);
  if (run) return run;
  if (error instanceof DriveRefusal) {
    const reason = error.reasons.find(name => Object.hasOwn(FILE_REASONS, name));
    if (reason) {
      const { retryable, why } = FILE_REASONS[reason]!;
      return new FileError(reason, `${fileName}: Drive refused the download: ${why}.`, {
        retryable,
        status: retryable ? 'failed' : 'needs_review',
        cause: error,
      });
    }
    if (error.status === 404) {
      return new FileError(
        'gone_from_drive',
        `${fileName}: the file is gone from Drive, or is no longer shared with the signed-in account.`,
        { status: 'orphan', cause: error },
      );
    }
    const retryable = isThrottling(error) || isPassing(error);
    return new FileError(
      isThrottling(error) ? 'drive_throttled' : 'drive_refused',
      `${fileName}: Drive refused the download: ${error.message} (HTTP ${error.status}).`,
      { retryable, throttled: isThrottling(error), retryAfterMs: error.retryAfterMs, cause: error },
    );
  }
  const message = error instanceof Error ? error.message : String(error);
  return new FileError('download_broken', `${fileName}: the download broke: ${message}.`, {
    retryable: true,
    unreachable: isPassing(error),
    cause: error,
  });
}

/** What stops the whole run; null if the error is about one file or query. */
export function aboutRun(error: unknown): RunError | null {
  if (error instanceof RunError) return error;
  if (!(error instanceof DriveRefusal)) return null;
  if (error.status === 401) {
    return new RunError(
      'google_sign_in_refused',
      `Drive does not accept the Google sign-in: ${error.message}.`,
      'Sign in to Google again; if it is a service account, check that its key is still active.',
      { cause: error },
    );
  }
  const reason = error.reasons.find(name => Object.hasOwn(RUN_REASONS, name));
  if (!reason) return null;
  return new RunError(reason, `Drive refused: ${error.message}`, RUN_REASONS[reason]!, { cause: error });
}

/** A query of the listing that failed for good. */
export function aboutListing(error: unknown, what: string): RunError {
  const run = aboutRun(error);
  if (run) return run;
  const message = error instanceof Error ? error.message : String(error);
  // Google's client puts the whole address of the request before the reason.
  const detail = /, reason: (.+)$/s.exec(message)?.[1] ?? message;
  if (error instanceof DriveRefusal) {
    return new RunError(
      'drive_refused',
      `Drive refused to ${what}: ${detail} (HTTP ${error.status}).`,
      isThrottling(error) || isPassing(error)
        ? 'Wait some minutes, then run the command again.'
        : 'Check that the folder is shared with the signed-in Google account, then run the command again.',
      { cause: error },
    );
  }
  return new RunError(
    'drive_unreachable',
    `Drive cannot be reached to ${what}: ${detail}`,
    'Check the network connection (and google_drive.api_url, if you set it), then run the command again.',
    { cause: error },
  );
}

/** Of a failure below HTTP; a query that timed out is known by its name alone. */
function codeOf(error: unknown): string | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === 'AbortError' || at.name === 'TimeoutError') return at.name;
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return null;
}

/** Google's error body is JSON with one or more reasons; what stands between Google and us may answer with HTML. */
function read(body: string): { reasons: string[]; message: string | null } {
  try {
    const { error } = JSON.parse(body) as {
      error: { message?: string; errors?: { reason?: string }[]; details?: { reason?: string }[] };
    };
    const reasons = [...(error.errors ?? []), ...(error.details ?? [])].map(({ reason }) => reason ?? '');
    return { reasons: reasons.filter(Boolean), message: error.message ?? null };
  } catch {
    return { reasons: [], message: null };
  }
}

/** RFC 9110, 10.2.3: seconds or a date. Null if absent or neither. */
function retryAfterMs(value: string | null): number | null {
  if (!value) return null;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
