/**
 * transfer: streams each file once from Drive to S3.
 *
 * This file decides which record is transferred and how often it is tried. How bytes get from Drive to S3, what is
 * compared when, and what a crash at each point leaves behind: see `src/services/s3/upload.ts`.
 */
import type { Readable } from 'node:stream';
import { afterError, FileError, RunError } from './errors.ts';
import type { StageEmitter } from './events.ts';
import { CircuitBreaker } from './flow/circuit-breaker.ts';
import { concurrently } from './flow/concurrently.ts';
import { LargeAndSmall } from './flow/large-and-small.ts';
import type { Shutdown } from './flow/shutdown.ts';
import { WorkerCount } from './flow/worker-count.ts';
import { withSafeKey } from './object-key.ts';
import { canContinue, type FileRecord, nameOf, reopened, stopped } from './record.ts';
import { type Backoff, withRetries } from './retry/backoff.ts';
import { type RetryPolicy, retryPolicyFor } from './retry/faults.ts';
import { withSendableValues } from './sendable.ts';
import type { Stage } from './stage.ts';

/** What transfer needs from Drive. */
export interface FileSource {
  /**
   * Resolves to the file's bytes when the response starts. `onBytes` is called with the number of bytes as they arrive.
   * Throws FileError or RunError, at the call or as the error of the stream, also if the file has more or fewer bytes than the
   * record says.
   */
  download(record: FileRecord, onBytes: (count: number) => void, signal?: AbortSignal): Promise<Readable>;
}

/** An object to store. */
export interface Upload {
  key: string;
  contentType: string;
  /** Drive file id; stored in the object's metadata. */
  fileId: string;
  /** How messages name the file. */
  fileName: string;
  /** Bytes; null if unknown. */
  size: number | null;
  /** Hex digest of the bytes; null if unknown. */
  md5: string | null;
  /** Etag of the object to replace; absent if no object may exist under the key. */
  replaces?: string;
  /** A second attempt: the key is looked up before bytes are sent. */
  isRetry: boolean;
  /**
   * Opens the stream of bytes. It fails if it does not have `size` bytes, where that is known. Called at most once; the
   * caller destroys the stream if it does not read all of it.
   */
  open(): Promise<Readable>;
  signal?: AbortSignal;
}

/** Code of the FileError after which the same upload can be repeated immediately. */
export const REPEAT_AT_ONCE = 'storage_keys_renewed';

export interface StoredObject {
  bytes: number;
  /** The ETag without quotes. */
  etag: string;
  verified: 'md5' | 'size';
  /** RFC 3339; absent if unknown. */
  storedAt?: string;
  /** True if another run or tool has stored the object. */
  adopted?: true;
}

/** What transfer needs from S3. */
export interface ObjectStore {
  /** The canonical URL of a key. */
  urlOf(key: string): string;
  /**
   * Stores the bytes under the key. The object becomes visible only after all bytes have arrived and have been verified.
   * Throws FileError (also if the key has other content; with the code {@link REPEAT_AT_ONCE} if only the S3 keys had expired or
   * the clock was wrong) or RunError.
   */
  store(upload: Upload): Promise<StoredObject>;
}

export interface TransferOptions {
  /** Files at a time, at most; fewer for a while after a service has throttled. */
  concurrency: number;
  backoff: Backoff;
  shutdown?: Shutdown;
  events?: StageEmitter;
}

type Located = FileRecord & { key: string };

/**
 * Adds `url`, `bytes`, `etag`, `verified` and `storedAt` and makes the record `uploaded`. Records with a `url` are not
 * transferred again. The order changes: small files overtake large ones, and large ones start early.
 */
export function transfer(source: FileSource, store: ObjectStore, options: TransferOptions): Stage {
  const transfers = new Transfers(source, store, options);
  return concurrently(
    () => transfers.workers.allowed,
    record => transfers.transfer(reopened(record) as Located),
    { skip: withoutTransfer, queue: new LargeAndSmall() },
  );
}

/** The record if it needs no transfer; undefined if it does. */
function withoutTransfer(given: FileRecord): FileRecord | undefined {
  const record = withSafeKey(reopened(given), 'transfer');
  if (!canContinue(record) || record.url) return record;
  const checked = record.key ? withSendableValues(record) : unresolved(record);
  return canContinue(checked) ? undefined : checked;
}

class Transfers {
  readonly workers: WorkerCount;
  readonly #source: FileSource;
  readonly #store: ObjectStore;
  readonly #options: TransferOptions;
  readonly #breaker = new CircuitBreaker();
  readonly #faultPolicy = retryPolicyFor();

  constructor(source: FileSource, store: ObjectStore, options: TransferOptions) {
    this.#source = source;
    this.#store = store;
    this.#options = options;
    this.workers = new WorkerCount(options.concurrency, count =>
      options.events?.emit('workersChanged', count),
    );
  }

  /** Undefined if the file stays pending because the run is shut down. */
  async transfer(record: Located): Promise<FileRecord | undefined> {
    const { shutdown, events, backoff } = this.#options;
    if (shutdown?.drainSignal.aborted) return undefined;
    events?.emit('transferStarted', record);
    try {
      const stored = await withRetries(
        retry => this.#attemptTwiceIfKeysExpired(record, retry > 0),
        error => this.#retryPolicy(record, error),
        backoff,
        shutdown?.killSignal,
      );
      this.#breaker.succeeded();
      this.workers.succeeded();
      const { replaces: _replaces, error: _error, ...kept } = record;
      return { ...kept, url: this.#store.urlOf(record.key), ...stored, status: 'uploaded' };
    } catch (error) {
      return this.#afterError(record, error);
    } finally {
      events?.emit('transferEnded', record);
    }
  }

  #afterError(record: Located, error: unknown): FileRecord | undefined {
    const { shutdown } = this.#options;
    if (shutdown?.killSignal.aborted) return undefined;
    if (error instanceof RunError) {
      if (!shutdown) throw error;
      shutdown.drain(error);
      return undefined;
    }
    const failed = afterError(record, 'transfer', error);
    const outage = error instanceof FileError && this.#breaker.failed(record.id, error);
    if (outage) shutdown?.drain(outage);
    return failed;
  }

  /** Expired S3 keys are not the file's fault: the first such attempt does not count as a retry. */
  async #attemptTwiceIfKeysExpired(record: Located, isRetry: boolean): Promise<StoredObject> {
    try {
      return await this.#attempt(record, isRetry);
    } catch (error) {
      if (!(error instanceof FileError && error.code === REPEAT_AT_ONCE)) throw error;
      this.#options.events?.emit('transferRetried', record);
      return this.#attempt(record, true);
    }
  }

  #attempt(record: Located, isRetry: boolean): Promise<StoredObject> {
    const { shutdown, events } = this.#options;
    const signal = shutdown?.killSignal;
    return this.#store.store({
      key: record.key,
      contentType: record.contentType ?? 'application/octet-stream',
      fileId: record.id,
      fileName: nameOf(record),
      size: record.size ?? null,
      md5: record.md5 ?? null,
      ...(record.replaces && { replaces: record.replaces }),
      isRetry: isRetry || record.error !== undefined,
      open: () => this.#source.download(record, count => events?.emit('bytesRead', record, count), signal),
      signal,
    });
  }

  #retryPolicy(record: Located, error: unknown): ReturnType<RetryPolicy> {
    const { shutdown, events } = this.#options;
    const decision = this.#faultPolicy(error);
    const again = decision.again && !shutdown?.drainSignal.aborted;
    if (again) events?.emit('transferRetried', record);
    if (decision.throttled) this.workers.refused();
    return { ...decision, again };
  }
}

function unresolved(record: FileRecord): FileRecord {
  return stopped(record, 'failed', {
    stage: 'transfer',
    code: 'not_resolved',
    message: `${nameOf(record)}: the record has no S3 key. Run "migrator resolve" before "migrator transfer".`,
    retryable: true,
  });
}
