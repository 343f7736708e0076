/**
 * A manifest on disk: NDJSON, appended to while a stage runs; of several lines with one id the last one is valid.
 *
 * Only the place of each id's last line is kept in memory. Lines are read back from disk on demand; stages ask more or
 * less in the order of the manifest, so one read serves many.
 */
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FileRecord } from '../../../stages/record.ts';
import { isFileThere } from '../../config/files/foreign-file.ts';
import { makePrivateFolder } from '../../config/files/private-folder.ts';
import { READ_AND_APPEND } from '../../config/files/replace-file.ts';
import { Appender } from './appender.ts';
import { BlockReader } from './block-reader.ts';
import { MAX_LINE_BYTES, textOf } from './line-text.ts';
import { unusable } from './manifest-error.ts';
import { BadLine, lineOf, recordAgain, recordOf } from './record-line.ts';
import { idIn, isTorn, scanLines } from './scan-lines.ts';

export interface OpenOptions {
  /** Cut a torn last line off and append; otherwise the file is only read, and must exist. */
  write: boolean;
  warn: (message: string) => void;
  reject?: ((line: string, reason: BadLine) => void) | null;
  /** Name of a file of another program in messages; its incomplete last line is a bad line like any other. */
  foreign?: string;
  /** This process has checked every line before: of most lines only the id is read. */
  checked?: boolean;
  /** Records of other ids are checked like all, but not kept in memory. */
  takes?: (id: string) => boolean;
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

  #appender: Appender | null = null;

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
      if (options.write) manifest.#appender = await Appender.open(path, fd);
    } catch (error) {
      closeSync(fd);
      throw unusable(path, error);
    }
    return manifest;
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

  /** Appends a record; resolves when it is safe to hand over the next one. Throws RunError if the disk refuses. */
  append(record: FileRecord): Promise<void> | void {
    const line = (this.#needsNewline ? '\n' : '') + lineOf(record);
    const offset = this.#size + Number(this.#needsNewline);
    const waiting = this.#appender!.append(line, offset);
    this.#needsNewline = false;
    this.#offsets.set(record.id, offset);
    this.#size += Buffer.byteLength(line);
    return waiting;
  }

  /** Resolves when every appended line is on disk. Throws RunError if the disk refuses. */
  async flush(): Promise<void> {
    await this.#appender?.flush();
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    try {
      await this.#appender?.close();
    } finally {
      closeSync(this.#fd);
    }
  }

  async #scan(options: OpenOptions): Promise<void> {
    const { takes } = options;
    const { bytes, offset, line, size } = await scanLines(this.#fd, (bytes, offset, line) => {
      const id = options.checked ? idIn(bytes) : null;
      if (id === null) this.#index(bytes, offset, line, options);
      else if (takes?.(id) ?? true) this.#offsets.set(id, offset);
    });
    this.#size = size;
    if (bytes.length > 0) this.#endWithoutNewline(bytes, offset, line, options);
  }

  #index(bytes: Buffer, offset: number, line: number, { reject, takes }: OpenOptions): void {
    try {
      const text = textOf(bytes, this.path, line);
      if (text.trim() === '') return;
      const { id } = recordOf(text, this.path, line);
      if (takes?.(id) ?? true) this.#offsets.set(id, offset);
    } catch (error) {
      if (!(error instanceof BadLine && reject)) throw error;
      reject(bytes.toString('utf8'), error);
    }
  }

  /** A complete line without its newline comes from an editor; any other is a write that was cut short. */
  #endWithoutNewline(bytes: Buffer, offset: number, line: number, options: OpenOptions): void {
    const { write, warn, foreign } = options;
    if (foreign || bytes.length > MAX_LINE_BYTES || !isTorn(bytes.toString('utf8'))) {
      this.#index(bytes, offset, line, options);
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

  /** The record gets the given `id`, so that there is one string per file in memory. */
  #readAt(id: string, offset: number): FileRecord {
    // The descriptor may belong to another file by now.
    if (!this.#isOpen) throw new Error(`${this.path} is closed`);
    const text = this.#appender?.lineAt(offset) ?? this.#blocks.lineAt(offset);
    const record = recordAgain(offset === 0 ? text.replace(/^\uFEFF/, '') : text, this.path);
    record.id = id;
    return record;
  }
}
