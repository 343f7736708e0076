/** Google Drive v3 as the stages need it. All requests share one HTTP client and one query rate. */
import type { Readable } from 'node:stream';
import type { drive_v3 } from '@googleapis/drive';
import { type DriveFolders, type DriveItem, INCOMPLETE } from '../../../stages/drive-item.ts';
import { FileError } from '../../../stages/errors.ts';
import type { DriveRef, FileRecord } from '../../../stages/record.ts';
import { type Backoff, withRetries } from '../../../stages/retry/backoff.ts';
import type { FileSource } from '../../../stages/transfer.ts';
import { lazy } from '../lazy.ts';
import type { BandwidthLimit } from './bandwidth-limit.ts';
import { openDownload } from './download.ts';
import {
  aboutFolder,
  aboutListing,
  DriveRefusal,
  driveFault,
  driveRetryPolicy,
  isInaccessible,
} from './errors.ts';
import { DriveHttp, textOf } from './http.ts';
import { ITEM_FIELDS, itemOf, parsed, parsedPage, resourceKeysHeader } from './item.ts';
import type { QueryRate } from './query-rate.ts';
import type { DriveAuth } from './sign-in/sign-in.ts';

export interface DriveOptions {
  auth: DriveAuth;
  apiUrl: string;
  rate: QueryRate;
  backoff: Backoff;
  /** A connection on which no byte moves for so long is given up. */
  stallTimeoutMs: number;
  bandwidth?: BandwidthLimit;
  /** A query without a response by then has failed; a minute when absent. */
  queryTimeoutMs?: number;
}

const PAGE_SIZE = 1000;
const MAX_LISTING_STARTS = 4;
const QUERY_TIMEOUT_MS = 60_000;

export class Drive implements DriveFolders, FileSource {
  readonly #options: DriveOptions;
  readonly rate: QueryRate;
  readonly #http: DriveHttp;
  /** Google's client, which downloads do without: loaded for the first query. It only sends GET requests here. */
  readonly #api = lazy(async () => {
    const { apiUrl, queryTimeoutMs: timeout = QUERY_TIMEOUT_MS } = this.#options;
    const fetchImplementation: typeof fetch = async (url, { headers, signal } = {}) => {
      const sent = Object.fromEntries(new Headers(headers));
      const response = await this.#http.get(String(url), sent, signal ?? undefined);
      return new Response(await textOf(response), { headers: { 'content-type': 'application/json' } });
    };
    const { drive } = await import('@googleapis/drive');
    return drive({ version: 'v3', rootUrl: `${apiUrl}/`, retry: false, timeout, fetchImplementation });
  });

  constructor(options: DriveOptions) {
    this.#options = { ...options, apiUrl: options.apiUrl.replace(/\/+$/, '') };
    this.rate = options.rate;
    this.#http = new DriveHttp(options.auth, options.stallTimeoutMs);
  }

  close(): void {
    this.#http.close();
    this.rate.close();
  }

  get bytesPerSecondLimit(): number | null {
    return this.#options.bandwidth?.bytesPerSecond ?? null;
  }

  async *children(folders: DriveRef[]): AsyncGenerator<DriveItem[]> {
    // Drive's query language: backslash and quote are escaped by a backslash.
    const within = folders.map(({ id }) => `'${id.replace(/[\\']/g, '\\$&')}' in parents`).join(' or ');
    const headers = resourceKeysHeader(...folders);
    let pageToken: string | undefined;
    let starts = 1;
    let isIncomplete = false;
    while (true) {
      const page = await this.#page(`(${within}) and trashed = false`, pageToken, headers);
      // A token that leads to itself would go on forever.
      if (page === 'token refused' || (pageToken && page.nextPageToken === pageToken)) {
        if (starts === MAX_LISTING_STARTS)
          throw incomplete(`broke off its listing of this folder ${starts} times (page tokens refused)`);
        starts += 1;
        pageToken = undefined;
        continue;
      }
      isIncomplete ||= page.incompleteSearch === true;
      yield page.files!.map(itemOf);
      if (!page.nextPageToken) break;
      pageToken = page.nextPageToken;
    }
    if (isIncomplete) throw incomplete('says that its listing of this folder may be incomplete');
  }

  async #page(
    q: string,
    pageToken: string | undefined,
    headers: Record<string, string>,
  ): Promise<drive_v3.Schema$FileList | 'token refused'> {
    const parameters = {
      q,
      pageToken,
      pageSize: PAGE_SIZE,
      fields: `nextPageToken,incompleteSearch,files(${ITEM_FIELDS})`,
      spaces: 'drive',
      supportsAllDrives: true,
      includeItemsFromAllDrives: true,
    };
    try {
      const api = await this.#api();
      return await this.#query(async () => parsedPage((await api.files.list(parameters, { headers })).data));
    } catch (error) {
      // Drive refuses a page token that is no longer valid, for whatever reason it gives.
      if (pageToken && error instanceof DriveRefusal && [400, 410].includes(error.status))
        return 'token refused';
      throw aboutFolder(error);
    }
  }

  async item(ref: DriveRef): Promise<DriveItem | null> {
    const parameters = { fileId: ref.id, fields: ITEM_FIELDS, supportsAllDrives: true };
    const headers = resourceKeysHeader(ref);
    try {
      const api = await this.#api();
      return await this.#query(async () =>
        itemOf(parsed((await api.files.get(parameters, { headers })).data)),
      );
    } catch (error) {
      if (isInaccessible(error)) return null;
      throw aboutListing(error, `look at ${ref.id}`);
    }
  }

  async download(
    record: FileRecord,
    onBytes: (count: number) => void = () => {},
    signal?: AbortSignal,
  ): Promise<Readable> {
    const { apiUrl, backoff, bandwidth } = this.#options;
    const download = await openDownload(record, {
      http: this.#http,
      apiUrl,
      query: (send, abort) => this.#query(send, abort),
      backoff,
      onBytes: bandwidth ? () => {} : onBytes,
      signal,
    });
    return bandwidth?.apply(download, onBytes) ?? download;
  }

  #query<T>(send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const attempt = async (): Promise<T> => {
      await this.rate.turn();
      try {
        const result = await send();
        this.rate.succeeded();
        return result;
      } catch (caught) {
        const error = unwrapped(caught);
        if (driveFault(error).kind === 'throttled') this.rate.throttled();
        throw error;
      }
    };
    return withRetries(attempt, driveRetryPolicy, this.#options.backoff, signal);
  }
}

/** Google's client wraps the errors of its requests. */
function unwrapped(error: unknown): unknown {
  return error instanceof Error && 'config' in error ? (error.cause ?? error) : error;
}

function incomplete(what: string): FileError {
  return new FileError(INCOMPLETE, `Drive ${what}. Run again later.`);
}
