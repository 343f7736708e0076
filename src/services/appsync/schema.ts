/** What an AppSync API says about its schema, as far as it concerns the two models. */
import type { RunError } from '../../../stages/errors.ts';
import type { AppSyncClient } from './client.ts';
import { isSignInRefused, RequestFailed, requestRetryPolicy } from './errors.ts';
import type { Models } from './models.ts';

interface NamedType {
  kind: string;
  name: string | null;
  /** Of an enum. */
  enumValues: { name: string }[] | null;
}

interface TypeRef extends NamedType {
  ofType: NamedType | null;
}

export interface Field {
  name: string;
  type: TypeRef;
}

export interface SchemaPart {
  queries: { name: string; type: TypeRef; args: Field[] }[];
  mutations: string[];
  /** Null if there is no such model. */
  observation: Field[] | null;
  media: Field[] | null;
  createInput: Field[] | null;
}

const TYPE = 'kind name ofType { kind name }';
const FIELD = 'name type { kind name enumValues { name } ofType { kind name enumValues { name } } }';
const DOCUMENT = `query Schema($observation: String!, $media: String!, $input: String!) {
  __schema {
    queryType { fields { name type { ${TYPE} } args { name type { ${TYPE} } } } }
    mutationType { fields { name } }
  }
  observation: __type(name: $observation) { fields { ${FIELD} } }
  media: __type(name: $media) { fields { ${FIELD} } }
  createInput: __type(name: $input) { inputFields { ${FIELD} } }
}`;

interface Introspection {
  __schema: {
    queryType: { fields: SchemaPart['queries'] } | null;
    mutationType: { fields: { name: string }[] } | null;
  } | null;
  observation: { fields: Field[] | null } | null;
  media: { fields: Field[] | null } | null;
  createInput: { inputFields: Field[] | null } | null;
}

/** Null if introspection is switched off. Throws RunError if the API cannot be reached or refuses the sign-in. */
export async function readSchema(
  client: AppSyncClient,
  { observation, media }: Models,
): Promise<SchemaPart | null> {
  const variables = { observation: observation.name, media: media.name, input: media.createInput };
  const data = await client.read({ document: DOCUMENT, variables }).catch(nullIfRefused);
  const found = data as Introspection | null;
  if (!found?.__schema) return null;
  return {
    queries: found.__schema.queryType?.fields ?? [],
    mutations: (found.__schema.mutationType?.fields ?? []).map(({ name }) => name),
    observation: found.observation?.fields ?? null,
    media: found.media?.fields ?? null,
    createInput: found.createInput?.inputFields ?? null,
  };
}

/** The API, or a firewall before it, may refuse introspection in many words; neither means that the API is down. */
function nullIfRefused(error: unknown): null {
  const { code, cause } = error as RunError;
  if (code === 'schema_mismatch' || code === 'not_in_group') return null;
  const isRefused = cause instanceof RequestFailed && !isSignInRefused(cause) && isLasting(cause);
  if (isRefused) return null;
  throw error;
}

function isLasting(failed: RequestFailed): boolean {
  const { again, throttled } = requestRetryPolicy(failed);
  const isClientError = failed.status !== null && failed.status >= 400 && failed.status < 500;
  return failed.status === 200 ? !throttled : isClientError && !again;
}

/** The query of the index on the sequential id: as configured, else as the schema has it; null if there is none. */
export function indexQueryIn(schema: SchemaPart, observation: Models['observation']): string | null {
  return (
    observation.indexQuery ?? schema.queries.find(query => isIndexQuery(query, observation))?.name ?? null
  );
}

/** A query of the model whose only required argument is the sequential id. */
function isIndexQuery(
  { type, args }: SchemaPart['queries'][number],
  { name, sequentialId }: Models['observation'],
): boolean {
  const required = args.filter(arg => arg.type.kind === 'NON_NULL');
  const [first] = required;
  return (
    type.name === `Model${name}Connection` &&
    required.length === 1 &&
    first!.name === sequentialId &&
    first!.type.ofType?.name === 'Int'
  );
}

/** Whether one of the fields has this name and one plain value. */
export function hasPlainField(fields: Field[] | null | undefined, name: string): boolean {
  const field = fields?.find(each => each.name === name);
  return field !== undefined && isPlain(typeOf(field));
}

export function isPlain({ kind }: NamedType): boolean {
  return kind === 'SCALAR' || kind === 'ENUM';
}

/** The type without its `!`. */
export function typeOf({ type }: Field): NamedType {
  return type.kind === 'NON_NULL' && type.ofType ? type.ofType : type;
}
