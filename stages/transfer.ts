/**
 * transfer: streams each file once from Drive to S3.
 *
 * This file decides which record is transferred and how often it is tried. How bytes get from Drive to S3, what is
 * compared when, and what a crash at each point leaves behind is told in `src/storage/upload.ts`.
 */
import { type Backoff, withRetries } from '../src/retry/backoff.ts';
import { afterError, FileError, RunError } from './errors.ts';
import { type FileRecord, isOnTheWay, nameOf, reopened, stopped } from './record.ts';
import { concurrently, type Halt, type Stage } from './stage.ts';

/** What transfer needs of Drive. */
export interface MediaSource {
  /**
   * The file's bytes from the first to the last. Throws FileError or RunError, at the call or while the bytes are read.
   */
  download(record: FileRecord): AsyncIterable<Buffer>;
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
  bytes: AsyncIterable<Buffer>;
}

export interface StoredObject {
  bytes: number;
  /** Without quotes. */
  etag: string;
  verified: 'md5' | 'size';
}

/** What transfer needs of S3. */
export interface ObjectStore {
  /** The canonical URL of a key. */
  urlOf(key: string): string;
  /**
   * Stores the bytes under the key. The object is visible only when all bytes have arrived and have been compared.
   * Throws FileError (also when the key has other content already) or RunError.
   */
  store(upload: Upload): Promise<StoredObject>;
}

/** Told about each file as it moves; for progress. */
export interface TransferWatcher {
  started(record: FileRecord): void;
  /** `bytes` more have been read from Drive. */
  moved(record: FileRecord, bytes: number): void;
  /** An attempt failed and its bytes do not count; another one may follow. */
  restarted(record: FileRecord): void;
  ended(record: FileRecord): void;
}

export interface TransferOptions {
  /** Files at a time. */
  concurrency: number;
  backoff: Backoff;
  halt?: Halt;
  watcher?: TransferWatcher;
}

/**
 * Adds `url`, `bytes`, `etag` and `verified` and makes the record `uploaded`. Records with a `url` are not transferred
 * again. The order changes: small files overtake large ones.
 */
export function transfer(source: MediaSource, store: ObjectStore, options: TransferOptions): Stage {
  const { halt, watcher } = options;

  const attempt = (record: FileRecord & { key: string }): Promise<StoredObject> =>
    store.store({
      key: record.key,
      contentType: record.contentType ?? 'application/octet-stream',
      fileId: record.id,
      fileName: nameOf(record),
      size: record.size ?? null,
      md5: record.md5 ?? null,
      bytes: watched(source.download(record), bytes => watcher?.moved(record, bytes)),
    });

  const judge = (record: FileRecord) => (error: unknown) => {
    const again =
      !(error instanceof RunError) && (!(error instanceof FileError) || error.retryable) && !halt?.stopped;
    if (again) watcher?.restarted(record);
    return { again, afterMs: error instanceof FileError ? error.retryAfterMs : null };
  };

  const move = async (record: FileRecord & { key: string }): Promise<FileRecord | undefined> => {
    if (halt?.stopped) return undefined;
    watcher?.started(record);
    try {
      const stored = await withRetries(() => attempt(record), judge(record), options.backoff);
      return { ...record, url: store.urlOf(record.key), ...stored, status: 'uploaded' };
    } catch (error) {
      if (!(error instanceof RunError)) return afterError(record, 'transfer', error);
      if (!halt) throw error;
      halt.stop(error);
      return undefined;
    } finally {
      watcher?.ended(record);
    }
  };

  return concurrently(options.concurrency, given => {
    const record = reopened(given);
    if (!isOnTheWay(record) || record.url) return record;
    if (!record.key) return unresolved(record);
    return move({ ...record, key: record.key });
  });
}

async function* watched(
  bytes: AsyncIterable<Buffer>,
  moved: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    moved(chunk.length);
    yield chunk;
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
