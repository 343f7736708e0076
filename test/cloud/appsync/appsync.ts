/** The AppSync API that Amplify generates for Observation and Media: GraphQL over HTTP, tokens of the user pool. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TokenError } from '../cognito/tokens.ts';
import type { UserPool } from '../cognito/user-pool.ts';
import { bodyOf, sendJson, serve } from '../service.ts';
import { createExecutor, type GraphQLRequest } from './execute.ts';
import { createModel } from './model.ts';
import { renamed } from './renamed.ts';
import { generatedResolvers, type RequestContext } from './resolvers.ts';
import { generatedSchema } from './schema.ts';
import { createTable, type Item } from './table.ts';

export interface AppSyncOptions {
  userPool: UserPool;
  /** Whether the schema has the index on `sequentialId` with its query; true when absent. */
  index?: boolean;
  /** Whether the schema can be asked for; true when absent, as in AppSync. */
  introspection?: boolean;
  /** Values of the enum MediaType, PHOTO and VIDEO when absent; null makes it a String. */
  mediaTypes?: readonly string[] | null;
  /** Whether lists take no null, so that one bad item takes its whole page along; false when absent, as with Amplify. */
  strictLists?: boolean;
  /** Whether models, fields and queries have other names; see renamed.ts. */
  renamed?: boolean;
  /** How many reads of a new item miss it, for reads are eventually consistent; 0 when absent. */
  staleReads?: number;
  /** Milliseconds since 1970; the machine's clock when absent. */
  now?: () => number;
}

interface ObservationSeed {
  /** Required by the schema; null for an item that was written past it. */
  sequentialId: number | null;
  /** A UUID when absent. */
  id?: string;
  countryId?: string;
  species?: string;
}

interface MediaSeed {
  id?: string;
  url: string;
  observationId: string;
  /** PHOTO when absent. */
  type?: string;
}

export type AppSync = Awaited<ReturnType<typeof createAppSync>>;

/** As the live backend has them. */
export const MEDIA_TYPES: readonly string[] = ['PHOTO', 'VIDEO'];

/** Refused above this; the size is a belief, that there is one is a fact. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Starts an API without data. */
export async function createAppSync(options: AppSyncOptions) {
  const now = options.now ?? Date.now;
  const staleReads = options.staleReads ?? 0;
  const rename = options.renamed ? renamed : (name: string) => name;
  const model = (typename: string, key: string) =>
    createModel(rename(typename), createTable([rename(key)], staleReads), [rename(key)], now);
  const item = (seed: object) =>
    Object.fromEntries(Object.entries(seed).map(([name, value]) => [rename(name), value]));
  const observation = model('Observation', 'sequentialId');
  const media = model('Media', 'observationId');
  const schema = generatedSchema<RequestContext>(
    {
      index: options.index ?? true,
      mediaTypes: options.mediaTypes === undefined ? MEDIA_TYPES : options.mediaTypes,
      strictLists: options.strictLists ?? false,
      rename,
    },
    generatedResolvers({ observation, media }, rename),
  );
  const run = createExecutor(schema, options.introspection ?? true);
  const fields = new Map<string, number>();
  const count = (field: string) => fields.set(field, (fields.get(field) ?? 0) + 1);

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refuse = (status: number, errorType: string, message: string) =>
      sendJson(response, status, { errors: [{ errorType, message }] }, { 'x-amzn-errortype': errorType });
    const body = await bodyOf(request);
    if (pathOf(request) !== '/graphql') return refuse(404, 'NotFoundException', 'Not found.');
    if (request.method !== 'POST') return refuse(405, 'MethodNotAllowedException', 'POST only.');
    const authorization = authorize(request.headers.authorization, options.userPool);
    if ('refusal' in authorization) return refuse(401, 'UnauthorizedException', authorization.refusal);
    if (body.length > MAX_BODY_BYTES) {
      return refuse(413, 'RequestEntityTooLargeException', 'The request is too large.');
    }
    const asked = requestOf(body);
    const answer = asked && (await run(asked, { groups: authorization.groups, count }));
    if (!answer) return refuse(400, 'MalformedHttpRequestException', 'Unable to parse GraphQL query.');
    sendJson(response, 200, answer, { 'x-amzn-requestid': randomUUID() });
  };

  const service = await serve({
    operationOf: request => (pathOf(request) === '/graphql' ? 'graphql' : 'unknown'),
    handle,
  });
  return {
    /** Requests are counted as `graphql` or, elsewhere, `unknown`; see `fields` for what they ask. */
    service,
    endpoint: `${service.url}/graphql`,
    /** How often each field of Query and Mutation was asked for, by its name in the schema, refused ones included. */
    fields,
    /** What is stored, by id. */
    observations: observation.table.items as ReadonlyMap<string, Item>,
    media: media.table.items as ReadonlyMap<string, Item>,
    /** Stores observations without a request; a number is a sequential id. Gives the items in the same order. */
    addObservations: (seeds: Iterable<number | ObservationSeed>) =>
      Array.from(seeds, seed =>
        observation.create(item(typeof seed === 'number' ? { sequentialId: seed } : seed)),
      ),
    /** Stores media records without a request, as another tool may have made them; the id is a UUID when absent. */
    addMedia: (...seeds: MediaSeed[]) =>
      seeds.map(seed => media.create(item({ type: 'PHOTO', isAvailableForPublicUse: false, ...seed }))),
    changeMedia: (id: string, change: Partial<MediaSeed>) => void media.update({ ...change, id }),
    removeMedia: (id: string) => void media.remove(id),
    /** Makes what is stored old news for every reader: only what is created later may be missed by a read. */
    settle: () => observation.table.settle(),
    close: () => service.close(),
  };
}

const pathOf = (request: IncomingMessage) => request.url?.split('?')[0];

/**
 * The groups of the person, or why the request is refused (with HTTP 401). The token goes bare in `Authorization`
 * (docs/services.md, AppSync); ID and access tokens are both taken.
 */
function authorize(
  header: string | undefined,
  userPool: UserPool,
): { groups: string[] } | { refusal: string } {
  if (!header) return { refusal: 'Missing authorization header' };
  // A prefix, or a signature of IAM or an API key, which this API is not set up for.
  if (header.split('.').length !== 3 || header.includes(' ')) {
    return { refusal: 'Valid authorization header not provided.' };
  }
  try {
    const groups = userPool.verifyToken(header)['cognito:groups'];
    return { groups: Array.isArray(groups) ? groups : [] };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { refusal: error.reason === 'expired' ? 'Token has expired.' : 'Unable to parse JWT token.' };
  }
}

/** Null when the body is not a GraphQL request. */
function requestOf(body: Buffer): GraphQLRequest | null {
  try {
    const { query, variables } = JSON.parse(body.toString());
    return typeof query === 'string' ? { query, variables: variables ?? {} } : null;
  } catch {
    return null;
  }
}
