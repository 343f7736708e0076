/**
 * A manifest on disk: NDJSON, appended to while a stage runs; of several lines with one id the last one holds.
 *
 * What is kept in memory is where each id's last line begins, not the lines: a million records fit. Lines are read
 * back from disk when they are asked for; stages ask in the order of the manifest, so one read serves many.
 */
import { closeSync, existsSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { RunError } from '../../stages/errors.ts';
import type { FileRecord } from '../../stages/record.ts';
import { BadLine, lineOf, recordOf } from './record-line.ts';

const NEWLINE = 0x0a;
const SCAN_BYTES = 1024 * 1024;
const WINDOW_BYTES = 64 * 1024;
/** Appended lines that wait for the disk; more make the stage wait. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** A power cut costs at most what was appended since the last sync. */
const SYNC_EVERY_MS = 1000;

export interface OpenOptions {
  /** Cut a torn last line off and append; otherwise the file is only read, and must exist. */
  write: boolean;
  warn: (message: string) => void;
  /** Takes lines that are not records, instead of the error that they are otherwise. */
  reject?: ((line: string, reason: BadLine) => void) | null;
}

export class ManifestFile {
  readonly path: string;
  readonly #offsets = new Map<string, number>();
  readonly #fd: number;
  #window = Buffer.alloc(0);
  #windowStart = 0;
  #size = 0;
  #needsNewline = false;

  #handle: FileHandle | null = null;
  /** Lines by their offset: those that wait for the disk, and those that are on their way to it. */
  #waiting = new Map<number, string>();
  #leaving = new Map<number, string>();
  #waitingBytes = 0;
  #writing: Promise<void> | null = null;
  #failure: Error | null = null;
  #syncedAt = 0;
  #lateSync: NodeJS.Timeout | null = null;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** Throws {@link BadLine} for the first line that is not a record (unless rejected), RunError if the disk refuses. */
  static async open(path: string, options: OpenOptions): Promise<ManifestFile> {
    let fd: number;
    try {
      if (options.write) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      fd = openSync(path, options.write ? 'a+' : 'r', 0o600);
    } catch (error) {
      throw unusable(path, error);
    }
    const manifest = new ManifestFile(path, fd);
    try {
      manifest.#scan(options);
      if (options.write) manifest.#handle = await open(path, 'a', 0o600);
    } catch (error) {
      closeSync(fd);
      throw error instanceof BadLine ? error : unusable(path, error);
    }
    return manifest;
  }

  /** How many ids the manifest has. */
  get count(): number {
    return this.#offsets.size;
  }

  has(id: string): boolean {
    return this.#offsets.has(id);
  }

  /** The record that holds for an id, each time a new object; undefined if the manifest has none. */
  last(id: string): FileRecord | undefined {
    const offset = this.#offsets.get(id);
    return offset === undefined ? undefined : this.#readAt(offset);
  }

  /** The records that hold, in the order in which their ids first appear. */
  *records(): Generator<FileRecord> {
    for (const offset of this.#offsets.values()) yield this.#readAt(offset);
  }

  /** Appends a record; resolves when it is safe to hand over the next one. Throws RunError if the disk refuses. */
  append(record: FileRecord): Promise<void> | void {
    if (this.#failure) throw this.#failure;
    const line = (this.#needsNewline ? '\n' : '') + lineOf(record);
    const offset = this.#size + Number(this.#needsNewline);
    this.#needsNewline = false;
    this.#offsets.set(record.id, offset);
    this.#waiting.set(offset, line);
    const bytes = Buffer.byteLength(line);
    this.#size += bytes;
    this.#waitingBytes += bytes;
    this.#writing ??= this.#drain();
    if (this.#waitingBytes > MAX_WAITING_BYTES) return this.#writing;
  }

  /** Resolves when every appended line is on disk. Throws RunError if the disk refuses. */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure) throw this.#failure;
    await this.#handle?.datasync();
  }

  async #sync(): Promise<void> {
    this.#syncedAt = performance.now();
    await this.#handle?.datasync();
  }

  /** The last lines before a quiet time must not wait for the next ones. */
  #syncLater(): void {
    this.#lateSync ??= setTimeout(() => {
      this.#lateSync = null;
      this.#sync().catch(error => {
        this.#failure ??= unusable(this.path, error);
      });
    }, SYNC_EVERY_MS).unref();
  }

  async close(): Promise<void> {
    try {
      clearTimeout(this.#lateSync ?? undefined);
      if (this.#handle) await this.flush();
    } finally {
      await this.#handle?.close();
      this.#handle = null;
      closeSync(this.#fd);
    }
  }

  async #drain(): Promise<void> {
    try {
      // What is appended in the same turn goes to the disk together.
      await new Promise(resolve => setImmediate(resolve));
      while (this.#waiting.size > 0) {
        this.#leaving = this.#waiting;
        this.#waiting = new Map();
        this.#waitingBytes = 0;
        await this.#handle!.appendFile([...this.#leaving.values()].join(''));
        this.#leaving = new Map();
        if (performance.now() - this.#syncedAt < SYNC_EVERY_MS) this.#syncLater();
        else await this.#sync();
      }
    } catch (error) {
      this.#failure = unusable(this.path, error);
    } finally {
      this.#writing = null;
    }
  }

  #scan(options: OpenOptions): void {
    const size = fstatSync(this.#fd).size;
    const chunk = Buffer.allocUnsafe(SCAN_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    let lineStart = 0;
    let line = 0;
    for (let at = 0; at < size; ) {
      const bytes = readSync(this.#fd, chunk, 0, SCAN_BYTES, at);
      if (bytes === 0) break;
      at += bytes;
      const text: Buffer = Buffer.concat([rest, chunk.subarray(0, bytes)]);
      let from = 0;
      for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, from)) {
        line += 1;
        this.#index(text.toString('utf8', from, end), lineStart, line, options.reject);
        lineStart += end + 1 - from;
        from = end + 1;
      }
      rest = text.subarray(from);
    }
    this.#size = size;
    if (rest.length > 0) this.#endWithoutNewline(rest.toString('utf8'), lineStart, line + 1, options);
  }

  #index(text: string, offset: number, line: number, reject: OpenOptions['reject']): void {
    const bare = line === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (bare.trim() === '') return;
    try {
      this.#offsets.set(recordOf(bare, this.path, line).id, offset);
    } catch (error) {
      if (!(error instanceof BadLine && reject)) throw error;
      reject(text, error);
    }
  }

  /** A line that is whole and merely lacks its newline is a person's editor; any other is a write that was cut short. */
  #endWithoutNewline(text: string, offset: number, line: number, { write, warn, reject }: OpenOptions): void {
    if (!isTorn(text)) {
      this.#index(text, offset, line, reject);
      this.#needsNewline = true;
      return;
    }
    warn(
      `${this.path}: line ${line}, the last one, is incomplete (an earlier run was cut off while writing it). It is ${write ? 'cut off' : 'left out'}; its file is worked on again.`,
    );
    if (!write) return;
    ftruncateSync(this.#fd, offset);
    this.#size = offset;
  }

  #readAt(offset: number): FileRecord {
    const text = this.#waiting.get(offset) ?? this.#leaving.get(offset) ?? this.#lineAt(offset);
    return recordOf(offset === 0 ? text.replace(/^\uFEFF/, '') : text, this.path, 0);
  }

  #lineAt(offset: number): string {
    const within = offset - this.#windowStart;
    if (within >= 0 && within < this.#window.length) {
      const end = this.#window.indexOf(NEWLINE, within);
      if (end >= 0) return this.#window.toString('utf8', within, end);
    }
    this.#window = Buffer.allocUnsafe(WINDOW_BYTES);
    this.#windowStart = offset;
    this.#window = this.#window.subarray(0, readSync(this.#fd, this.#window, 0, WINDOW_BYTES, offset));
    const end = this.#window.indexOf(NEWLINE);
    if (end >= 0) return this.#window.toString('utf8', 0, end);
    return this.#longLineAt(offset);
  }

  #longLineAt(offset: number): string {
    const decoder = new StringDecoder('utf8');
    const chunk = Buffer.allocUnsafe(SCAN_BYTES);
    let text = '';
    for (let at = offset; ; ) {
      const bytes = readSync(this.#fd, chunk, 0, SCAN_BYTES, at);
      const end = chunk.subarray(0, bytes).indexOf(NEWLINE);
      if (bytes === 0 || end >= 0) return text + decoder.end(chunk.subarray(0, Math.max(0, end)));
      text += decoder.write(chunk.subarray(0, bytes));
      at += bytes;
    }
  }
}

/** A record that was cut short is no JSON: it ends with the brace it began with. */
function isTorn(text: string): boolean {
  const bare = text.trim();
  if (bare === '') return false;
  try {
    JSON.parse(bare);
    return false;
  } catch {
    return true;
  }
}

/** Whether there is a manifest at all; a run that never came to a stage has none for it. */
export function manifestExists(path: string): boolean {
  return existsSync(path);
}

function unusable(path: string, error: unknown): RunError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return new RunError(
      'manifest_missing',
      `There is no manifest ${path}.`,
      'Run the stage before this one first.',
      {
        cause: error,
      },
    );
  }
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new RunError(
    full ? 'disk_full' : 'manifest_unusable',
    full ? `The disk is full: ${path} cannot be written.` : `${path} cannot be used: ${message}.`,
    full
      ? 'Free some space, then run "migrator resume"; what was written so far is kept.'
      : 'Check who owns the folder, or set AMPLIFY_MEDIA_MIGRATOR_HOME to a folder of yours.',
    { cause: error },
  );
}
