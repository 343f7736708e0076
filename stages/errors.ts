import type { FileRecord, StageName, Status } from './record.ts';
import { stopped } from './record.ts';

/**
 * Something is wrong with one file; the run goes on with the others. Thrown by a service (Drive, S3, AppSync)
 * and turned into the record's status and error by the stage that called it.
 */
export class FileError extends Error {
  override readonly name = 'FileError';
  /** A name for scripts, `snake_case`. */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Status of the record after the last attempt. */
  readonly status: Status;
  /** The service asks for fewer requests; this is not about the file. */
  readonly throttled: boolean;
  /** The service is down or cannot be reached; this is not about the file. */
  readonly unreachable: boolean;
  /** Set for a permanent refusal that may affect every file. */
  readonly everyFile: EveryFile | null;
  /** How long the service asked to wait before the next attempt; null if it did not. */
  readonly retryAfterMs: number | null;

  constructor(
    code: string,
    message: string,
    options: {
      retryable?: boolean;
      status?: Status;
      throttled?: boolean;
      unreachable?: boolean;
      everyFile?: EveryFile;
      retryAfterMs?: number | null;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.status = options.status ?? 'failed';
    this.throttled = options.throttled ?? false;
    this.unreachable = options.unreachable ?? false;
    this.everyFile = options.everyFile ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** A permanent refusal that may affect every file. */
export interface EveryFile {
  /** Service and code; the same for two files with the same problem. */
  reason: string;
  /** What the person can do, one sentence or more. */
  remedy: string;
  /**
   * True if the reason may also be about single files. Then more of them are needed to stop the run: otherwise a few bad
   * files at the beginning would stop every run before it reaches the good ones.
   */
  isUncertain?: boolean;
}

/**
 * Nothing more can be done in this run: sign-in refused, bucket or folder gone, API disabled, daily quota used up.
 * The run starts no new files, finishes those in progress and ends with exit code 1; it can be resumed.
 */
export class RunError extends Error {
  override readonly name: string = 'RunError';
  readonly code: string;
  /** What the person can do, one sentence or more. */
  readonly remedy: string;
  /** The exit code of the process: 2 if the error is in the flags or arguments of this call. */
  readonly exitCode: number;

  constructor(
    code: string,
    message: string,
    remedy: string,
    options: { exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.remedy = remedy;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The record after `error`. An unexpected error (not a FileError) counts as retryable, so that nothing is lost. */
export function afterError(record: FileRecord, stage: StageName, error: unknown): FileRecord {
  if (error instanceof FileError) {
    return stopped(record, error.status, {
      stage,
      code: error.code,
      message: error.message,
      retryable: error.retryable,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return stopped(record, 'failed', { stage, code: 'unexpected', message, retryable: true });
}
