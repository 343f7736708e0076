/** Whether an AppSync API has the models, fields and operations that the tool is configured for. */
import { RunError } from '../../stages/errors.ts';
import type { AppSyncClient } from './client.ts';
import { aboutRequest, isSchemaMismatch, RequestFailed } from './errors.ts';
import type { Models } from './models.ts';

interface TypeRef {
  kind: string;
  name: string | null;
  ofType: { name: string | null } | null;
}

interface Field {
  name: string;
  type: TypeRef;
}

/** What introspection gives of what concerns us. */
export interface SchemaPart {
  queries: { name: string; type: TypeRef; args: Field[] }[];
  mutations: string[];
  /** Null if there is no such model. */
  observation: Field[] | null;
  media: Field[] | null;
  createInput: Field[] | null;
}

/** An id that no record has. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/**
 * Reads one observation and asks for a media record, with all fields that the tool uses. True if there is an observation.
 * Throws RunError: not reachable, not allowed, another schema.
 */
export async function readOnce(client: AppSyncClient, endpoint: string, models: Models): Promise<boolean> {
  const { observation, media } = models;
  const fields = ['id', media.url, media.observationId, media.type, media.isAvailableForPublicUse];
  const { data, errors } = await client.request(
    `query Doctor($id: ID!) {
      page: ${observation.listQuery}(limit: 1) { items { id ${observation.sequentialId} } }
      media: ${media.getQuery}(id: $id) { ${fields.filter(Boolean).join(' ')} }
    }`,
    { id: NOBODY },
  );
  if (!data || errors.length > 0) {
    const message = errors[0]?.message ?? 'no data';
    const error = aboutRequest(new RequestFailed(200, message, errors), endpoint);
    throw isSchemaMismatch(errors) ? unfit([message]) : error;
  }
  return (data.page as { items: unknown[] }).items.length > 0;
}

const TYPE = 'kind name ofType { name }';

/** The part of the schema that concerns us; null if the API does not tell it. Throws RunError if it cannot be asked. */
export async function readSchema(
  client: AppSyncClient,
  endpoint: string,
  { observation, media }: Models,
): Promise<SchemaPart | null> {
  const document = `query Schema($observation: String!, $media: String!, $input: String!) {
    __schema {
      queryType { fields { name type { ${TYPE} } args { name type { ${TYPE} } } } }
      mutationType { fields { name } }
    }
    observation: __type(name: $observation) { fields { name type { ${TYPE} } } }
    media: __type(name: $media) { fields { name type { ${TYPE} } } }
    createInput: __type(name: $input) { inputFields { name type { ${TYPE} } } }
  }`;
  const names = { observation: observation.name, media: media.name, input: media.createInput };
  const answer = await client.request(document, names).catch(error => {
    throw aboutRequest(error, endpoint);
  });
  const { data } = answer;
  const schema = data?.__schema as Record<'queryType' | 'mutationType', { fields: never[] } | null> | null;
  if (!schema) return null;
  const fieldsOf = (type: unknown, list: 'fields' | 'inputFields') =>
    (type as Record<typeof list, Field[] | null> | null)?.[list] ?? null;
  return {
    queries: schema.queryType?.fields ?? [],
    mutations: (schema.mutationType?.fields ?? []).map(({ name }: { name: string }) => name),
    observation: fieldsOf(data?.observation, 'fields'),
    media: fieldsOf(data?.media, 'fields'),
    createInput: fieldsOf(data?.createInput, 'inputFields'),
  };
}

/**
 * The name of the index query on the sequential id, null if there is none. Throws RunError that lists everything the
 * schema lacks.
 */
export function refuseUnfit(
  schema: SchemaPart,
  { observation, media }: Models,
  discriminatorField: string | null,
): string | null {
  const queries = schema.queries.map(({ name }) => name);
  const observationFields = [observation.sequentialId, ...(discriminatorField ? [discriminatorField] : [])];
  const mediaFields = [media.url, media.observationId, media.type, media.isAvailableForPublicUse].filter(
    name => name !== null,
  );
  const faults = [
    ...lacks(`model ${observation.name}`, schema.observation, observationFields),
    ...lacks(`model ${media.name}`, schema.media, mediaFields),
    ...lacks(media.createInput, schema.createInput, ['id', ...mediaFields]),
    ...unfilled(media.createInput, schema.createInput, ['id', ...mediaFields]),
    ...[observation.listQuery, observation.indexQuery, media.getQuery]
      .filter(name => name !== null && !queries.includes(name))
      .map(name => `there is no query ${name}`),
    ...(schema.mutations.includes(media.createMutation)
      ? []
      : [`there is no mutation ${media.createMutation}`]),
  ];
  const type = typeNameOf(schema.observation, observation.sequentialId);
  if (type && type !== 'Int') {
    faults.push(`${observation.name}.${observation.sequentialId} is ${type}, and has to be Int`);
  }
  if (faults.length > 0) throw unfit(faults);
  return (
    observation.indexQuery ?? schema.queries.find(query => isIndexQuery(query, observation))?.name ?? null
  );
}

/** A query of the model that cannot be asked without the sequential id. */
function isIndexQuery(
  query: SchemaPart['queries'][number],
  { name, sequentialId }: Models['observation'],
): boolean {
  const required = query.args.filter(({ type }) => type.kind === 'NON_NULL');
  return (
    query.type.name === `Model${name}Connection` &&
    required.length === 1 &&
    required[0]!.name === sequentialId
  );
}

function lacks(what: string, fields: Field[] | null, wanted: readonly string[]): string[] {
  if (!fields) return [`there is no ${what}`];
  const there = new Set(fields.map(({ name }) => name));
  const missing = wanted.filter(name => !there.has(name));
  return missing.length > 0 ? [`${what} has no ${missing.join(', ')}`] : [];
}

/** Fields without which a record cannot be created, and which the tool does not know how to fill in. */
function unfilled(what: string, fields: Field[] | null, filled: readonly string[]): string[] {
  const required = (fields ?? [])
    .filter(({ name, type }) => type.kind === 'NON_NULL' && !filled.includes(name))
    .map(({ name }) => name);
  return required.length > 0 ? [`${what} wants ${required.join(', ')}, which the tool cannot fill in`] : [];
}

function typeNameOf(fields: Field[] | null, name: string): string | null {
  const type = fields?.find(field => field.name === name)?.type;
  return type?.name ?? type?.ofType?.name ?? null;
}

function unfit(faults: string[]): RunError {
  return new RunError(
    'schema_mismatch',
    `The schema does not fit: ${faults.join('; ')}.`,
    'Take the names from the project ("migrator config --from amplify_outputs.json"), or correct aws.amplify.models and aws.amplify.api_endpoint ("migrator show").',
  );
}
