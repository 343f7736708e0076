/** What an AppSync API says about its schema, and whether it has the models, fields, values and operations that are configured. */
import type { RunError } from '../../../stages/errors.ts';
import { mediaTypesIn } from '../../config/amplify-models.ts';
import type { AppSyncClient } from './client.ts';
import { isSignInRefused, RequestFailed, requestRetryPolicy, schemaMismatch } from './errors.ts';
import type { Models } from './models.ts';

interface NamedType {
  kind: string;
  name: string | null;
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

/** Null if introspection is switched off. Throws RunError if the API cannot be reached or refuses the sign-in. */
export async function readSchema(
  client: AppSyncClient,
  { observation, media }: Models,
): Promise<SchemaPart | null> {
  const variables = { observation: observation.name, media: media.name, input: media.createInput };
  const data = await client.read({ document: DOCUMENT, variables }).catch(nullIfRefused);
  if (!data?.__schema) return null;
  const { queryType, mutationType } = data.__schema as Record<string, { fields: unknown } | null>;
  const fieldsOf = (name: string, list = 'fields') =>
    ((data[name] as Record<string, Field[] | null> | null)?.[list] ?? null) as Field[] | null;
  return {
    queries: (queryType?.fields ?? []) as SchemaPart['queries'],
    mutations: ((mutationType?.fields ?? []) as { name: string }[]).map(({ name }) => name),
    observation: fieldsOf('observation'),
    media: fieldsOf('media'),
    createInput: fieldsOf('createInput', 'inputFields'),
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

function isPlain({ kind }: NamedType): boolean {
  return kind === 'SCALAR' || kind === 'ENUM';
}

function typeOf({ type }: Field): NamedType {
  return type.kind === 'NON_NULL' && type.ofType ? type.ofType : type;
}

/** The models, completed from the schema. Throws one RunError that lists everything that does not fit. */
export function fitted(schema: SchemaPart, models: Models, discriminatorField: string | null): Models {
  const { observation, media } = models;
  const { url, observationId, type, isAvailableForPublicUse, createInput } = media;
  const fields = {
    id: IDS,
    [url]: ['AWSURL', 'String'],
    [observationId]: IDS,
    ...(type && { [type]: null }),
    ...(isAvailableForPublicUse && { [isAvailableForPublicUse]: ['Boolean'] }),
  };
  const operations = new Set([...schema.queries.map(({ name }) => name), ...schema.mutations]);
  const lacking = (kind: string, names: (string | null)[]) =>
    names.filter(name => name !== null && !operations.has(name)).map(name => `there is no ${kind} ${name}`);
  const types = mediaTypesOf(schema, media);
  const problems = [
    ...misfits(`model ${observation.name}`, schema.observation, {
      id: IDS,
      [observation.sequentialId]: ['Int'],
      ...(discriminatorField && { [discriminatorField]: null }),
    }),
    ...lacking('query', [observation.listQuery, observation.indexQuery]),
    ...misfits(`model ${media.name}`, schema.media, fields),
    ...misfits(createInput, schema.createInput, fields),
    ...unfilled(createInput, schema.createInput, Object.keys(fields)),
    ...lacking('query', [media.getQuery]),
    ...lacking('mutation', [media.createMutation]),
    ...types.problems,
  ];
  if (problems.length > 0)
    throw schemaMismatch(`The schema of AppSync does not fit the configuration: ${problems.join('; ')}`);
  return {
    observation: { ...observation, indexQuery: indexQueryIn(schema, observation) },
    media: { ...media, types: types.values },
  };
}

const IDS = ['ID', 'String'];

function mediaTypesOf({ createInput }: SchemaPart, { type, types }: Models['media']) {
  const field = createInput?.find(({ name }) => name === type);
  const { kind, name, enumValues } = field ? typeOf(field) : STRING;
  if (kind !== 'ENUM') {
    const isText = kind === 'SCALAR' && name === 'String';
    const problems = isText ? [] : [`${type} is ${name ?? kind}, and has to be an enum or String`];
    return { values: types, problems };
  }
  const accepted = (enumValues ?? []).map(value => value.name);
  const found = mediaTypesIn(accepted);
  const values = { IMAGE: types.IMAGE ?? found.image, VIDEO: types.VIDEO ?? found.video };
  const problems = Object.entries(values).flatMap(([medium, value]) => {
    const key = `aws.amplify.models.media.types.${medium.toLowerCase()}`;
    const has = `(${name} has ${accepted.join(', ')})`;
    if (value === null)
      return `no value of the media type clearly means ${medium === 'IMAGE' ? 'a photo' : 'a video'}, set ${key} ${has}`;
    return accepted.includes(value) ? [] : `${key} is ${value}, which the schema does not have ${has}`;
  });
  return { values, problems };
}

const STRING: NamedType = { kind: 'SCALAR', name: 'String', enumValues: null };

/** Fields that are not there, or of another type; null accepts any type of a single value. */
function misfits(what: string, fields: Field[] | null, wanted: Record<string, string[] | null>): string[] {
  if (!fields) return [`there is no ${what}`];
  const missing = Object.keys(wanted).filter(name => !fields.some(field => field.name === name));
  const wrong = fields.flatMap(field => {
    const accepted = Object.hasOwn(wanted, field.name) ? wanted[field.name] : undefined;
    if (accepted === undefined) return [];
    const { kind, name } = typeOf(field);
    const fits = accepted ? accepted.includes(name ?? '') : isPlain(typeOf(field));
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
