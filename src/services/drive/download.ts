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
const NO_LONGER_WANTED = new Error('the download was cancelled');

interface Source {
  http: DriveHttp;
  apiUrl: string;
  /** Sends a query to Drive in its turn, with retries. */
  query: <T>(send: () => Promise<T>, signal: AbortSignal) => Promise<T>;
  /** Its `retries`: how often in a row a download may break without a byte between. */
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
    stop.abort(NO_LONGER_WANTED);
  };
  try {
    const revision = new Revision(record, source, stop.signal);
    const first = await revision.open(0);
    stream = byteStream(chunksOf(first, revision, record, source, stop.signal), BUFFER_BYTES, end);
    return stream;
  } catch (error) {
    end();
    throw signal?.aborted ? signal.reason : explained(error, record, source);
  }
}

async function* chunksOf(
  first: DriveResponse,
  revision: Revision,
  record: FileRecord,
  source: Source,
  stop: AbortSignal,
): AsyncGenerator<Buffer> {
  const size = record.size ?? null;
  let offset = 0;
  let breaks = 0;
  for (let response: DriveResponse | null = first; ; ) {
    try {
      response ??= await revision.open(offset);
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        offset += chunk.length;
        breaks = 0;
        source.onBytes(chunk.length);
        if (size !== null && offset > size) throw wrongSize(nameOf(record), size, offset);
        yield chunk;
      }
      if (size === null || offset >= size) return;
      // A proxy may end a body in good order although the connection to Drive broke.
      throw new Error(`it ended after ${offset} of ${size} bytes`);
    } catch (error) {
      breaks += 1;
      if (stop.aborted || offset === 0 || breaks > source.backoff.retries || !isTemporary(error))
        throw explained(error, record, source);
      source.backoff.onRetry?.({ error, waitMs: 0, throttled: false });
      response = null;
    }
  }
}

function isTemporary(error: unknown): boolean {
  return !(error instanceof FileError) && driveFault(error).kind === 'temporary';
}

function explained(error: unknown, record: FileRecord, { http }: Source): Error {
  return aboutFile(http.explain(error), nameOf(record));
}

/** The bytes of one file from any offset, always of the revision that the first request found. */
class Revision {
  readonly #record: FileRecord;
  readonly #source: Source;
  readonly #stop: AbortSignal;
  #marks: (string | null)[] = [];

  constructor(record: FileRecord, source: Source, stop: AbortSignal) {
    this.#record = record;
    this.#source = source;
    this.#stop = stop;
  }

  async open(offset: number): Promise<DriveResponse> {
    const { apiUrl, http, query } = this.#source;
    const request = {
      url: `${apiUrl}/drive/v3/files/${encodeURIComponent(toUSVString(this.#record.id))}?alt=media&supportsAllDrives=true`,
      headers: {
        'accept-encoding': 'identity',
        ...resourceKeysHeader(this.#record),
        ...(offset > 0 && { range: `bytes=${offset}-` }),
      },
      signal: this.#stop,
    };
    const response = await query(() => http.get(request), this.#stop).catch(error => {
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
    const marks = marksOf(response);
    if (offset === 0) this.#marks = marks;
    const start = /^bytes (\d+)-/.exec(headerOf(response, 'content-range') ?? '')?.[1];
    const isSame = this.#marks.every((mark, i) => mark === null || marks[i] === null || mark === marks[i]);
    return isSame && (offset === 0 || Number(start) === offset);
  }

  #tooShort(offset: number): FileError {
    const { size } = this.#record;
    return size == null || offset >= size
      ? this.#notResumed()
      : wrongSize(nameOf(this.#record), size, offset);
  }

  #notResumed(): FileError {
    return new FileError(
      'range_ignored',
      `${nameOf(this.#record)}: the download broke, and Drive does not continue it where it stopped.`,
      { retryable: true },
    );
  }
}

/** Size, etag and hash, as far as the response has them. */
function marksOf(response: DriveResponse): (string | null)[] {
  const size = /\/(\d+)$/.exec(headerOf(response, 'content-range') ?? '')?.[1];
  return [
    size ?? headerOf(response, 'content-length'),
    headerOf(response, 'etag'),
    headerOf(response, 'x-goog-hash'),
  ];
}
