import { rmSync } from 'node:fs';
import { canContinue, type FileRecord } from '../../../stages/record.ts';
import { foreignFile, textOfFile } from '../../config/files/foreign-file.ts';
import { appendPrivately } from '../../config/files/private-files.ts';

/**
 * The files whose media records are being created, saved before the request is sent. The file on disk exists while a
 * process links, and after one that was killed: then it is not known which of these media records exist.
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

  /** The record, marked if an earlier process was killed while it created the media records. */
  mark(record: FileRecord): FileRecord {
    const isMarked = this.#leftBehind.has(record.id) && canContinue(record) && record.url;
    return isMarked ? { ...record, linking: true } : record;
  }

  begin(records: readonly FileRecord[]): void {
    if (records.length === 0) return;
    for (const { id } of records) this.#open.add(id);
    appendPrivately(this.#path, records.map(({ id }) => `${JSON.stringify(id)}\n`).join(''));
  }

  /** The record now says which media records exist. */
  end(record: FileRecord): FileRecord {
    this.#open.delete(record.id);
    this.#unseen.delete(record.id);
    return record;
  }

  /** Call it when the manifest of link is on disk. The file is kept until all files of killed processes were seen. */
  close(): void {
    if (this.#open.size + this.#unseen.size === 0) rmSync(this.#path, { force: true });
  }
}

/** An incomplete last line belongs to a request that was not sent. Throws RunError for a file of another program. */
export function idsIn(path: string): string[] {
  const lines = (textOfFile(path) ?? '').split('\n').slice(0, -1);
  if (!lines.every(line => /^"[^"]+"$/.test(line))) throw foreignFile(path);
  return lines.map(line => JSON.parse(line) as string);
}
