import type { GraphQLClient } from 'graphql-request';
import { type Backoff, withRetries } from '../../../stages/retry/backoff.ts';
import { fetchThroughProxy } from '../network/proxy.ts';
import {
  type AppSyncError,
  aboutRequest,
  fieldFault,
  isSignInRefused,
  isUnreadable,
  itemOf,
  RequestFailed,
  requestRetryPolicy,
} from './errors.ts';

export interface DataOptions {
  /** `https://….appsync-api.{region}.amazonaws.com/graphql` */
  endpoint: string;
  /** The ID token of the signed-in user; after `renew`, which names the refused one, `get` returns another. */
  token: { get(): Promise<string>; renew(refused: string): Promise<unknown> };
  backoff: Backoff;
  unreadable?: UnreadableRecords;
  /** A request without a response by then has failed; 35 s when absent. */
  timeoutMs?: number;
}

/** A record with a field that AppSync cannot return, like a required one without a value. */
export interface UnreadableRecord {
  name: string;
  query: string;
  reason: string;
}

/** Keeps the records that AppSync cannot return. */
export interface UnreadableRecords {
  add(record: UnreadableRecord): void;
  /** A query has returned all records, or all with this name, except those that were added since. */
  settle(query: string, name?: string): void;
}

interface DataRequest {
  document: string;
  variables?: Record<string, unknown>;
}

interface DataResponse {
  data: Record<string, unknown> | null;
  errors: AppSyncError[];
  /** True if the document was sent before, with an unknown outcome. */
  isRepeated?: boolean;
}

type PartialResponse = DataResponse & { data: Record<string, unknown> };

/** A response of AppSync, in which errors of single fields remain. */
class FieldsFailed extends RequestFailed {}

/** AppSync gives up after 30 seconds (AppSync quotas); a little more lets its own response arrive. */
const TIMEOUT_MS = 35_000;

export class AppSyncClient {
  readonly #options: DataOptions;
  #client: GraphQLClient | null = null;
  readonly unreadable: UnreadableRecords;

  constructor(options: DataOptions) {
    this.#options = options;
    this.unreadable = options.unreadable ?? { add() {}, settle() {} };
  }

  /** The response, with the errors of single fields in it. Throws RunError if there was none that can be used. */
  async request(request: DataRequest): Promise<DataResponse> {
    return this.#attempt(request, response => response).catch(error => this.#explain(error));
  }

  /** Complete data: with a part of it, existing observations would look missing. Throws RunError. */
  async read(request: DataRequest): Promise<Record<string, unknown>> {
    return (await this.readPartly(request, () => false)).data;
  }

  /** Like {@link read}, but records may be unreadable, by default those of lists; their errors are returned beside the data. */
  async readPartly(
    request: DataRequest,
    isAboutRecord = (error: AppSyncError) => itemOf(error) !== null,
  ): Promise<PartialResponse> {
    const accepted = (error: AppSyncError) => isAboutRecord(error) && isUnreadable(error);
    return this.#attempt(request, complete(accepted)).catch(error => this.#explain(error));
  }

  /**
   * Sends a document that is safe to repeat. Returns the first error that remains and is not `accepted`, or null. Throws
   * RunError like {@link request}.
   */
  async repeat(
    request: DataRequest,
    accepted: (error: AppSyncError) => boolean,
  ): Promise<AppSyncError | null> {
    try {
      await this.#attempt(request, complete(accepted));
      return null;
    } catch (error) {
      if (error instanceof FieldsFailed) return error.errors[0] ?? { message: error.message };
      return this.#explain(error);
    }
  }

  #explain(error: unknown): never {
    throw aboutRequest(error, this.#options.endpoint);
  }

  /** `take` may throw RequestFailed for a response that is to be requested again. */
  #attempt<T>(request: DataRequest, take: (response: DataResponse) => T): Promise<T> {
    const { backoff, token } = this.#options;
    let isRenewed = false;
    let isRepeated = false;
    const send = async (): Promise<DataResponse> => {
      const current = await token.get();
      try {
        return { ...unlessThrottled(await this.#send(request, current)), isRepeated };
      } catch (error) {
        isRepeated ||= !isSignInRefused(error);
        if (!isSignInRefused(error) || isRenewed) throw error;
        isRenewed = true;
        await token.renew(current);
        return send();
      }
    };
    return withRetries(async () => take(await send()), requestRetryPolicy, backoff);
  }

  async #send({ document, variables = {} }: DataRequest, token: string): Promise<DataResponse> {
    const { ClientError, GraphQLClient } = await import('graphql-request');
    const { timeoutMs = TIMEOUT_MS, endpoint } = this.#options;
    this.#client ??= new GraphQLClient(endpoint, {
      errorPolicy: 'all',
      fetch: await fetchThroughProxy(),
      // AppSync sends no redirects: one leads to another API, perhaps unencrypted.
      redirect: 'manual',
    });
    try {
      const { data = null, errors = [] } = await this.#client.rawRequest<Record<string, unknown>>({
        query: document,
        variables,
        // AppSync wants the bare token; it refuses one with "Bearer " before it.
        requestHeaders: { authorization: token },
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { data, errors: errors as AppSyncError[] };
    } catch (error) {
      const options = { cause: error };
      if (!(error instanceof ClientError))
        throw new RequestFailed(null, reasonOf(error, timeoutMs), [], options);
      const { status, errors: given = [] } = error.response;
      const errors = given as AppSyncError[];
      const failed = new RequestFailed(status, errors[0]?.message ?? `HTTP ${status}`, errors, options);
      // Some servers answer so to a document that does not fit the schema, where AppSync says 200.
      if (status === 400 && errors.length > 0 && !isSignInRefused(failed)) return { data: null, errors };
      throw failed;
    }
  }
}

/** Throws FieldsFailed if errors of single fields remain that are not `accepted`. */
function complete(accepted: (error: AppSyncError) => boolean) {
  return ({ data, errors }: DataResponse): PartialResponse => {
    const failures = errors.filter(error => !accepted(error));
    if (data && failures.length === 0) return { data, errors };
    throw new FieldsFailed(200, failures[0]?.message ?? 'no data', failures);
  };
}

/** A response in which throttling kept every field from being executed counts as a 429. */
function unlessThrottled(response: DataResponse): DataResponse {
  const { data, errors } = response;
  const isEmpty = Object.values(data ?? {}).every(value => value === null);
  const isThrottled = errors.length > 0 && errors.every(error => fieldFault(error) === 'throttled');
  if (isEmpty && isThrottled) throw new RequestFailed(200, errors[0]!.message ?? '', errors);
  return response;
}

/** `fetch failed` says nothing; its cause does. A response that is not GraphQL would be quoted in full. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error)
    return cause.message || String((cause as NodeJS.ErrnoException).code ?? cause.name);
  if (error instanceof SyntaxError || error.message.startsWith('Invalid execution result'))
    return 'the response is not from AppSync';
  return error.name === 'TimeoutError' ? `no response within ${timeoutMs / 1000} s` : error.message;
}

const aliasOf = (index: number) => `m${index}`;

/**
 * Many operations of one kind in one GraphQL document, under aliases. `types` gives the GraphQL type of each variable,
 * `inputs` its values for each operation, and `operation` the text of one, with the variables in it.
 */
export function batch<Name extends string>(
  kind: 'query' | 'mutation',
  types: Record<Name, string>,
  inputs: Record<Name, unknown>[],
  operation: string,
): DataRequest {
  const names = Object.keys(types) as Name[];
  const declared = inputs.flatMap((_, index) => names.map(name => `$${name}${index}: ${types[name]}`));
  const fields = inputs.map(
    (_, index) => `${aliasOf(index)}: ${operation.replace(/\$\w+/g, variable => `${variable}${index}`)}`,
  );
  const values = inputs.flatMap((input, index) => names.map(name => [`${name}${index}`, input[name]]));
  return {
    document: `${kind} Batch(${declared.join(', ')}) { ${fields.join('\n')} }`,
    variables: Object.fromEntries(values),
  };
}

interface Result<T> {
  value: T | null;
  errors: AppSyncError[];
}

/** The results by operation, in the order of the batch. */
export function resultsOf<Operation, T>(
  { data, errors }: DataResponse,
  operations: readonly Operation[],
): Map<Operation, Result<T>> {
  const resultAt = (alias: string) => ({
    value: (data?.[alias] ?? null) as T | null,
    errors: errors.filter(({ path }) => path?.[0] === alias),
  });
  return new Map(operations.map((operation, index) => [operation, resultAt(aliasOf(index))]));
}
