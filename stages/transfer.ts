/**
 * transfer: streams each file once from Drive to S3.
 *
 * This file decides which record is transferred and how often it is tried. How bytes get from Drive to S3, what is
 * compared when, and what a crash at each point leaves behind is told in `src/services/s3/upload.ts`.
 */
import type { Readable } from 'node:stream';
import { CircuitBreaker } from './circuit-breaker.ts';
import { concurrently } from './concurrently.ts';
import { afterError, FileError, RunError } from './errors.ts';
import type { StageEmitter } from './events.ts';
import { LargeAndSmall } from './large-and-small.ts';
import { withSafePlace } from './object-key.ts';
import { type FileRecord, isOnTheWay, nameOf, reopened, stopped } from './record.ts';
import { type Backoff, withRetries } from './retry/backoff.ts';
import { retryPolicyFor } from './retry/faults.ts';
import { unsendable } from './sendable.ts';
import type { Shutdown } from './shutdown.ts';
import type { Stage } from './stage.ts';
import { WorkerCount } from './worker-count.ts';

/** What transfer needs of Drive. */
export interface MediaSource {
  /**
   * Resolves to the file's bytes, from the first to the last, when they begin to come. `onBytes` is told of them as they
   * come. Throws FileError or RunError, at the call or as the error of the stream.
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
  /** Etag of the object that may be replaced; absent if nothing may stand under the key. */
  replaces?: string;
  /** The upload was tried before: what stands under the key is looked at before bytes are sent. */
  isRetry: boolean;
  /** Opens the bytes. Called once at most; whoever calls it destroys the stream when it is not read to its end. */
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
  /** RFC 3339; absent if the store does not tell. */
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

/**
 * Adds `url`, `bytes`, `etag`, `verified` and `storedAt` and makes the record `uploaded`. Records with a `url` are not transferred
 * again. The order changes: small files overtake large ones, and large ones are begun early.
 */
export function transfer(source: MediaSource, store: ObjectStore, options: TransferOptions): Stage {
  const { shutdown, events } = options;

  const attempt = (record: FileRecord & { key: string }, isRetry: boolean): Promise<StoredObject> =>
    store.store({
      key: record.key,
      contentType: record.contentType ?? 'application/octet-stream',
      fileId: record.id,
      fileName: nameOf(record),
      size: record.size ?? null,
      md5: record.md5 ?? null,
      ...(record.replaces && { replaces: record.replaces }),
      isRetry: isRetry || record.error !== undefined,
      open: () =>
        source.download(record, count => events?.emit('bytesRead', record, count), shutdown?.killSignal),
      signal: shutdown?.killSignal,
    });

  /** Keys that expired are no fault of the file: the attempt that met them does not count, once. */
  const withFreshKeys = async (
    record: FileRecord & { key: string },
    isRetry: boolean,
  ): Promise<StoredObject> => {
    try {
      return await attempt(record, isRetry);
    } catch (error) {
      if (!(error instanceof FileError && error.code === KEYS_RENEWED)) throw error;
      events?.emit('transferRetried', record);
      return attempt(record, true);
    }
  };

  const faultPolicy = retryPolicyFor();
  const policyFor = (record: FileRecord) => (error: unknown) => {
    const decision = faultPolicy(error);
    const again = decision.again && !shutdown?.signal.aborted;
    if (again) events?.emit('transferRetried', record);
    if (decision.throttled) workers.refused();
    tellWorkers();
    return { ...decision, again };
  };

  const breaker = new CircuitBreaker();
  const workers = new WorkerCount(options.concurrency);
  let told = options.concurrency;
  const tellWorkers = () => {
    if (workers.allowed !== told) events?.emit('workersChanged', workers.allowed);
    told = workers.allowed;
  };

  const move = async (record: FileRecord & { key: string }): Promise<FileRecord | undefined> => {
    if (shutdown?.signal.aborted) return undefined;
    events?.emit('transferStarted', record);
    try {
      const stored = await withRetries(
        retry => withFreshKeys(record, retry > 0),
        policyFor(record),
        options.backoff,
        shutdown?.killSignal,
      );
      breaker.succeeded();
      workers.succeeded();
      tellWorkers();
      const { replaces: _replaces, error: _error, ...kept } = record;
      return { ...kept, url: store.urlOf(record.key), ...stored, status: 'uploaded' };
    } catch (error) {
      // Given up by the person, not failed: it stays pending.
      if (shutdown?.killSignal.aborted) return undefined;
      if (error instanceof RunError && !shutdown) throw error;
      if (error instanceof RunError) {
        shutdown?.drain(error);
        return undefined;
      }
      const failed = afterError(record, 'transfer', error);
      const stop = error instanceof FileError && breaker.failed(record.id, error);
      if (stop) shutdown?.drain(stop);
      return failed;
    } finally {
      events?.emit('transferEnded', record);
    }
  };

  /** The record if nothing is to be moved for it. */
  const skip = (given: FileRecord): FileRecord | undefined => {
    const record = withSafePlace(reopened(given), 'transfer');
    if (!isOnTheWay(record) || record.url) return record;
    return record.key ? (unsendable(record) ?? undefined) : unresolved(record);
  };
  const work = (given: FileRecord) => move(reopened(given) as FileRecord & { key: string });
  return concurrently(() => workers.allowed, work, { skip, queue: new LargeAndSmall() });
}

function unresolved(record: FileRecord): FileRecord {
  return stopped(record, 'failed', {
    stage: 'transfer',
    code: 'not_resolved',
    message: `${nameOf(record)}: the record has no S3 key. Run "migrator resolve" before "migrator transfer".`,
    retryable: true,
  });
}
