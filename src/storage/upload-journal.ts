/**
 * Multipart uploads that have begun and not ended, on disk: S3 keeps the parts of those that a crash interrupts, and
 * Amplify's policy does not let us ask S3 which these are.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { RunError } from '../../stages/errors.ts';
import { makePrivateFolder } from '../private-folder.ts';
import type { UploadJournal } from './multipart.ts';

export interface OpenUpload {
  key: string;
  uploadId: string;
}

/** A journal in a file, one JSON object a line. Lines that a crash cut short are passed over. Throws RunError if the disk refuses. */
export class JournalFile implements UploadJournal {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  begun(key: string, uploadId: string): void {
    this.#append({ key, uploadId });
  }

  ended(uploadId: string): void {
    this.#append({ uploadId, ended: true });
  }

  /** What earlier processes have begun and not ended. */
  open(): OpenUpload[] {
    if (!existsSync(this.#path)) return [];
    const open = new Map<string, OpenUpload>();
    for (const line of readFileSync(this.#path, 'utf8').split('\n')) {
      const entry = entryOf(line);
      if (!entry) continue;
      if (entry.ended) open.delete(entry.uploadId);
      else open.set(entry.uploadId, { key: entry.key ?? '', uploadId: entry.uploadId });
    }
    return [...open.values()];
  }

  /** Forgets everything; when nothing is open. */
  clear(): void {
    rmSync(this.#path, { force: true });
  }

  #append(entry: Record<string, unknown>): void {
    try {
      makePrivateFolder(dirname(this.#path));
      // A line of its own also behind one that was cut short.
      appendFileSync(this.#path, `\n${JSON.stringify(entry)}\n`, { mode: 0o600 });
    } catch (error) {
      throw new RunError(
        'journal_unwritable',
        `${this.#path} cannot be written: ${(error as Error).message}.`,
        'Free some space, or check who owns the folder, then run "migrator resume".',
        { cause: error },
      );
    }
  }
}

function entryOf(line: string): { key?: string; uploadId: string; ended?: boolean } | null {
  try {
    const entry = JSON.parse(line) as { uploadId?: unknown };
    return typeof entry.uploadId === 'string' ? (entry as { uploadId: string }) : null;
  } catch {
    return null;
  }
}
