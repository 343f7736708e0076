/** What an error of Drive means for a query, a file, or the run (Drive's "Resolve errors" page; docs/services.md). */
import { UNREADABLE } from '../../../stages/drive-item.ts';
import { type EveryFile, FileError, RunError } from '../../../stages/errors.ts';
import {
  connectionError,
  type Fault,
  faultOf,
  type Reasons,
  retryAfterOf,
  retryPolicyFor,
} from '../../../stages/retry/faults.ts';

/** A response that is not 2xx. `reasons` are those of Google's error body; empty if the body is not Google's. */
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
    this.retryAfterMs = retryAfterOf(retryAfter);
  }
}

/** Google's page for networks with automated traffic comes with 403, 429 or 503, and blocks for hours. */
const AUTOMATED = 'automated_queries';
const HTML = 'html_page';
const REASONS: Reasons = { [AUTOMATED]: 'refused' };

export const driveFault = (error: unknown): Fault => faultOf(error, REASONS);
export const driveRetryPolicy = retryPolicyFor(REASONS);

/** 403 reasons that are about one file, with what the person can do. */
const FILE_REASONS: Readonly<Record<string, string>> = {
  downloadQuotaExceeded:
    'the daily download quota of this file is used up. It is marked failed; run "migrator resume" tomorrow',
  cannotDownloadAbusiveFile:
    'Google has identified the file as malware or spam. If you trust it, download it by hand from Drive, and upload it again under the same name',
  fileNotDownloadable:
    'it has no bytes to download (a Google document). Export it to a file, or leave it out',
  cannotDownloadFile: 'its owner has switched off downloading. Ask the owner to allow it, then run again',
  insufficientFilePermissions:
    'the signed-in account may see it but not download it. Ask the owner for access, then run again',
};

const NARROW_SCOPE =
  'The Google sign-in lacks the scope drive.readonly. Sign in again with "migrator login google" and leave the Drive checkbox selected.';
const API_DISABLED =
  'Switch on the Google Drive API for the project of these credentials (Google Cloud console, APIs & Services, Library), wait a few minutes, then run again.';

const RUN_REASONS: Readonly<Record<string, string>> = {
  dailyLimitExceeded:
    'The daily query limit of the Google Cloud project is used up. Run "migrator resume" tomorrow, or raise the limit in the Google Cloud console.',
  accessNotConfigured: API_DISABLED,
  SERVICE_DISABLED: API_DISABLED,
  USER_PROJECT_DENIED:
    'Grant the signed-in account the role "Service Usage Consumer" in the project that quota_project_id names in the credentials file, or remove quota_project_id there.',
  domainPolicy:
    'The administrators of the Google Workspace domain do not let this app use Drive. Ask them to allow it, then run again.',
  insufficientPermissions: NARROW_SCOPE,
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: NARROW_SCOPE,
};

/** Drive itself says that there is no such item; an HTML page with that status comes from elsewhere. */
function isGone(error: unknown): boolean {
  return error instanceof DriveRefusal && error.status === 404 && !error.reasons.includes(HTML);
}

/** This account may not see the item, or it is gone: Drive does not tell the two apart. */
export function isInaccessible(error: unknown): error is DriveRefusal {
  return isRefusedQuery(error) && (error.status === 403 || isGone(error));
}

/** Drive itself refuses this query for good, whatever it says of others. */
function isRefusedQuery(error: unknown): error is DriveRefusal {
  if (!(error instanceof DriveRefusal) || aboutRun(error)) return false;
  const isFromGoogle = error.reasons.some(reason => reason !== HTML && reason !== AUTOMATED);
  return isGone(error) || (isFromGoogle && driveFault(error).kind === 'refused');
}

/** What a failed query for one file means for it. RunErrors and FileErrors are given back as they are. */
export function aboutFile(error: unknown, fileName: string): FileError | RunError {
  if (error instanceof FileError) return error;
  const run = aboutRun(error);
  if (run) return run;
  if (error instanceof DriveRefusal) return refusedFile(error, fileName);
  const why = { retryable: true, unreachable: true, cause: error };
  return new FileError('download_broken', `${fileName}: the download broke: ${messageOf(error)}.`, why);
}

function refusedFile(error: DriveRefusal, fileName: string): FileError {
  const refused = `${fileName}: Drive refused the download:`;
  const reason = error.reasons.find(name => Object.hasOwn(FILE_REASONS, name));
  if (reason) {
    const retryable = reason === 'downloadQuotaExceeded';
    const status = retryable ? 'failed' : 'needs_review';
    return new FileError(reason, `${refused} ${FILE_REASONS[reason]}.`, { retryable, status, cause: error });
  }
  if (isGone(error)) {
    return new FileError(
      'gone_from_drive',
      `${fileName}: the file is no longer in Drive, or is no longer shared with the signed-in account.`,
      { status: 'orphan', cause: error },
    );
  }
  const { kind, retryAfterMs } = driveFault(error);
  return new FileError('drive_refused', `${refused} ${error.message} (HTTP ${error.status}).`, {
    retryable: kind === 'temporary' || kind === 'throttled',
    throttled: kind === 'throttled',
    unreachable: kind === 'temporary',
    retryAfterMs,
    ...(kind === 'refused' && { everyFile: everyFile(error) }),
    cause: error,
  });
}

/** A refusal with no reason that is known to be about one file. */
function everyFile({ reasons: [first], status }: DriveRefusal): EveryFile {
  const reason = first ?? `HTTP ${status}`;
  const remedy = PAGE_REMEDIES[reason];
  if (remedy) return { reason: `Drive ${reason}`, remedy };
  return { reason: `Drive ${reason}`, remedy: 'Correct what Drive reports.', isUncertain: true };
}

const PAGE_REMEDIES: Record<string, string> = {
  [AUTOMATED]:
    'Google blocks this network because of automated traffic. Wait some hours, lower google_drive.queries_per_second, or use another network.',
  [HTML]: 'A proxy, a firewall or a sign-in page answers in place of Google. Check the network.',
};

/** What stops the whole run; null if the error is about one file or query. */
export function aboutRun(error: unknown): RunError | null {
  if (error instanceof RunError) return error;
  const connection = connectionError(error, 'Google Drive');
  if (connection) return connection;
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

/** The end of the run for a listing that failed after all retries. */
export function aboutListing(error: unknown, what: string): RunError {
  const run = aboutRun(error);
  if (run) return run;
  const options = { cause: error };
  if (error instanceof DriveRefusal) {
    const message = `Drive refused to ${what}: ${error.message} (HTTP ${error.status}).`;
    return new RunError('drive_refused', message, remedyOf(error), options);
  }
  return new RunError(
    'drive_unreachable',
    `Drive cannot be reached to ${what}: ${messageOf(error)}`,
    'Check the network connection (and google_drive.api_url, if you set it), then run the command again.',
    options,
  );
}

/** Why a folder is not listed: a {@link FileError} if only this folder is affected, or may be. */
export function aboutFolder(error: unknown): Error {
  const cause = aboutListing(error, 'list the folder');
  if (!(error instanceof DriveRefusal)) return cause;
  const inWords = `${error.message.replace(/[:.\s]+$/, '')} (HTTP ${error.status})`;
  if (isRefusedQuery(error)) {
    const what = `Drive does not list this folder: ${inWords}`;
    return new FileError(UNREADABLE, `${what}. Share it with the signed-in Google account, then run again.`);
  }
  if (driveFault(error).kind !== 'temporary') return cause;
  // Drive may fail for this folder alone; the listing finds out by reading the others.
  const what = `Drive fails each time that it is asked to list this folder: ${inWords}`;
  return new FileError(UNREADABLE, `${what}. Run again later.`, { retryable: true, cause });
}

function remedyOf(error: DriveRefusal): string {
  if (driveFault(error).kind !== 'refused') return 'Wait some minutes, then run the command again.';
  const page = error.reasons.find(reason => Object.hasOwn(PAGE_REMEDIES, reason));
  return page
    ? `${PAGE_REMEDIES[page]} Then run the command again.`
    : 'Check that the folder is shared with the signed-in Google account, then run the command again.';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Google's error body is JSON with one or more reasons; its page for automated traffic, and proxies, are HTML. */
function read(body: string): { reasons: string[]; message: string | null } {
  try {
    const { error } = JSON.parse(body) as {
      error: { message?: string; errors?: { reason?: string }[]; details?: { reason?: string }[] };
    };
    const listed = [...(error.errors ?? []), ...(error.details ?? [])];
    return { reasons: listed.flatMap(({ reason }) => reason || []), message: error.message ?? null };
  } catch {
    return page(body);
  }
}

function page(body: string): { reasons: string[]; message: string | null } {
  if (/automated (queries|requests)|unusual traffic/i.test(body)) {
    return { reasons: [AUTOMATED], message: "Google's page for automated queries" };
  }
  if (!/<html|<!doctype html/i.test(body)) return { reasons: [], message: null };
  const title = /<title[^>]*>\s*([^<]{1,80})/i.exec(body)?.[1]?.trim();
  return { reasons: [HTML], message: title ? `an HTML page, "${title}"` : 'an HTML page' };
}
