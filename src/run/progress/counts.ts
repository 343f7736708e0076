import { type FileRecord, STATUSES, type Status } from '../../../stages/record.ts';

/** Statuses after which a file needs a person or another run. */
export const UNFINISHED: readonly Status[] = ['failed', 'partial', 'needs_review', 'orphan'];

/** Why files of one status did not go on. */
export interface Reason {
  status: Status;
  code: string;
  files: number;
  /** Name of the first such file. */
  example: string;
}

export class Counts {
  readonly #reasons = new Map<string, Reason>();
  readonly #files = new Map<Status, number>();
  readonly #bytes = new Map<Status, number>();
  total = 0;
  bytes = 0;

  add(record: FileRecord): void {
    const size = record.bytes ?? record.size ?? 0;
    this.total += 1;
    this.bytes += size;
    this.#files.set(record.status, this.files(record.status) + 1);
    this.#bytes.set(record.status, this.bytesOf(record.status) + size);
    if (record.error) this.#addReason(record, record.error.code);
  }

  #addReason({ status, name }: FileRecord, code: string): void {
    const reason = this.#reasons.get(`${status} ${code}`);
    if (reason) reason.files += 1;
    else this.#reasons.set(`${status} ${code}`, { status, code, files: 1, example: name });
  }

  /** Reasons of a status, the most frequent first. */
  reasons(status: Status): Reason[] {
    return [...this.#reasons.values()]
      .filter(reason => reason.status === status)
      .sort((a, b) => b.files - a.files);
  }

  files(status: Status): number {
    return this.#files.get(status) ?? 0;
  }

  bytesOf(status: Status): number {
    return this.#bytes.get(status) ?? 0;
  }

  /** Count by status; statuses that no file has are absent. */
  summary(): Partial<Record<Status, number>> {
    return Object.fromEntries(
      STATUSES.filter(status => this.files(status) > 0).map(status => [status, this.files(status)]),
    );
  }

  /** True if some files need a person or another run; exit code 3. */
  get unfinished(): boolean {
    return UNFINISHED.some(status => this.files(status) > 0);
  }
}
