/**
 * One file from Drive as one Node stream. A download that breaks continues by Range inside the same stream, so whoever
 * reads it does not notice.
 */
import { Readable } from 'node:stream';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { DriveRefusal } from './errors.ts';
import { redirectTarget } from './redirect.ts';

/** Error bodies are small; whatever is longer is not Google's. */
const MAX_ERROR_BODY = 64 * 1024;
const MAX_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 15_000;
/** What is buffered of one file here. TLS delivers 16 KiB at a time; larger pieces cost fewer writes to S3. */
const BUFFER_BYTES = 128 * 1024;

/** One for all: the default reason takes a stack trace for each file. */
const NO_LONGER_WANTED = new Error('the download was cancelled');

export type DownloadResponse = Pick<Dispatcher.ResponseData, 'headers' | 'body'>;

export interface DownloadRequest {
  url: string;
  headers: Record<string, string>;
  /** Headers that only Google may see: left out when a redirect leads to another origin. */
  signIn: Record<string, string>;
  signal?: AbortSignal;
}

/** GET requests for the bytes of files, over kept connections. */
export class Downloads {
  readonly #dispatcher: Dispatcher;
  readonly #stallMs: number;

  /** A connection on which no byte arrives for `stallMs`, while somebody waits for one, is given up. */
  constructor({ stallMs }: { stallMs: number }) {
    this.#stallMs = stallMs;
    this.#dispatcher = new EnvHttpProxyAgent({
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: stallMs,
      bodyTimeout: stallMs,
    });
  }

  /** Resolves when the body begins. Throws DriveRefusal for a status that is not 2xx, and network errors as they are. */
  async open({ url, headers, signIn, signal }: DownloadRequest): Promise<DownloadResponse> {
    let at = new URL(url);
    let sent = { ...headers, ...signIn };
    for (let redirects = 0; ; redirects += 1) {
      const response = await this.#get(at, sent, signal);
      const { statusCode: status, body } = response;
      if (status >= 200 && status < 300) return response;
      const location = headerOf(response, 'location');
      if (status < 300 || status >= 400 || !location || redirects === MAX_REDIRECTS)
        throw await refusal(response);
      await body.dump();
      const target = redirectTarget(at, location);
      if (target.origin !== at.origin) sent = headers;
      at = target;
    }
  }

  async #get(url: URL, headers: Record<string, string>, signal?: AbortSignal) {
    const dispatcher = this.#dispatcher;
    try {
      return await request(url, { dispatcher, headers, signal, highWaterMark: BUFFER_BYTES });
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** undici's timeouts in words that say which one it was. */
  explain(error: unknown): unknown {
    const { code } = error as { code?: unknown };
    if (code !== 'UND_ERR_HEADERS_TIMEOUT' && code !== 'UND_ERR_BODY_TIMEOUT') return error;
    return Object.assign(new Error(`no bytes came for ${this.#stallMs / 1000} s`, { cause: error }), {
      code: 'STALLED',
    });
  }

  close(): void {
    void this.#dispatcher.destroy();
  }
}

export function headerOf({ headers }: Pick<DownloadResponse, 'headers'>, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

async function refusal(response: Dispatcher.ResponseData): Promise<DriveRefusal> {
  let text = '';
  for await (const chunk of response.body) {
    text += (chunk as Buffer).toString();
    if (text.length > MAX_ERROR_BODY) break;
  }
  return new DriveRefusal(response.statusCode, text, headerOf(response, 'retry-after'));
}

export interface FileSource {
  /** Bytes that the file has; null if nobody knows. */
  size: number | null;
  /** Opens the body at an offset. */
  open(offset: number, signal: AbortSignal): Promise<DownloadResponse>;
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

  #attach({ body }: DownloadResponse): void {
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
    this.#source.onBytes(chunk.length);
    this.push(chunk);
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
