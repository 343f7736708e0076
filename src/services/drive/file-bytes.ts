import { toUSVString } from 'node:util';
import { FileError } from '../../../stages/errors.ts';
import { type FileRecord, nameOf } from '../../../stages/record.ts';
import { wrongSize } from '../wrong-bytes.ts';
import { DriveRefusal } from './errors.ts';
import { type DriveHttp, type DriveResponse, headerOf } from './http.ts';
import { resourceKeysHeader } from './resource-keys.ts';

interface Source {
  http: DriveHttp;
  /** Root of the API, without a slash at the end. */
  apiUrl: string;
  /** Sends a query to Drive in its turn, with retries. */
  query: <T>(send: () => Promise<T>, signal?: AbortSignal) => Promise<T>;
}

/** The bytes of one file from any offset, always of the revision that the first request found. */
export class FileBytes {
  readonly #record: FileRecord;
  readonly #source: Source;
  #revision: (string | null)[] = [];

  constructor(record: FileRecord, source: Source) {
    this.#record = record;
    this.#source = source;
  }

  async open(offset: number, signal: AbortSignal): Promise<DriveResponse> {
    const { apiUrl, http, query } = this.#source;
    const request = {
      url: `${apiUrl}/drive/v3/files/${encodeURIComponent(toUSVString(this.#record.id))}?alt=media&supportsAllDrives=true`,
      headers: {
        'accept-encoding': 'identity',
        ...resourceKeysHeader(this.#record),
        ...(offset > 0 && { range: `bytes=${offset}-` }),
      },
      signal,
    };
    const response = await query(() => http.get(request), signal).catch(error => {
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
    const revision = revisionOf(response);
    if (offset === 0) this.#revision = revision;
    const start = /^bytes (\d+)-/.exec(headerOf(response, 'content-range') ?? '')?.[1];
    return (offset === 0 || Number(start) === offset) && isSameRevision(this.#revision, revision);
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
function revisionOf(response: DriveResponse): (string | null)[] {
  const size = /\/(\d+)$/.exec(headerOf(response, 'content-range') ?? '')?.[1];
  return [
    size ?? headerOf(response, 'content-length'),
    headerOf(response, 'etag'),
    headerOf(response, 'x-goog-hash'),
  ];
}

function isSameRevision(a: (string | null)[], b: (string | null)[]): boolean {
  return a.every((mark, index) => mark === null || b[index] === null || mark === b[index]);
}
