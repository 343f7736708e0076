import { toUSVString } from 'node:util';
import { FileError } from '../../../stages/errors.ts';
import { type DriveRef, type FileRecord, nameOf } from '../../../stages/record.ts';
import { type DownloadRequest, type DownloadResponse, type Downloads, headerOf } from './download.ts';
import type { DriveAuth } from './drive-auth.ts';
import { DriveRefusal } from './errors.ts';
import { resourceKeysHeader } from './resource-keys.ts';

interface Source {
  auth: DriveAuth;
  /** Root of the API, without a slash at the end. */
  apiUrl: string;
  downloads: Downloads;
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

  async open(offset: number, signal: AbortSignal): Promise<DownloadResponse> {
    const { apiUrl, query } = this.#source;
    const request = {
      url: `${apiUrl}/drive/v3/files/${encodeURIComponent(toUSVString(this.#record.id))}?alt=media&supportsAllDrives=true`,
      headers: { 'accept-encoding': 'identity', ...(offset > 0 && { range: `bytes=${offset}-` }) },
      signal,
    };
    const response = await query(() => this.#openSignedIn(request, this.#record), signal).catch(error => {
      // 416: the file has become shorter than what has arrived of it.
      const isShorter = offset > 0 && error instanceof DriveRefusal && error.status === 416;
      throw isShorter ? this.#notResumed(error) : error;
    });
    if (this.#continues(response, offset)) return response;
    response.body.destroy();
    throw this.#notResumed();
  }

  /** Whether the response begins at the offset, and is of the same revision. */
  #continues(response: DownloadResponse, offset: number): boolean {
    const revision = revisionOf(response);
    if (offset === 0) this.#revision = revision;
    const start = /^bytes (\d+)-/.exec(headerOf(response, 'content-range') ?? '')?.[1];
    return (offset === 0 || Number(start) === offset) && isSameRevision(this.#revision, revision);
  }

  /** A refused token is renewed once; Google's client does the same for queries. */
  async #openSignedIn(request: Omit<DownloadRequest, 'signIn'>, file: DriveRef): Promise<DownloadResponse> {
    const { auth, downloads } = this.#source;
    const open = (signIn: Record<string, string>) =>
      downloads.open({ ...request, signIn: { ...resourceKeysHeader(file), ...signIn } });
    const signIn = await auth.headers();
    try {
      return await open(signIn);
    } catch (error) {
      if (!(error instanceof DriveRefusal && error.status === 401)) throw error;
      return open(await auth.renewed(signIn));
    }
  }

  #notResumed(cause?: unknown): FileError {
    return new FileError(
      'range_ignored',
      `${nameOf(this.#record)}: the download broke, and Drive does not continue it where it stopped.`,
      { retryable: true, cause },
    );
  }
}

/** Size, etag and hash, as far as the response has them. */
function revisionOf(response: DownloadResponse): (string | null)[] {
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
