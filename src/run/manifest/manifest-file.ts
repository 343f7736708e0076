/**
 * A manifest on disk: NDJSON, appended to while a stage runs; of several lines with one id the last one is valid.
 *
 * Only the offset of each id's last line is kept in memory. Lines are read back from disk on demand; stages ask more or
 * less in the order of the manifest, so one read serves many. New lines are written once per turn of the event loop, and
 * synced to disk at most once a second: a power cut costs no more than that.
 */
import {
  appendFileSync,
  closeSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  read,
  readSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { FileRecord } from '../../../stages/record.ts';
import { isFileThere } from '../../config/files/foreign-file.ts';
import { makePrivateFolder, READ_AND_APPEND } from '../../config/files/private-files.ts';
import { type Line, linesOf, MAX_LINE_BYTES, NEWLINE, type Reject, recordOnLine } from './lines.ts';
import { manifestError } from './manifest-error.ts';
import { lineOf, parseKnownRecord } from './record-line.ts';

const SCAN_BYTES = 1024 * 1024;
const BLOCK_BYTES = 32 * 1024;
/** When this many bytes wait, they are written before the end of the turn. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;
const SYNC_EVERY_MS = 1000;

const sync = promisify(fdatasync);
const readAt = promisify(read);

export interface OpenOptions {
  /** Cut a torn last line off and append; otherwise the file is only read, and must exist. */
  write: boolean;
  /** `kind` is the same for all manifests. */
  warn: (message: string, kind?: string) => void;
  reject?: Reject | null;
  /** Name of a file of another program in messages; its incomplete last line is a bad line like any other. */
  foreign?: string;
  /** Records of other ids are checked like all, but not kept in memory. */
  takes?: (id: string) => boolean;
}

export class ManifestFile {
  readonly path: string;
  readonly #fd: number;
  /** Where the last line of each id starts, in the order in which the ids first appear. */
  readonly #offsets = new Map<string, number>();
  #size = 0;
  #needsNewline = false;
  #isOpen = true;
  /** The parts of the file that were read last, the latest first: there are two readers during a rescan. */
  readonly #blocks = [newBlock(), newBlock()];
  /** Lines that are not in the file yet, by their offsets. */
  readonly #unwritten = new Map<number, string>();
  #unwrittenBytes = 0;
  #hasUnsyncedLines = false;
  #failure: Error | null = null;
  #writeLater: NodeJS.Immediate | null = null;
  #syncLater: NodeJS.Timeout | null = null;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** Throws {@link BadLine} for the first line that is not a record (unless rejected), RunError if the disk refuses. */
  static async open(path: string, options: OpenOptions): Promise<ManifestFile> {
    let fd: number | null = null;
    try {
      isFileThere(path);
      if (options.write) makePrivateFolder(dirname(path));
      fd = openSync(path, options.write ? READ_AND_APPEND : 'r', 0o600);
      const manifest = new ManifestFile(options.foreign ?? path, fd);
      await manifest.#scan(options);
      return manifest;
    } catch (error) {
      if (fd !== null) closeSync(fd);
      throw manifestError(path, error);
    }
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  has(id: string): boolean {
    return this.#offsets.has(id);
  }

  /** The valid record of an id, each time a new object; undefined if the manifest has none. */
  last(id: string): FileRecord | undefined {
    const offset = this.#offsets.get(id);
    return offset === undefined ? undefined : this.#readAt(id, offset);
  }

  /** The valid records, in the order in which their ids first appear. */
  *records(): Generator<FileRecord> {
    for (const [id, offset] of this.#offsets) yield this.#readAt(id, offset);
  }

  /** Throws RunError if the disk has refused earlier lines. */
  append(record: FileRecord): void {
    if (!this.#isOpen) throw new Error(`${this.path} is closed`);
    if (this.#failure) throw this.#failure;
    const offset = this.#size + Number(this.#needsNewline);
    const line = (this.#needsNewline ? '\n' : '') + lineOf(record);
    const bytes = Buffer.byteLength(line);
    this.#needsNewline = false;
    this.#offsets.set(record.id, offset);
    this.#size += bytes;
    this.#unwritten.set(offset, line);
    this.#unwrittenBytes += bytes;
    this.#writeLater ??= setImmediate(() => this.#write());
    if (this.#unwrittenBytes > MAX_UNWRITTEN_BYTES) this.#write();
  }

  /** Resolves when every appended line is on disk. Throws RunError if the disk refuses. */
  async flush(): Promise<void> {
    this.#write();
    if (this.#hasUnsyncedLines) await this.#sync();
    if (this.#failure) throw this.#failure;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    try {
      await this.flush();
    } finally {
      closeSync(this.#fd);
    }
  }

  #write(): void {
    clearImmediate(this.#writeLater ?? undefined);
    this.#writeLater = null;
    // After a failure, lines stay here to be read back.
    if (this.#failure || this.#unwritten.size === 0) return;
    try {
      // Synchronous: this only copies to the page cache, and waking a pool thread would cost more.
      appendFileSync(this.#fd, [...this.#unwritten.values()].join(''));
    } catch (error) {
      this.#failure = manifestError(this.path, error);
      return;
    }
    this.#unwritten.clear();
    this.#unwrittenBytes = 0;
    this.#hasUnsyncedLines = true;
    this.#syncLater ??= setTimeout(() => void this.#sync(), SYNC_EVERY_MS).unref();
  }

  async #sync(): Promise<void> {
    clearTimeout(this.#syncLater ?? undefined);
    this.#syncLater = null;
    this.#hasUnsyncedLines = false;
    await sync(this.#fd).catch(error => {
      this.#failure ??= manifestError(this.path, error);
    });
  }

  async #scan(options: OpenOptions): Promise<void> {
    const { reject, takes } = options;
    for await (const lines of linesOf(chunksOf(this.#fd))) {
      for (const line of lines) {
        if (!line.isComplete && this.#isCutOff(line, options)) continue;
        const id = recordOnLine(line, this.path, reject)?.id;
        if (id && (takes?.(id) ?? true)) this.#offsets.set(id, line.offset);
        this.#needsNewline = !line.isComplete;
      }
    }
    this.#size = fstatSync(this.#fd).size;
  }

  /** A complete line without its newline comes from an editor; any other is a write that was cut short. */
  #isCutOff({ bytes, offset, number }: Line, { write, warn, foreign }: OpenOptions): boolean {
    if (foreign || bytes.length > MAX_LINE_BYTES || !isTorn(bytes.toString('utf8'))) return false;
    warn(
      `${this.path}: line ${number}, the last one, is incomplete (an earlier run was cut off while writing it). It is ${write ? 'cut off' : 'left out'}; that file will be processed again.`,
      'incomplete_line',
    );
    if (write) ftruncateSync(this.#fd, offset);
    return true;
  }

  /** The record gets the given `id`, so that there is one string per file in memory. */
  #readAt(id: string, offset: number): FileRecord {
    // The descriptor may belong to another file by now.
    if (!this.#isOpen) throw new Error(`${this.path} is closed`);
    const text = this.#unwritten.get(offset) ?? this.#lineAt(offset);
    const record = parseKnownRecord(offset === 0 ? text.replace(/^\uFEFF/, '') : text, this.path);
    record.id = id;
    return record;
  }

  /** The text from `offset` to the next newline or the end of the file. */
  #lineAt(offset: number): string {
    for (const { start, bytes } of this.#blocks) {
      const end = offset < start ? -1 : bytes.indexOf(NEWLINE, offset - start);
      if (end >= 0) return bytes.toString('utf8', offset - start, end);
    }
    const { buffer } = this.#blocks.pop()!;
    for (let size = BLOCK_BYTES; ; size *= 2) {
      const room = size === BLOCK_BYTES ? buffer : Buffer.allocUnsafe(size);
      const read = room.subarray(0, readSync(this.#fd, room, 0, size, offset));
      const length = read.indexOf(NEWLINE);
      if (length >= 0 || read.length < size) {
        this.#blocks.unshift({
          start: offset,
          bytes: size === BLOCK_BYTES ? read : read.subarray(0, 0),
          buffer,
        });
        return read.toString('utf8', 0, length < 0 ? read.length : length);
      }
    }
  }
}

function newBlock(): { start: number; bytes: Buffer; buffer: Buffer } {
  return { start: 0, bytes: Buffer.alloc(0), buffer: Buffer.allocUnsafeSlow(BLOCK_BYTES) };
}

/**
 * Whether a last line was cut short: it starts with a brace and is not JSON, or a power cut has left zeros. Anything else
 * was written by another program, and is not cut off.
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

/** The bytes of a file. A stream that is left early would close it, perhaps when its number is that of another file. */
async function* chunksOf(fd: number): AsyncGenerator<Buffer> {
  for (let at = 0, bytesRead = 1; bytesRead > 0; at += bytesRead) {
    const chunk = Buffer.allocUnsafe(SCAN_BYTES);
    ({ bytesRead } = await readAt(fd, chunk, 0, SCAN_BYTES, at));
    if (bytesRead > 0) yield chunk.subarray(0, bytesRead);
  }
}
