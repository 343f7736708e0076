/**
 * One file from Drive as one Node stream. A download that breaks continues by Range inside the same stream, so whoever
 * reads it does not notice. A file that has not the size that Drive listed fails.
 */
import { Readable } from 'node:stream';
import { wrongSize } from '../wrong-bytes.ts';
import { BUFFER_BYTES, type DriveResponse } from './http.ts';

/** One for all: the default reason takes a stack trace for each file. */
const NO_LONGER_WANTED = new Error('the download was cancelled');

export interface FileSource {
  /** How messages name the file. */
  fileName: string;
  /** Bytes that the file has; null if nobody knows. */
  size: number | null;
  /** Opens the body at an offset. */
  open(offset: number, signal: AbortSignal): Promise<DriveResponse>;
  /** Told how many bytes arrived. */
  onBytes: (count: number) => void;
  /** True if a download that broke with this error may continue. `breaks`: how often in a row, without a byte between. */
  mayContinue(error: unknown, breaks: number): boolean;
  /** The error that the reader gets. */
  explain(error: unknown): Error;
  signal?: AbortSignal;
}

export class FileDownload extends Readable {
  readonly #source: FileSource;
  /** Aborts when the download was cancelled: requests and waits between them end. */
  readonly #unwanted = new AbortController();
  #body: Readable | null = null;
  #isWanted = false;
  #offset = 0;
  #breaks = 0;

  private constructor(source: FileSource) {
    super({ highWaterMark: BUFFER_BYTES });
    this.#source = source;
    const { signal } = source;
    const giveUp = () => this.destroy(signal!.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    this.once('close', () => signal?.removeEventListener('abort', giveUp));
  }

  /** Resolves when the response starts. Throws what `source.explain` makes of an error. */
  static async open(source: FileSource): Promise<FileDownload> {
    source.signal?.throwIfAborted();
    const download = new FileDownload(source);
    // The caller gets the error from this promise; the stream has no reader yet.
    download.once('error', () => {});
    try {
      download.#attach(await source.open(0, download.#unwanted.signal));
      return download;
    } catch (error) {
      download.destroy();
      throw source.signal?.aborted ? source.signal.reason : source.explain(error);
    }
  }

  override _read(): void {
    this.#isWanted = true;
    this.#take();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.readableEnded) this.#unwanted.abort(NO_LONGER_WANTED);
    this.#body?.destroy();
    done(error);
  }

  #attach({ body }: DriveResponse): void {
    if (this.destroyed) {
      body.on('error', () => {}).destroy();
      return;
    }
    this.#body = body;
    body.on('readable', () => this.#take());
    body.once('end', () => this.#end());
    body.on('error', error => void this.#continueAfter(error, body));
    this.#take();
  }

  /** All that lies ready, in one piece. */
  #take(): void {
    if (!this.#isWanted || this.destroyed) return;
    const chunk: Buffer | null = this.#body?.read() ?? null;
    if (chunk === null) return;
    this.#isWanted = false;
    this.#offset += chunk.length;
    this.#breaks = 0;
    const { size, fileName, onBytes } = this.#source;
    onBytes(chunk.length);
    if (size !== null && this.#offset > size) this.destroy(wrongSize(fileName, size, this.#offset));
    else this.push(chunk);
  }

  #end(): void {
    const { size } = this.#source;
    // A proxy may end a body in good order although the connection to Drive broke.
    if (size !== null && this.#offset < size)
      void this.#continueAfter(new Error(`it ended after ${this.#offset} of ${size} bytes`), this.#body);
    else this.push(null);
  }

  async #continueAfter(error: unknown, broken: Readable | null): Promise<void> {
    if (this.destroyed || broken !== this.#body) return;
    this.#body = null;
    broken?.destroy();
    let failure = error;
    for (;;) {
      this.#breaks += 1;
      if (this.#offset === 0 || !this.#source.mayContinue(failure, this.#breaks)) {
        this.destroy(this.#source.explain(failure));
        return;
      }
      try {
        this.#attach(await this.#source.open(this.#offset, this.#unwanted.signal));
        return;
      } catch (next) {
        if (this.destroyed) return;
        failure = next;
      }
    }
  }
}
