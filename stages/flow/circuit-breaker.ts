import { type FileError, RunError } from '../errors.ts';

/** When this many files in a row have failed after all retries, the problem is not the single file. */
const FILES_OF_AN_OUTAGE = 20;
/** A permanent refusal is not retried, so fewer files are enough. */
const FILES_OF_A_REFUSAL = 5;
const FILES_OF_AN_UNCERTAIN_REFUSAL = 20;

/**
 * Stops a run in which no file succeeds any more, so that a dead network or a bucket that refuses everything does not
 * mark a whole folder as failed. Errors of single files do not stop it.
 */
export class CircuitBreaker {
  #unreachable = 0;
  #refused: { reason: string; files: Set<string> } = { reason: '', files: new Set() };

  succeeded(): void {
    this.#unreachable = 0;
    this.#refused.files.clear();
  }

  /** Returns the error that stops the run, or null if it should continue. */
  failed(fileId: string, { everyFile, unreachable, message }: FileError): RunError | null {
    this.#unreachable = unreachable ? this.#unreachable + 1 : 0;
    if (this.#unreachable >= FILES_OF_AN_OUTAGE) return outage(message);
    if (!everyFile) return null;
    if (this.#refused.reason !== everyFile.reason) {
      this.#refused = { reason: everyFile.reason, files: new Set() };
    }
    this.#refused.files.add(fileId);
    const enough = everyFile.isUncertain ? FILES_OF_AN_UNCERTAIN_REFUSAL : FILES_OF_A_REFUSAL;
    return this.#refused.files.size >= enough ? refusal(enough, message, everyFile.remedy) : null;
  }
}

function outage(lastMessage: string): RunError {
  return new RunError(
    'outage',
    `${FILES_OF_AN_OUTAGE} files in a row could not be transferred, the last one because: ${lastMessage}`,
    'Check the network connection, then run "migrator resume".',
  );
}

function refusal(files: number, lastMessage: string, remedy: string): RunError {
  return new RunError(
    'every_file_refused',
    `${files} files in a row were refused for the same reason, the last one: ${lastMessage}`,
    `${remedy} Then run "migrator resume": it tries these files again.`,
  );
}
