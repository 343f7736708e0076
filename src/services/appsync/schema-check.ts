/** Whether an AppSync API has the models, fields, values and operations that the tool is configured for. */
import type { RunError } from '../../../stages/errors.ts';
import type { MediaType } from '../../../stages/record.ts';
import { mediaTypesIn } from '../../config/media-types.ts';
import type { AppSyncClient } from './client.ts';
import {
  type AppSyncError,
  aboutRequest,
  fieldFault,
  isForbidden,
  isSchemaMismatch,
  isSignInRefused,
  itemOf,
  RequestFailed,
  requestRetryPolicy,
  schemaMismatch,
} from './errors.ts';
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
 * Reads one observation and asks for a media record, with all fields that the tool uses. Says whether there is an
 * observation, and names one that the service cannot give.
 * Throws RunError: not reachable, not allowed, another schema.
 */
export async function readOnce(
  client: AppSyncClient,
  endpoint: string,
  models: Models,
): Promise<{ isEmpty: boolean; unreadable?: { name: string; reason: string } }> {
  const { observation, media } = models;
  const fields = ['id', media.url, media.observationId, media.type, media.isAvailableForPublicUse];
  const { data, errors } = await client.request(
    `query Doctor($id: ID!) {
      page: ${observation.listQuery}(limit: 1) { items { id ${observation.sequentialId} } }
      media: ${media.getQuery}(id: $id) { ${fields.filter(Boolean).join(' ')} }
    }`,
    { id: NOBODY },
  );
  const isUnreadable = (error: AppSyncError) =>
    itemOf(error) !== null && fieldFault(error) === 'refused' && !isForbidden(error);
  if (data && errors.length > 0 && errors.every(isUnreadable)) {
    const { page } = await client.read(
      `query Named { page: ${observation.listQuery}(limit: 1) { items { id } } }`,
    );
    const [item] = (page as { items: ({ id: string } | null)[] }).items;
    return { isEmpty: false, unreadable: { name: String(item?.id), reason: errors[0]?.message ?? '' } };
  }
  if (!data || errors.length > 0) {
    const message = errors[0]?.message ?? 'no data';
    throw isSchemaMismatch(errors)
      ? unfit([message])
      : aboutRequest(new RequestFailed(200, message, errors), endpoint);
  }
  const page = data.page as { items: unknown[] } | null;
  if (!page?.items)
    throw aboutRequest(new RequestFailed(200, `no page of ${observation.listQuery}`, []), endpoint);
  return { isEmpty: page.items.length === 0 };
}

const TYPE = 'kind name ofType { kind name }';
const FIELD = 'name type { kind name enumValues { name } ofType { kind name enumValues { name } } }';

/**
 * The part of the schema that concerns us, by one request; null if the API does not answer introspection. Throws RunError
 * if it cannot be asked at all.
 */
export async function readSchema(
  client: AppSyncClient,
  { observation, media }: Models,
): Promise<SchemaPart | null> {
  const document = `query Schema($observation: String!, $media: String!, $input: String!) {
    __schema {
      queryType { fields { name type { ${TYPE} } args { name type { ${TYPE} } } } }
      mutationType { fields { name } }
    }
    observation: __type(name: $observation) { fields { ${FIELD} } }
    media: __type(name: $media) { fields { ${FIELD} } }
    createInput: __type(name: $input) { inputFields { ${FIELD} } }
  }`;
  const names = { observation: observation.name, media: media.name, input: media.createInput };
  const data = await client.read(document, names).catch(unlessRefused);
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

/** Introspection can be refused by the API or by a firewall before it, in many words: neither says that the API is down. */
function unlessRefused(error: unknown): null {
  const { code, cause } = error as RunError;
  if (code === 'schema_mismatch' || code === 'not_in_group') return null;
  const isRefused =
    cause instanceof RequestFailed &&
    !isSignInRefused(cause) &&
    !requestRetryPolicy(cause).throttled &&
    (cause.status === 200 || cause.status === 400 || cause.status === 403);
  if (isRefused) return null;
  throw error;
}

/**
 * The models with what the schema says of them: the index query, and the values of the media type. Throws RunError that
 * lists everything that does not fit.
 */
export function fitted(schema: SchemaPart, models: Models, discriminatorField: string | null): Models {
  const { observation, media } = models;
  const types = mediaTypesOf(schema, media);
  const problems = [
    ...observationProblems(schema, observation, discriminatorField),
    ...mediaProblems(schema, media),
    ...types.problems,
  ];
  if (problems.length > 0) throw unfit(problems);
  return {
    observation: { ...observation, indexQuery: indexQueryIn(schema, observation) },
    media: { ...media, types: types.values },
  };
}

/** The query of the index on the sequential id: as configured, else as the schema has it; null if there is none. */
export function indexQueryIn(schema: SchemaPart, observation: Models['observation']): string | null {
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
  const [first] = required;
  return (
    query.type.name === `Model${name}Connection` &&
    required.length === 1 &&
    first!.name === sequentialId &&
    first!.type.ofType?.name === 'Int'
  );
}

function observationProblems(
  { queries, observation: fields }: SchemaPart,
  observation: Models['observation'],
  discriminatorField: string | null,
): string[] {
  const there = queries.map(({ name }) => name);
  return [
    ...misfits(`model ${observation.name}`, fields, {
      id: IDS,
      [observation.sequentialId]: ['Int'],
      ...(discriminatorField && { [discriminatorField]: null }),
    }),
    ...[observation.listQuery, observation.indexQuery]
      .filter(name => name !== null && !there.includes(name))
      .map(name => `there is no query ${name}`),
  ];
}

const IDS = ['ID', 'String'];

function mediaProblems(
  { queries, mutations, media: fields, createInput }: SchemaPart,
  media: Models['media'],
) {
  const { url, observationId, type, isAvailableForPublicUse } = media;
  const wanted = {
    id: IDS,
    [url]: ['AWSURL', 'String'],
    [observationId]: IDS,
    ...(type && { [type]: null }),
    ...(isAvailableForPublicUse && { [isAvailableForPublicUse]: ['Boolean'] }),
  };
  return [
    ...misfits(`model ${media.name}`, fields, wanted),
    ...misfits(media.createInput, createInput, wanted),
    ...unfilled(media.createInput, createInput, Object.keys(wanted)),
    ...(queries.some(({ name }) => name === media.getQuery) ? [] : [`there is no query ${media.getQuery}`]),
    ...(mutations.includes(media.createMutation) ? [] : [`there is no mutation ${media.createMutation}`]),
  ];
}

/** What is sent for photos and videos. */
function mediaTypesOf({ createInput }: SchemaPart, { type, types }: Models['media']) {
  const field = createInput?.find(({ name }) => name === type);
  const named = field && typeOf(field);
  if (named?.kind !== 'ENUM') {
    const isText = !named || (named.kind === 'SCALAR' && named.name === 'String');
    return {
      values: types,
      problems: isText ? [] : [`${type} is ${named.name ?? named.kind}, and has to be an enum or String`],
    };
  }
  const accepted = (named.enumValues ?? []).map(({ name }) => name);
  const found = mediaTypesIn(accepted);
  const values = { IMAGE: types.IMAGE ?? found.image, VIDEO: types.VIDEO ?? found.video };
  const problems = Object.entries(values)
    .filter(([, value]) => value === null || !accepted.includes(value))
    .map(([kind, value]) => misfitOf(kind as MediaType, value, `${named.name} has ${accepted.join(', ')}`));
  return { values, problems };
}

function misfitOf(kind: MediaType, value: string | null, has: string): string {
  const key = `aws.amplify.models.media.types.${kind.toLowerCase()}`;
  return value === null
    ? `no value of the media type clearly means ${kind === 'IMAGE' ? 'a photo' : 'a video'}, set ${key} (${has})`
    : `${key} is ${value}, which the schema does not have (${has})`;
}

/** Fields that are not there, or of another type; null accepts any type of a single value. */
function misfits(what: string, fields: Field[] | null, wanted: Record<string, string[] | null>): string[] {
  if (!fields) return [`there is no ${what}`];
  const missing = Object.keys(wanted).filter(name => !fields.some(field => field.name === name));
  const wrong = fields.flatMap(field => {
    const accepted = Object.hasOwn(wanted, field.name) ? wanted[field.name] : undefined;
    if (accepted === undefined) return [];
    const { kind, name } = typeOf(field);
    const fits = accepted ? accepted.includes(name ?? '') : kind === 'SCALAR' || kind === 'ENUM';
    const wants = accepted ? accepted.join(' or ') : 'a single value';
    return fits ? [] : [`${what}: ${field.name} is ${name ?? kind}, and has to be ${wants}`];
  });
  return [...(missing.length > 0 ? [`${what} has no ${missing.join(', ')}`] : []), ...wrong];
}

/** Fields without which a record cannot be created, and which the tool does not know how to fill in. */
function unfilled(what: string, fields: Field[] | null, filled: readonly string[]): string[] {
  const required = (fields ?? [])
    .filter(({ name, type }) => type.kind === 'NON_NULL' && !filled.includes(name))
    .map(({ name }) => name);
  return required.length > 0 ? [`${what} wants ${required.join(', ')}, which the tool cannot fill in`] : [];
}

/** The type without its `!`. */
function typeOf({ type }: Field): NamedType {
  return type.kind === 'NON_NULL' && type.ofType ? type.ofType : type;
}

function unfit(problems: string[]): RunError {
  return schemaMismatch(`The schema of AppSync does not fit the configuration: ${problems.join('; ')}`);
}
