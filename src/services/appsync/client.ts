import type { GraphQLClient } from 'graphql-request';
import { type Backoff, withRetries } from '../../../stages/retry/backoff.ts';
import { retryAfterOf } from '../../../stages/retry/faults.ts';
import { fetchThroughProxy } from '../network/proxy.ts';
import {
  type AppSyncError,
  aboutRequest,
  fieldFault,
  isForbidden,
  isSignInRefused,
  itemOf,
  RequestFailed,
  requestRetryPolicy,
} from './errors.ts';

/** The ID token of the signed-in user. */
export interface TokenSource {
  get(): Promise<string>;
  /** The token has been refused: the next `get` gives another one. */
  renew(refused: string): Promise<void>;
}

export interface DataOptions {
  /** `https://….appsync-api.{region}.amazonaws.com/graphql` */
  endpoint: string;
  token: TokenSource;
  backoff: Backoff;
  onUnreadable?: (record: UnreadableRecord) => void;
  onReadable?: (query: string, name?: string) => void;
  /** A request without an answer by then has failed; 35 s when absent. */
  timeoutMs?: number;
}

/** A record with a field that AppSync cannot give, like a required one without a value. */
export interface UnreadableRecord {
  /** The id, or what else names it. */
  name: string;
  query: string;
  reason: string;
}

export interface PartialAnswer {
  data: Record<string, unknown>;
  errors: AppSyncError[];
}

export interface Answer {
  /** Null when the whole document was refused. */
  data: Record<string, unknown> | null;
  errors: AppSyncError[];
  /** True if the document had been sent before, and what became of it is not known. */
  isRepeated?: boolean;
}

/** AppSync gives up after 30 seconds (AppSync quotas); a little more lets its own answer arrive. */
const TIMEOUT_MS = 35_000;

/** Sends GraphQL documents to AppSync. */
export class AppSyncClient {
  readonly #options: DataOptions;
  #client: GraphQLClient | null = null;

  constructor(options: DataOptions) {
    this.#options = options;
  }

  /**
   * The answer, with the errors of single fields in it. Tries again after passing failures, and once with a new token.
   * Throws RunError if no answer came, or one that is no answer to the document (sign-in refused, HTTP error).
   */
  async request(document: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    const { backoff, endpoint, token } = this.#options;
    let renewed = false;
    let isRepeated = false;
    const attempt = async (): Promise<Answer> => {
      const current = await token.get();
      try {
        const response = unlessThrottled(await this.#send(document, variables, current));
        return { ...response, isRepeated };
      } catch (error) {
        isRepeated ||= !isSignInRefused(error);
        if (!isSignInRefused(error) || renewed) throw error;
        renewed = true;
        await token.renew(current);
        return attempt();
      }
    };
    try {
      return await withRetries(attempt, requestRetryPolicy, backoff);
    } catch (error) {
      throw aboutRequest(error, endpoint);
    }
  }

  /**
   * The data of a document of which every field has been answered, for reading: half an answer would make orphans of
   * observations that exist. Tries again after passing errors of single fields, too. Throws RunError.
   */
  async read(document: string, variables: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    try {
      return await this.#answered(document, variables, () => false);
    } catch (error) {
      throw aboutRequest(error, this.#options.endpoint);
    }
  }

  /**
   * Like {@link read}, but records may be unreadable, by default those of lists: the errors of these are given beside
   * the data. Throttling and other temporary errors of records are tried again.
   */
  async readPartly(
    document: string,
    variables: Record<string, unknown> = {},
    isAboutRecord = (error: AppSyncError) => itemOf(error) !== null,
  ): Promise<PartialAnswer> {
    let errors: AppSyncError[] = [];
    const isUnreadable = (error: AppSyncError) => {
      const found = isAboutRecord(error) && fieldFault(error) === 'refused' && !isForbidden(error);
      if (found) errors.push(error);
      return found;
    };
    try {
      const data = await this.#answered(document, variables, isUnreadable, () => {
        errors = [];
      });
      return { data, errors };
    } catch (error) {
      throw aboutRequest(error, this.#options.endpoint);
    }
  }

  /** Told of a record that could not be read. */
  unreadable(record: UnreadableRecord): void {
    this.#options.onUnreadable?.(record);
  }

  /** Told that a query has given all records, or all of the one name, except those that `unreadable` was told of. */
  readable(query: string, name?: string): void {
    this.#options.onReadable?.(query, name);
  }

  /**
   * Sends a document that is safe to repeat, also after passing errors of single fields. Errors that are `fine` are
   * none. Gives the error that remains, or null. Throws RunError like {@link request}.
   */
  async repeat(
    document: string,
    variables: Record<string, unknown>,
    fine: (error: AppSyncError) => boolean,
  ): Promise<AppSyncError | null> {
    try {
      await this.#answered(document, variables, fine);
      return null;
    } catch (error) {
      if (error instanceof RequestFailed) return error.errors[0] ?? { message: error.message };
      throw error;
    }
  }

  /** Throws RequestFailed for errors of single fields that remain. */
  async #answered(
    document: string,
    variables: Record<string, unknown>,
    fine: (error: AppSyncError) => boolean,
    begin: () => void = () => {},
  ): Promise<Record<string, unknown>> {
    const attempt = async () => {
      begin();
      const { data, errors } = await this.request(document, variables);
      const failures = errors.filter(error => !fine(error));
      if (data && failures.length === 0) return data;
      throw new RequestFailed(200, failures[0]?.message ?? 'no data', failures);
    };
    // What the whole request met has been tried again by then, and is a RunError.
    return withRetries(attempt, requestRetryPolicy, this.#options.backoff);
  }

  async #send(document: string, variables: Record<string, unknown>, token: string): Promise<Answer> {
    const { ClientError, GraphQLClient } = await import('graphql-request');
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    this.#client ??= new GraphQLClient(this.#options.endpoint, {
      errorPolicy: 'all',
      fetch: await fetchThroughProxy(),
    });
    try {
      const answer = await this.#client.rawRequest<Record<string, unknown>>({
        query: document,
        variables,
        // AppSync wants the bare token; it refuses one with "Bearer " before it.
        requestHeaders: { authorization: token },
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { data: answer.data ?? null, errors: (answer.errors ?? []) as AppSyncError[] };
    } catch (error) {
      if (!(error instanceof ClientError))
        throw new RequestFailed(null, reasonOf(error, timeoutMs), [], { cause: error });
      const { status, errors = [], headers } = error.response;
      const retryAfterMs = retryAfterOf((headers as Headers | undefined)?.get('retry-after') ?? null);
      const first = (errors as AppSyncError[])[0]?.message;
      const failed = new RequestFailed(status, first ?? `HTTP ${status}`, errors as AppSyncError[], {
        retryAfterMs,
      });
      // Some servers answer so to a document that does not fit the schema, where AppSync says 200.
      if (status === 400 && errors.length > 0 && !isSignInRefused(failed))
        return { data: null, errors: errors as AppSyncError[] };
      throw failed;
    }
  }
}

/** A response in which throttling kept every field from being executed is as good as a 429. */
function unlessThrottled(answer: Answer): Answer {
  const { data, errors } = answer;
  const isEmpty = Object.values(data ?? {}).every(value => value === null);
  const isThrottled = errors.length > 0 && errors.every(error => fieldFault(error) === 'throttled');
  if (isEmpty && isThrottled) throw new RequestFailed(200, errors[0]!.message ?? '', errors);
  return answer;
}

/** `fetch failed` says nothing; its cause does. What is no answer of GraphQL would be quoted at full length. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error)
    return cause.message || String((cause as NodeJS.ErrnoException).code ?? cause.name);
  if (error instanceof SyntaxError || error.message.startsWith('Invalid execution result'))
    return 'what answers there does not speak as AppSync does';
  return error.name === 'TimeoutError' ? `no answer within ${timeoutMs / 1000} s` : error.message;
}
