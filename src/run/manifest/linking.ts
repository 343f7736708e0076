import { rmSync } from 'node:fs';
import { type FileRecord, isOnTheWay } from '../../../stages/record.ts';
import { foreignFile, textOfFile } from '../../config/files/foreign-file.ts';
import { appendPrivately } from '../../config/files/replace-file.ts';

/**
 * The files whose media records are being created, written down before the request is sent. The file exists only while
 * a process links, and after one that broke off: then nobody knows which of these media records exist.
 */
export class LinkingFile {
  readonly #path: string;
  readonly #leftBehind: ReadonlySet<string>;
  readonly #open = new Set<string>();
  readonly #unseen: Set<string>;

  /** `foreign`: those of other processes, which are only read. */
  constructor(path: string, foreign: readonly string[] = []) {
    this.#path = path;
    this.#unseen = new Set(idsIn(path));
    this.#leftBehind = new Set([...this.#unseen, ...foreign.flatMap(idsIn)]);
  }

  /** The record, marked if an earlier process broke off while it created the media records. */
  mark(record: FileRecord): FileRecord {
    const isMarked = this.#leftBehind.has(record.id) && isOnTheWay(record) && record.url;
    return isMarked ? { ...record, linking: true } : record;
  }

  begin(records: readonly FileRecord[]): void {
    if (records.length === 0) return;
    for (const { id } of records) this.#open.add(id);
    appendPrivately(this.#path, records.map(({ id }) => `${JSON.stringify(id)}\n`).join(''));
  }

  /** What came of it is in the record. */
  end(record: FileRecord): FileRecord {
    this.#open.delete(record.id);
    this.#unseen.delete(record.id);
    return record;
  }

  /** To be called when the manifest of link is on disk; what was left behind is kept until all of it has been seen. */
  close(): void {
    if (this.#open.size + this.#unseen.size === 0) rmSync(this.#path, { force: true });
  }
}

/** A torn last line is of a request that was not sent. Throws RunError for a file that is something else. */
export function idsIn(path: string): string[] {
  const lines = (textOfFile(path) ?? '').split('\n').slice(0, -1);
  if (!lines.every(line => /^"[^"]+"$/.test(line))) throw foreignFile(path);
  return lines.map(line => JSON.parse(line) as string);
}
