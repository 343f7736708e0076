/** One file from Drive as one stream. A download that breaks continues by Range inside it; a file of another size fails. */
import type { Readable } from 'node:stream';
import { toUSVString } from 'node:util';
import { FileError } from '../../../stages/errors.ts';
import { type FileRecord, nameOf } from '../../../stages/record.ts';
import type { Backoff } from '../../../stages/retry/backoff.ts';
import { byteStream } from '../byte-stream.ts';
import { wrongSize } from '../wrong-bytes.ts';
import { aboutFile, DriveRefusal, driveFault } from './errors.ts';
import { BUFFER_BYTES, type DriveHttp, type DriveResponse, headerOf } from './http.ts';
import { resourceKeysHeader } from './item.ts';

/** One for all: the default reason takes a stack trace for each file. */
const DOWNLOAD_CANCELLED = new Error('the download was cancelled');

interface Source {
  http: DriveHttp;
  apiUrl: string;
  /** Sends a query to Drive in its turn, with retries. */
  query: <T>(send: () => Promise<T>, signal: AbortSignal) => Promise<T>;
  /** `retries` is also how often in a row a download may break without a byte between. */
  backoff: Backoff;
  onBytes: (count: number) => void;
  signal?: AbortSignal;
}

/** Resolves when the response starts. Throws FileError or RunError, at the call or as the error of the stream. */
export async function openDownload(record: FileRecord, source: Source): Promise<Readable> {
  const { signal } = source;
  signal?.throwIfAborted();
  const stop = new AbortController();
  let stream: Readable | null = null;
  const giveUp = () => {
    stop.abort(signal!.reason);
    stream?.destroy(signal!.reason);
  };
  signal?.addEventListener('abort', giveUp, { once: true });
  const end = () => {
    signal?.removeEventListener('abort', giveUp);
    stop.abort(DOWNLOAD_CANCELLED);
  };
  const download = new Download(record, source, stop.signal);
  try {
    stream = byteStream(download.chunks(await download.open(0)), BUFFER_BYTES, end);
    return stream;
  } catch (error) {
    end();
    throw signal?.aborted ? signal.reason : download.explained(error);
  }
}

/** The bytes of one file, always of the revision that the first request found. */
class Download {
  readonly #record: FileRecord;
  readonly #source: Source;
  readonly #stop: AbortSignal;
  /** Size, etag and hash of the revision, as far as the first response has them. */
  #revision: (string | null)[] = [];

  constructor(record: FileRecord, source: Source, stop: AbortSignal) {
    this.#record = record;
    this.#source = source;
    this.#stop = stop;
  }

  async *chunks(first: DriveResponse): AsyncGenerator<Buffer> {
    const { onBytes, backoff } = this.#source;
    const size = this.#record.size ?? null;
    let offset = 0;
    let breaks = 0;
    for (let response: DriveResponse | null = first; ; ) {
      try {
        response ??= await this.open(offset);
        for await (const chunk of response.body as AsyncIterable<Buffer>) {
          offset += chunk.length;
          breaks = 0;
          onBytes(chunk.length);
          if (size !== null && offset > size) throw wrongSize(nameOf(this.#record), size, offset);
          yield chunk;
        }
        if (size === null || offset >= size) return;
        // A proxy may end a body in good order although the connection to Drive broke.
        throw new Error(`it ended after ${offset} of ${size} bytes`);
      } catch (error) {
        breaks += 1;
        const isTemporary = !(error instanceof FileError) && driveFault(error).kind === 'temporary';
        if (this.#stop.aborted || offset === 0 || breaks > backoff.retries || !isTemporary)
          throw this.explained(error);
        backoff.onRetry?.({ error, waitMs: 0, throttled: false });
        response = null;
      }
    }
  }

  explained(error: unknown): Error {
    return aboutFile(this.#source.http.explain(error), nameOf(this.#record));
  }

  async open(offset: number): Promise<DriveResponse> {
    const { apiUrl, http, query } = this.#source;
    const id = encodeURIComponent(toUSVString(this.#record.id));
    const url = `${apiUrl}/drive/v3/files/${id}?alt=media&supportsAllDrives=true`;
    const headers = {
      'accept-encoding': 'identity',
      ...resourceKeysHeader(this.#record),
      ...(offset > 0 && { range: `bytes=${offset}-` }),
    };
    const response = await query(() => http.get(url, headers, this.#stop), this.#stop).catch(error => {
      // 416: in Drive the file ends here, or even earlier.
      const isShorter = offset > 0 && error instanceof DriveRefusal && error.status === 416;
      throw isShorter ? this.#tooShort(offset) : error;
    });
    if (this.#continues(response, offset)) return response;
    response.body.destroy();
    throw this.#notResumed();
  }

  /** Whether the response begins at the offset, and is of the same revision. */
  #continues(response: DriveResponse, offset: number): boolean {
    const range = headerOf(response, 'content-range') ?? '';
    const [, start, size] = /^bytes (\d+)-[^/]*(?:\/(\d+))?/.exec(range) ?? [];
    const revision = [
      size ?? headerOf(response, 'content-length'),
      headerOf(response, 'etag'),
      headerOf(response, 'x-goog-hash'),
    ];
    if (offset === 0) this.#revision = revision;
    const isSame = this.#revision.every(
      (value, i) => value === null || revision[i] === null || value === revision[i],
    );
    return isSame && (offset === 0 || Number(start) === offset);
  }

  #tooShort(offset: number): FileError {
    const { size } = this.#record;
    const isEnd = size == null || offset >= size;
    return isEnd ? this.#notResumed() : wrongSize(nameOf(this.#record), size, offset);
  }

  #notResumed(): FileError {
    const what = 'the download broke, and Drive does not continue it where it stopped.';
    return new FileError('range_ignored', `${nameOf(this.#record)}: ${what}`, { retryable: true });
  }
}
