/** Whether an AppSync API has the models, fields, values and operations that the tool is configured for. */
import type { RunError } from '../../../stages/errors.ts';
import type { MediaType } from '../../../stages/record.ts';
import { mediaTypesIn } from '../../config/media-types.ts';
import { schemaMismatch } from './errors.ts';
import type { Models } from './models.ts';
import { type Field, indexQueryIn, isPlain, type SchemaPart, typeOf } from './schema.ts';

/**
 * The models, completed from the schema: the index query and the values of the media type. Throws one RunError that lists
 * everything that does not fit.
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

export function unfit(problems: string[]): RunError {
  return schemaMismatch(`The schema of AppSync does not fit the configuration: ${problems.join('; ')}`);
}
