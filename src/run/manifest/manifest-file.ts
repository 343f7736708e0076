/**
 * A manifest on disk: NDJSON, appended to while a stage runs; of several lines with one id the last one holds.
 *
 * Only the place of each id's last line is kept in memory. Lines are read back from disk on demand; stages ask more or
 * less in the order of the manifest, so one read serves many.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RunError } from '../../../stages/errors.ts';
import type { FileRecord } from '../../../stages/record.ts';
import { isFileThere } from '../../config/files/foreign-file.ts';
import { makePrivateFolder } from '../../config/files/private-folder.ts';
import { APPEND, READ_AND_APPEND } from '../../config/files/replace-file.ts';
import { BlockReader } from './block-reader.ts';
import { cutLine, MAX_LINE_BYTES, textOf } from './line-text.ts';
import { BadLine, lineOf, recordAgain, recordOf } from './record-line.ts';

const NEWLINE = 0x0a;
const SCAN_BYTES = 1024 * 1024;
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
  /** How messages name somebody else's file, of which a last line that is cut short is a bad line like any other. */
  foreign?: string;
  /** This process has read every line as a record before: of most of them no more than the id is looked at. */
  checked?: boolean;
}

export class ManifestFile {
  readonly path: string;
  readonly #fd: number;
  readonly #blocks: BlockReader;
  /** By id: where its last line begins. In the order in which the ids first appear. */
  readonly #offsets = new Map<string, number>();
  #size = 0;
  #needsNewline = false;
  #isOpen = true;

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
    this.#blocks = new BlockReader(fd);
  }

  /** Throws {@link BadLine} for the first line that is not a record (unless rejected), RunError if the disk refuses. */
  static async open(path: string, options: OpenOptions): Promise<ManifestFile> {
    let fd: number;
    try {
      isFileThere(path);
      if (options.write) makePrivateFolder(dirname(path));
      fd = openSync(path, options.write ? READ_AND_APPEND : 'r', 0o600);
    } catch (error) {
      throw unusable(path, error);
    }
    const manifest = new ManifestFile(options.foreign ?? path, fd);
    try {
      await manifest.#scan(options);
      if (options.write) manifest.#handle = await open(path, APPEND, 0o600);
    } catch (error) {
      closeSync(fd);
      throw error instanceof BadLine ? error : unusable(path, error);
    }
    return manifest;
  }

  /** False once it has been closed: nothing can be read then. */
  get isOpen(): boolean {
    return this.#isOpen;
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
    return offset === undefined ? undefined : this.#readAt(id, offset);
  }

  /** The records that hold, in the order in which their ids first appear. */
  *records(): Generator<FileRecord> {
    for (const [id, offset] of this.#offsets) yield this.#readAt(id, offset);
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
    this.#isOpen = false;
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
        // Not by a thread of the pool: waking one costs more than the copy to the page cache that this is.
        appendFileSync(this.#fd, [...this.#leaving.values()].join(''));
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

  async #scan(options: OpenOptions): Promise<void> {
    const size = fstatSync(this.#fd).size;
    const chunk = Buffer.allocUnsafe(SCAN_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    let lineStart = 0;
    let line = 0;
    for (let at = 0; at < size; ) {
      const bytes = readSync(this.#fd, chunk, 0, SCAN_BYTES, at);
      if (bytes === 0) break;
      at += bytes;
      const read = chunk.subarray(0, bytes);
      if (rest.length > MAX_LINE_BYTES && !read.includes(NEWLINE)) continue;
      const text: Buffer = Buffer.concat([rest, read]);
      // Bytes of this line that were not kept: it is too long anyway.
      let missing = at - bytes - lineStart - rest.length;
      let from = 0;
      for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, from)) {
        line += 1;
        const id = options.checked ? idIn(text, from, end) : null;
        if (id === null) this.#index(text.subarray(from, end), lineStart, line, options.reject);
        else this.#offsets.set(id, lineStart);
        lineStart += missing + end + 1 - from;
        missing = 0;
        from = end + 1;
      }
      rest = cutLine(text.subarray(from));
      // Files that are on their way at the same time must not stand still for a large manifest.
      if (at < size) await nextTurn();
    }
    this.#size = size;
    if (rest.length > 0) this.#endWithoutNewline(rest, lineStart, line + 1, options);
  }

  #index(bytes: Buffer, offset: number, line: number, reject: OpenOptions['reject']): void {
    try {
      const text = textOf(bytes, this.path, line);
      if (text.trim() !== '') this.#offsets.set(recordOf(text, this.path, line).id, offset);
    } catch (error) {
      if (!(error instanceof BadLine && reject)) throw error;
      reject(bytes.toString('utf8'), error);
    }
  }

  /** A line that is whole and merely lacks its newline is a person's editor; any other is a write that was cut short. */
  #endWithoutNewline(bytes: Buffer, offset: number, line: number, options: OpenOptions): void {
    const { write, warn, reject, foreign } = options;
    if (foreign || bytes.length > MAX_LINE_BYTES || !isTorn(bytes.toString('utf8'))) {
      this.#index(bytes, offset, line, reject);
      this.#needsNewline = true;
      return;
    }
    warn(
      `${this.path}: line ${line}, the last one, is incomplete (an earlier run was cut off while writing it). It is ${write ? 'cut off' : 'left out'}; its file is worked on again.`,
    );
    if (!write) return;
    ftruncateSync(this.#fd, offset);
    this.#blocks.forget();
    this.#size = offset;
  }

  /** The record has the very `id` that is given: a million files share one text of each id, whatever keeps it. */
  #readAt(id: string, offset: number): FileRecord {
    // Its number may be another file's by now.
    if (!this.#isOpen) throw new Error(`${this.path} is closed`);
    const text = this.#waiting.get(offset) ?? this.#leaving.get(offset) ?? this.#blocks.lineAt(offset);
    const record = recordAgain(offset === 0 ? text.replace(/^\uFEFF/, '') : text, this.path);
    record.id = id;
    return record;
  }
}

const LINE_HEAD = Buffer.from('{"id":"');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The id at the head of a line, where `lineOf` puts it; null for a line that somebody else has written. */
function idIn(bytes: Buffer, from: number, end: number): string | null {
  const begin = from + LINE_HEAD.length;
  if (begin > end || bytes.compare(LINE_HEAD, 0, LINE_HEAD.length, from, begin) !== 0) return null;
  const quote = bytes.indexOf(QUOTE, begin);
  if (quote < 0 || quote >= end) return null;
  const id = bytes.subarray(begin, quote);
  return id.includes(BACKSLASH) ? null : id.toString('utf8');
}

/**
 * A record that was cut short begins with its brace and is no JSON; a power cut may have left zeros. Anything else has been
 * written by somebody else, and is not cut off.
 */
function isTorn(text: string): boolean {
  const bare = text.trim();
  if (!/^(?:\{|\0+$)/.test(bare)) return false;
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

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** The end of the run, for an error of the file system. */
export function unusable(path: string, error: unknown): RunError {
  if (error instanceof RunError) return error;
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
  // Linux refuses a link of another user in a folder like /tmp as forbidden.
  if (code === 'ELOOP' || (code === 'EACCES' && isLink(path))) {
    return new RunError(
      'manifest_is_link',
      `${path} is a symbolic link, and manifests are not written through links.`,
      'Name the file behind it, or remove the link; for standard output, use "--out -".',
      { cause: error },
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
