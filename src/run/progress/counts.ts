import { type FileRecord, STATUSES, type Status } from '../../../stages/record.ts';
import type { Work } from './estimate.ts';

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
  readonly #byStatus = new Map<Status, Work>();
  total = 0;
  bytes = 0;

  add(record: FileRecord): void {
    const size = record.bytes ?? record.size ?? 0;
    this.total += 1;
    this.bytes += size;
    const { status, name, error } = record;
    const files = this.files(status) + 1;
    this.#byStatus.set(status, { files, bytes: this.bytesOf(status) + size });
    if (!error) return;
    const reason = this.#reasons.get(`${status} ${error.code}`);
    if (reason) reason.files += 1;
    else this.#reasons.set(`${status} ${error.code}`, { status, code: error.code, files: 1, example: name });
  }

  /** Reasons of a status, the most frequent first. */
  reasons(status: Status): Reason[] {
    return [...this.#reasons.values()]
      .filter(reason => reason.status === status)
      .sort((a, b) => b.files - a.files);
  }

  files(status: Status): number {
    return this.#byStatus.get(status)?.files ?? 0;
  }

  bytesOf(status: Status): number {
    return this.#byStatus.get(status)?.bytes ?? 0;
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
