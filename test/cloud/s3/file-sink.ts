/**
 * Writes a body to a new file with a bounded amount of it in memory.
 *
 * Up to one block is kept until the body is found right, and is then written in one go without Node's thread pool: handing
 * over to it four times for each small object costs more than the writing. Larger bodies go there block by block.
 */
import { closeSync, openSync, renameSync, rmSync, writev, writevSync } from 'node:fs';
import type { BodySink } from './body.ts';

const BLOCK = 1024 * 1024;

export class FileSink implements BodySink {
  readonly #incoming: string;
  readonly #accepted: string;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #file: number | null = null;
  #writing: Promise<void> | null = null;
  #error: Error | null = null;

  /** @param paths of new files in one file system: where bytes wait until they are found right, and where they go then */
  constructor(paths: { incoming: string; accepted: string }) {
    this.#incoming = paths.incoming;
    this.#accepted = paths.accepted;
  }

  write(content: Buffer): boolean {
    // After a fault of the disk the body is only read to its end; accept() tells of the fault.
    if (this.#error) return true;
    this.#chunks.push(content);
    this.#bytes += content.length;
    if (this.#bytes <= BLOCK) return true;
    if (this.#writing) return false;
    this.#flush();
    return true;
  }

  onDrain(resume: () => void): void {
    if (this.#writing) this.#writing.then(resume);
    else resume();
  }

  /** Resolves with the file's path when everything is in it. Rejects with what the file system said. */
  async accept(): Promise<string> {
    if (this.#file === null && !this.#error) {
      this.#file = openSync(this.#accepted, 'wx');
      checkWritten(writevSync(this.#file, this.#chunks), this.#bytes);
    } else {
      await this.#writing;
      if (this.#bytes > 0 && !this.#error) {
        this.#flush();
        await this.#writing;
      }
      if (this.#error) throw this.#error;
      renameSync(this.#incoming, this.#accepted);
    }
    this.#close();
    return this.#accepted;
  }

  /** Gives the file up. */
  async discard(): Promise<void> {
    await this.#writing;
    this.#close();
    rmSync(this.#incoming, { force: true });
    rmSync(this.#accepted, { force: true });
  }

  #flush(): void {
    const chunks = this.#chunks;
    const bytes = this.#bytes;
    this.#chunks = [];
    this.#bytes = 0;
    this.#writing = new Promise(resolve => {
      const settle = (error: Error | null) => {
        this.#error = error;
        this.#writing = null;
        resolve();
      };
      try {
        this.#file ??= openSync(this.#incoming, 'wx');
        writev(this.#file, chunks, (error, written) => {
          try {
            if (!error) checkWritten(written, bytes);
            settle(error);
          } catch (short) {
            settle(short as Error);
          }
        });
      } catch (error) {
        queueMicrotask(() => settle(error as Error));
      }
    });
  }

  #close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

function checkWritten(written: number, bytes: number): void {
  if (written !== bytes)
    throw new Error(`only ${written} of ${bytes} bytes could be written: is the disk full?`);
}
