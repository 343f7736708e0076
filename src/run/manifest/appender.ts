/** Appends lines to a manifest in the background, many in one write, and syncs the file to disk at most once a second. */
import { appendFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { APPEND } from '../../config/files/replace-file.ts';
import { unusable } from './manifest-error.ts';

/** If more waits for the disk, so does the stage. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** A power cut costs at most what was appended since the last sync. */
const SYNC_EVERY_MS = 1000;

export class Appender {
  readonly #path: string;
  readonly #fd: number;
  readonly #handle: FileHandle;
  /** Lines by their offset: those that wait for the disk, and those that are being written. */
  #waiting = new Map<number, string>();
  #leaving = new Map<number, string>();
  #waitingBytes = 0;
  #writing: Promise<void> | null = null;
  #failure: Error | null = null;
  #syncedAt = 0;
  #lateSync: NodeJS.Timeout | null = null;

  private constructor(path: string, fd: number, handle: FileHandle) {
    this.#path = path;
    this.#fd = fd;
    this.#handle = handle;
  }

  /** `fd`: the same file, open for appending. */
  static async open(path: string, fd: number): Promise<Appender> {
    return new Appender(path, fd, await open(path, APPEND, 0o600));
  }

  /** Returns a promise if the disk has to be waited for. Throws RunError if the disk refuses. */
  append(line: string, offset: number): Promise<void> | void {
    if (this.#failure) throw this.#failure;
    this.#waiting.set(offset, line);
    this.#waitingBytes += Buffer.byteLength(line);
    this.#writing ??= this.#drain();
    if (this.#waitingBytes > MAX_WAITING_BYTES) return this.#writing;
  }

  /** A line that is not on disk yet. */
  lineAt(offset: number): string | undefined {
    return this.#waiting.get(offset) ?? this.#leaving.get(offset);
  }

  /** Resolves when every line is on disk. Throws RunError if the disk refuses. */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure) throw this.#failure;
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    clearTimeout(this.#lateSync ?? undefined);
    try {
      await this.flush();
    } finally {
      await this.#handle.close();
    }
  }

  async #drain(): Promise<void> {
    try {
      // Lines of one turn of the event loop are written together.
      await new Promise(resolve => setImmediate(resolve));
      while (this.#waiting.size > 0) {
        this.#leaving = this.#waiting;
        this.#waiting = new Map();
        this.#waitingBytes = 0;
        // Synchronous: this only copies to the page cache, and waking a pool thread would cost more.
        appendFileSync(this.#fd, [...this.#leaving.values()].join(''));
        this.#leaving = new Map();
        if (performance.now() - this.#syncedAt < SYNC_EVERY_MS) this.#syncLater();
        else await this.#sync();
      }
    } catch (error) {
      this.#failure = unusable(this.#path, error);
    } finally {
      this.#writing = null;
    }
  }

  async #sync(): Promise<void> {
    this.#syncedAt = performance.now();
    await this.#handle.datasync();
  }

  /** Lines that no others follow are synced, too. */
  #syncLater(): void {
    this.#lateSync ??= setTimeout(() => {
      this.#lateSync = null;
      this.#sync().catch(error => {
        this.#failure ??= unusable(this.#path, error);
      });
    }, SYNC_EVERY_MS).unref();
  }
}
