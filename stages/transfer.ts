/**
 * transfer: streams each file once from Drive to S3.
 *
 * This file decides which record is transferred and how often it is tried. How bytes get from Drive to S3, what is
 * compared when, and what a crash at each point leaves behind: see `src/services/s3/upload.ts`.
 */
import type { Readable } from 'node:stream';
import { CircuitBreaker } from './circuit-breaker.ts';
import { concurrently } from './concurrently.ts';
import { afterError, FileError, RunError } from './errors.ts';
import type { StageEmitter } from './events.ts';
import { LargeAndSmall } from './large-and-small.ts';
import { withSafePlace } from './object-key.ts';
import { type FileRecord, isOnTheWay, nameOf, reopened, stopped } from './record.ts';
import { type Backoff, type RetryPolicy, withRetries } from './retry/backoff.ts';
import { retryPolicyFor } from './retry/faults.ts';
import { unsendable } from './sendable.ts';
import type { Shutdown } from './shutdown.ts';
import type { Stage } from './stage.ts';
import { WorkerCount } from './worker-count.ts';

/** What transfer needs of Drive. */
export interface MediaSource {
  /**
   * Resolves to the file's bytes, from the first to the last, when the first ones have come. `onBytes` counts them as they
   * come. Throws FileError or RunError, at the call or as the error of the stream: also before the end of a file that has
   * more or fewer bytes than the record says.
   */
  download(record: FileRecord, onBytes: (count: number) => void, signal?: AbortSignal): Promise<Readable>;
}

/** One object to be stored. */
export interface Upload {
  key: string;
  contentType: string;
  /** Drive file id, kept with the object. */
  fileId: string;
  /** How messages name the file. */
  fileName: string;
  /** Bytes that must arrive; null if nobody knows. */
  size: number | null;
  /** Hex digest that the bytes must have; null if nobody knows. */
  md5: string | null;
  /** Etag of the object that may be replaced; absent if the key must be free. */
  replaces?: string;
  /** The upload was tried before: the object under the key is looked at before bytes are sent. */
  isRetry: boolean;
  /**
   * Opens the bytes: `size` of them, where it is known, or the stream fails. Called once at most; the caller destroys the
   * stream if it does not read it to its end.
   */
  open(): Promise<Readable>;
  signal?: AbortSignal;
}

/** Code of the FileError after which the same upload may be tried again at once. */
export const KEYS_RENEWED = 'storage_keys_renewed';

export interface StoredObject {
  bytes: number;
  /** Without quotes. */
  etag: string;
  verified: 'md5' | 'size';
  /** RFC 3339; absent if the store does not say. */
  storedAt?: string;
  /** True if another run or tool has stored it. */
  adopted?: true;
}

/** What transfer needs of S3. */
export interface ObjectStore {
  /** The canonical URL of a key. */
  urlOf(key: string): string;
  /**
   * Stores the bytes under the key. The object is visible only when all bytes have arrived and have been compared.
   * Throws FileError (also when the key has other content already; with the code {@link KEYS_RENEWED} when only the
   * sign-in was stale, and is not any more) or RunError.
   */
  store(upload: Upload): Promise<StoredObject>;
}

export interface TransferOptions {
  /** Files on their way at a time, at most: fewer for a while after a service says that requests come too fast. */
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
export function transfer(source: MediaSource, store: ObjectStore, options: TransferOptions): Stage {
  const transfers = new Transfers(source, store, options);
  return concurrently(
    () => transfers.workers.allowed,
    record => transfers.move(reopened(record) as Located),
    { skip: withoutTransfer, queue: new LargeAndSmall() },
  );
}

/** The record if there is nothing to transfer for it. */
function withoutTransfer(given: FileRecord): FileRecord | undefined {
  const record = withSafePlace(reopened(given), 'transfer');
  if (!isOnTheWay(record) || record.url) return record;
  return record.key ? (unsendable(record) ?? undefined) : unresolved(record);
}

class Transfers {
  readonly workers: WorkerCount;
  readonly #source: MediaSource;
  readonly #store: ObjectStore;
  readonly #options: TransferOptions;
  readonly #breaker = new CircuitBreaker();
  readonly #faultPolicy = retryPolicyFor();

  constructor(source: MediaSource, store: ObjectStore, options: TransferOptions) {
    this.#source = source;
    this.#store = store;
    this.#options = options;
    this.workers = new WorkerCount(options.concurrency, count =>
      options.events?.emit('workersChanged', count),
    );
  }

  /** Undefined for a file that stays pending because the run is shut down. */
  async move(record: Located): Promise<FileRecord | undefined> {
    const { shutdown, events, backoff } = this.#options;
    if (shutdown?.signal.aborted) return undefined;
    events?.emit('transferStarted', record);
    try {
      const stored = await withRetries(
        retry => this.#withFreshKeys(record, retry > 0),
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

  /** Keys that expired are no fault of the file: the attempt that met them does not count, once. */
  async #withFreshKeys(record: Located, isRetry: boolean): Promise<StoredObject> {
    try {
      return await this.#attempt(record, isRetry);
    } catch (error) {
      if (!(error instanceof FileError && error.code === KEYS_RENEWED)) throw error;
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
    const again = decision.again && !shutdown?.signal.aborted;
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
