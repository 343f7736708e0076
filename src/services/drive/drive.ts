/**
 * Google Drive v3 as the stages need it: folders through Google's own client, bytes through `download.ts`. Everything
 * that goes to Drive shares one query rate, downloads included.
 */
import type { Readable } from 'node:stream';
import type { drive_v3 } from '@googleapis/drive';
import { FileError, type RunError } from '../../../stages/errors.ts';
import { type DriveFolders, type DriveItem, INCOMPLETE, UNREADABLE } from '../../../stages/list.ts';
import { type DriveRef, type FileRecord, FOLDER, nameOf } from '../../../stages/record.ts';
import { type Backoff, withRetries } from '../../../stages/retry/backoff.ts';
import type { MediaSource } from '../../../stages/transfer.ts';
import type { BandwidthLimit } from './bandwidth-limit.ts';
import {
  type DownloadRequest,
  type DownloadResponse,
  Downloads,
  FileDownload,
  headerOf,
} from './download.ts';
import type { DriveAuth } from './drive-auth.ts';
import { aboutFile, aboutListing, DriveRefusal, driveFault, driveRetryPolicy, isNotForUs } from './errors.ts';
import { QueryRate } from './query-rate.ts';
import { resourceKeysHeader } from './resource-keys.ts';

export interface DriveOptions {
  auth: DriveAuth;
  /** Root of the API, without a slash at the end; Google's is `https://www.googleapis.com`. */
  apiUrl: string;
  queriesPerSecond: number;
  /** For queries and broken downloads. */
  backoff: Backoff;
  /** A connection on which no byte moves for so long is given up. */
  stallTimeoutMs: number;
  /** Of the bytes of all files together; none when absent. */
  bandwidth?: BandwidthLimit;
  /** A query without an answer by then has failed; a minute when absent. */
  queryTimeoutMs?: number;
}

/** The largest page that Drive allows. */
const PAGE_SIZE = 1000;

const ITEM_FIELDS =
  'id,name,mimeType,size,md5Checksum,modifiedTime,parents,trashed,resourceKey,capabilities(canListChildren),' +
  'shortcutDetails(targetId,targetMimeType,targetResourceKey)';

/** How often a listing begins when its page tokens become invalid on the way. */
const LISTING_BEGINNINGS = 4;

const QUERY_TIMEOUT_MS = 60_000;

export class Drive implements DriveFolders, MediaSource {
  readonly #options: DriveOptions;
  readonly #api: drive_v3.Drive;
  readonly #rate: QueryRate;
  readonly #downloads: Downloads;

  private constructor(options: DriveOptions, api: drive_v3.Drive, rate: QueryRate) {
    this.#options = options;
    this.#api = api;
    this.#rate = rate;
    this.#downloads = new Downloads({ stallMs: options.stallTimeoutMs });
  }

  static async connect(options: DriveOptions): Promise<Drive> {
    const { drive } = await import('@googleapis/drive');
    const api = drive({
      version: 'v3',
      auth: options.auth,
      rootUrl: `${options.apiUrl.replace(/\/+$/, '')}/`,
      retry: false,
      timeout: options.queryTimeoutMs ?? QUERY_TIMEOUT_MS,
    });
    return new Drive(options, api, new QueryRate(options.queriesPerSecond));
  }

  close(): void {
    this.#downloads.close();
  }

  /** Queries that go out a second, at most, at the moment: fewer after Drive has said "too fast". */
  get queriesPerSecond(): number {
    return this.#rate.perSecond;
  }

  async *children(folders: DriveRef[]): AsyncGenerator<DriveItem[]> {
    const within = folders.map(({ id }) => `'${quoted(id)}' in parents`).join(' or ');
    const headers = resourceKeysHeader(...folders);
    let pageToken: string | undefined;
    let begun = 1;
    let isIncomplete = false;
    while (true) {
      const page = await this.#page(`(${within}) and trashed = false`, pageToken, headers);
      if (page === 'token refused') {
        if (begun === LISTING_BEGINNINGS) throw listingBroken();
        begun += 1;
        pageToken = undefined;
        continue;
      }
      isIncomplete ||= page.incompleteSearch === true;
      yield (page.files ?? []).map(itemOf);
      if (!page.nextPageToken) break;
      pageToken = page.nextPageToken;
    }
    if (isIncomplete) throw searchIncomplete();
  }

  async #page(
    q: string,
    pageToken: string | undefined,
    headers: Record<string, string>,
  ): Promise<drive_v3.Schema$FileList | 'token refused'> {
    try {
      return await this.#query(async () => {
        const { data } = await this.#api.files.list(
          {
            q,
            pageToken,
            pageSize: PAGE_SIZE,
            fields: `nextPageToken,incompleteSearch,files(${ITEM_FIELDS})`,
            spaces: 'drive',
            supportsAllDrives: true,
            includeItemsFromAllDrives: true,
          },
          { headers },
        );
        return understood(data);
      });
    } catch (error) {
      if (pageToken && isBadRequest(error)) return 'token refused';
      if (isNotForUs(error)) throw folderUnreadable(error);
      const wrong = aboutListing(error, 'list the folder');
      // It may be this one folder that makes Drive fail: whether it is, the listing finds out.
      const fails = error instanceof DriveRefusal && driveFault(error).kind === 'temporary';
      throw fails ? folderFails(error, wrong) : wrong;
    }
  }

  async item(ref: DriveRef): Promise<DriveItem | null> {
    try {
      return await this.#query(async () => {
        const { data } = await this.#api.files.get(
          { fileId: ref.id, fields: ITEM_FIELDS, supportsAllDrives: true },
          { headers: resourceKeysHeader(ref) },
        );
        return itemOf(understood(data));
      });
    } catch (error) {
      if (isNotForUs(error)) return null;
      throw aboutListing(error, `look at ${ref.id}`);
    }
  }

  /** The bytes of a file. Throws FileError or RunError, at the call or as the error of the stream. */
  async download(
    record: FileRecord,
    onBytes: (count: number) => void = () => {},
    signal?: AbortSignal,
  ): Promise<Readable> {
    const fileName = nameOf(record);
    const { retries } = this.#options.backoff;
    let revision: (string | null)[] = [];
    const download = await FileDownload.open({
      size: record.size ?? null,
      onBytes,
      signal,
      open: async (offset, signal) => {
        const response = await this.#openAt(record, offset, fileName, signal);
        const found = revisionOf(response);
        if (offset === 0) revision = found;
        if (isSameRevision(revision, found)) return response;
        response.body.destroy();
        throw notResumed(fileName);
      },
      mayContinue: (error, breaks) =>
        !(error instanceof FileError) && driveFault(error).kind === 'temporary' && breaks <= retries,
      explain: error => aboutFile(this.#downloads.explain(error), fileName),
    });
    return this.#options.bandwidth?.apply(download) ?? download;
  }

  async #openAt(
    file: DriveRef,
    offset: number,
    fileName: string,
    signal: AbortSignal,
  ): Promise<DownloadResponse> {
    const url = `${this.#options.apiUrl.replace(/\/+$/, '')}/drive/v3/files/${encodeURIComponent(file.id)}?alt=media&supportsAllDrives=true`;
    const headers = {
      'accept-encoding': 'identity',
      ...(offset > 0 && { range: `bytes=${offset}-` }),
    };
    const response = await this.#query(
      () => this.#openSignedIn({ url, headers, signal }, file),
      signal,
    ).catch(error => {
      // 416: the file has become shorter than what has arrived of it.
      throw offset > 0 && error instanceof DriveRefusal && error.status === 416
        ? notResumed(fileName, error)
        : error;
    });
    const start = /^bytes (\d+)-/.exec(headerOf(response, 'content-range') ?? '')?.[1];
    if (offset > 0 && Number(start) !== offset) {
      response.body.destroy();
      throw notResumed(fileName);
    }
    return response;
  }

  /** A token that is refused is renewed once; Google's client does the same for queries. */
  async #openSignedIn(request: Omit<DownloadRequest, 'signIn'>, file: DriveRef): Promise<DownloadResponse> {
    const { auth } = this.#options;
    const open = (signIn: Record<string, string>) =>
      this.#downloads.open({ ...request, signIn: { ...resourceKeysHeader(file), ...signIn } });
    const signIn = await auth.headers();
    try {
      return await open(signIn);
    } catch (error) {
      if (!(error instanceof DriveRefusal && error.status === 401)) throw error;
      return open(await auth.renewed(signIn));
    }
  }

  /** One query, in its turn, with its retries. */
  #query<T>(send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const attempt = async (): Promise<T> => {
      await this.#rate.turn();
      try {
        const answer = await send();
        this.#rate.succeeded();
        return answer;
      } catch (caught) {
        const error = refusalOf(caught);
        if (driveFault(error).kind === 'throttled') this.#rate.throttled();
        throw error;
      }
    };
    return withRetries(attempt, driveRetryPolicy, this.#options.backoff, signal);
  }
}

/** Google's client throws an error of its own for an answer that is not 2xx. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof Error) || !('response' in error)) return error;
  const response = error.response as { status?: number; data?: unknown; headers?: Headers } | undefined;
  if (!response?.status) return error;
  const body = typeof response.data === 'string' ? response.data : JSON.stringify(response.data ?? '');
  return new DriveRefusal(response.status, body, response.headers?.get?.('retry-after') ?? null);
}

/** Google's client hands on as text what is not JSON: an answer cut off, or not Drive's at all. */
function understood<T extends object>(data: T): T {
  if (typeof data === 'object') return data;
  throw Object.assign(new Error('what answers there does not speak as Drive does'), {
    code: 'ANSWER_GARBLED',
  });
}

/** What tells revisions of a file apart, as far as the response gives it: size, etag, hash. */
function revisionOf(response: DownloadResponse): (string | null)[] {
  const range = /\/(\d+)$/.exec(headerOf(response, 'content-range') ?? '')?.[1];
  return [
    range ?? headerOf(response, 'content-length'),
    headerOf(response, 'etag'),
    headerOf(response, 'x-goog-hash'),
  ];
}

function isSameRevision(a: (string | null)[], b: (string | null)[]): boolean {
  return a.every((mark, index) => mark === null || b[index] === null || mark === b[index]);
}

function notResumed(fileName: string, cause?: unknown): FileError {
  return new FileError(
    'range_ignored',
    `${fileName}: the download broke, and Drive does not go on where it stopped.`,
    { retryable: true, cause },
  );
}

function folderUnreadable({ message, status }: DriveRefusal): FileError {
  return new FileError(
    UNREADABLE,
    `Drive does not list this folder: ${message.replace(/[:.\s]+$/, '')} (HTTP ${status}). Share it with the signed-in Google account, then run again.`,
  );
}

function folderFails({ message, status }: DriveRefusal, cause: RunError): FileError {
  return new FileError(
    UNREADABLE,
    `Drive fails each time that it is asked to list this folder: ${message.replace(/[:.\s]+$/, '')} (HTTP ${status}). Run again later.`,
    { retryable: true, cause },
  );
}

function searchIncomplete(): FileError {
  return new FileError(
    INCOMPLETE,
    'Drive says that its listing of this folder may be incomplete. Run again later.',
  );
}

function listingBroken(): FileError {
  return new FileError(
    INCOMPLETE,
    `Drive broke off its listing of this folder ${LISTING_BEGINNINGS} times (page tokens refused). Run again later.`,
  );
}

/** Of a query that Drive took without the page token: the token is no longer valid, whatever reason Drive gives. */
function isBadRequest(error: unknown): boolean {
  return error instanceof DriveRefusal && (error.status === 400 || error.status === 410);
}

/** Drive's query language: backslash and quote are escaped by a backslash. */
function quoted(text: string): string {
  return text.replace(/[\\']/g, '\\$&');
}

function itemOf(file: drive_v3.Schema$File): DriveItem {
  const target = file.shortcutDetails;
  const resourceKey = (key: string | null | undefined) => (key ? { resourceKey: key } : {});
  return {
    id: file.id!,
    name: file.name ?? '',
    mimeType: file.mimeType ?? '',
    size: file.size == null ? null : Number(file.size),
    md5: file.md5Checksum ?? null,
    modifiedTime: file.modifiedTime ?? '',
    parents: file.parents ?? [],
    trashed: file.trashed ?? false,
    ...resourceKey(file.resourceKey),
    ...(file.mimeType === FOLDER && file.capabilities?.canListChildren === false && { isClosed: true }),
    shortcut: target?.targetId
      ? {
          id: target.targetId,
          mimeType: target.targetMimeType ?? '',
          ...resourceKey(target.targetResourceKey),
        }
      : null,
  };
}
