import type { FileRecord, StageName, Status } from './record.ts';
import { stopped } from './record.ts';

/**
 * Something is wrong with one file; the run goes on with the others. Thrown by a service (Drive, S3, AppSync)
 * and turned into the record's status and error by the stage that called it.
 */
export class FileError extends Error {
  override readonly name = 'FileError';
  /** For scripts, `snake_case`. */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** What the record becomes when no attempt helped. */
  readonly status: Status;
  /** The service was reached and asks for fewer requests, from everybody. */
  readonly throttled: boolean;
  /** The service could not be reached, or is down: no fault of this file. */
  readonly unreachable: boolean;
  /** Set where a lasting refusal says nothing about the file, so that all others may meet it too. */
  readonly everyFile: EveryFile | null;
  /** Earliest sensible time of the next attempt, as the service asked for it; null if it did not. */
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

/** A lasting refusal that may concern every file. */
export interface EveryFile {
  /** Service and code: equal for the same refusal of two files. */
  reason: string;
  /** What the person can do, one sentence or more. */
  remedy: string;
  /**
   * Whether the reason may also be about single files. It then takes more of them to stop a run: otherwise a few bad files at
   * the beginning would stop every run before it gets to the good ones.
   */
  isUncertain?: boolean;
}

/**
 * Nothing more can be done in this run: sign-in refused, bucket or folder gone, API disabled, daily quota used up.
 * The run stops taking new files, finishes what is in flight and ends with exit code 1; it can be resumed.
 */
export class RunError extends Error {
  override readonly name: string = 'RunError';
  readonly code: string;
  /** What the person can do, one sentence or more. */
  readonly remedy: string;
  /** Of the process: 2 if the error is in the flags or arguments of this call. */
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

/** The record after `error`. Anything that is not a FileError is a surprise: kept as retryable, so nothing is lost. */
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
