/** What `data.model_introspection` of an amplify_outputs.json says about the two models (docs/services.md). */
import { asList, isPlainObject } from './json.ts';
import { type ConfigValues, type ModelNames, settingOf, valueAt } from './settings.ts';

/** A type that is no scalar is an object with one of these. */
const KINDS = ['enum', 'model'] as const;

interface Field {
  name: string;
  /** A scalar, or the name of an enum or model. */
  type: string;
  kind: 'scalar' | (typeof KINDS)[number];
  /** In a BELONGS_TO, the field with the id of the model that it belongs to. */
  targetName: unknown;
}

interface Model {
  name: string;
  listQuery: string;
  fields: Field[];
  /** Queries of the secondary indexes, by the field that leads the index. */
  indexQueries: Map<unknown, string>;
}

/**
 * Names of models, fields and queries for the configuration, as far as they are clear: models that are called as
 * `known` says, else the one pair of models in the project that looks like observations and their media. Empty without
 * such a pair, and then `warning` says so. A warning, too, for an enum of the media type whose values are not clear,
 * unless `known` has them already.
 */
export function modelValues(
  introspection: unknown,
  known: ModelNames,
): { values: ConfigValues; warning: string | null } {
  const models = modelsIn(introspection);
  if (models.length === 0) return { values: {}, warning: null };
  const named = (wanted: string) => models.find(({ name }) => name === wanted);
  const pairs = models.flatMap(media =>
    models
      .filter(observation => isPair(observation, media))
      .map(observation => [observation, media] as const),
  );
  const [observation, media] = [named(known.observation.name), named(known.media.name)];
  const pair = observation && media ? ([observation, media] as const) : pairs.length === 1 ? pairs[0]! : null;
  if (!pair) {
    const list = models.map(({ name }) => name).join(', ');
    return {
      values: {},
      warning: `It is not clear which models are the observations and their media (there are ${list}); set them with --observation-model and --media-model, then run this again.`,
    };
  }
  const mediaFields = mediaValues(...pair);
  const typeField = mediaFields['aws.amplify.models.media.type'];
  const { values, warning } = typeValues(pair[1], typeField, introspection, known.media.types);
  return { values: { ...observationValues(pair[0]), ...mediaFields, ...values }, warning };
}

/** If the media type is an enum: its values for photos and videos, as far as they are clear. */
function typeValues(
  media: Model,
  field: unknown,
  introspection: unknown,
  known: ModelNames['media']['types'],
): { values: ConfigValues; warning: string | null } {
  const type = media.fields.find(({ name, kind }) => name === field && kind === 'enum')?.type;
  const accepted = asList(valueAt(introspection, `enums.${type}.values`));
  const found = mediaTypesIn(accepted.filter(value => typeof value === 'string'));
  const values: ConfigValues = {};
  const flags: string[] = [];
  for (const kind of ['image', 'video'] as const) {
    const key = `aws.amplify.models.media.types.${kind}` as const;
    if (accepted.length === 0 || accepted.includes(known[kind])) continue;
    if (found[kind] === null) flags.push(`--${settingOf(key).flag}`);
    else values[key] = found[kind];
  }
  const warning = `It is not clear which values of ${type} mean a photo and a video (there are ${accepted.join(', ')}); set ${flags.join(' and ')}.`;
  return { values, warning: flags.length > 0 ? warning : null };
}

function observationValues({ name, listQuery, fields, indexQueries }: Model): ConfigValues {
  const numbers = fields.filter(({ type }) => type === 'Int').map(field => field.name);
  const indexed = numbers.filter(number => indexQueries.has(number));
  const sequentialId = numbers.find(number => number === 'sequentialId') ?? only(indexed) ?? only(numbers);
  return {
    'aws.amplify.models.observation.name': name,
    'aws.amplify.models.observation.list_query': listQuery,
    ...(sequentialId && {
      'aws.amplify.models.observation.sequential_id': sequentialId,
      'aws.amplify.models.observation.index_query': indexQueries.get(sequentialId) ?? '',
    }),
  };
}

function mediaValues(observation: Model, media: Model): ConfigValues {
  const { name, listQuery, fields } = media;
  const fieldOf = (preferred: string, fits: (field: Field) => boolean) => {
    const fitting = fields.filter(fits).map(field => field.name);
    return fitting.includes(preferred) ? preferred : only(fitting);
  };
  const url = fieldOf('url', ({ type }) => type === 'AWSURL');
  const isId = (field: Field) => field.type === 'ID' && field.name !== 'id';
  const observationId = belongsTo(media, observation) ?? fieldOf('observationId', isId);
  const text = fields.find(field => field.name === 'type' && field.type === 'String');
  const type = fieldOf('type', ({ kind }) => kind === 'enum') ?? text?.name ?? '';
  const isPublic = fieldOf('isAvailableForPublicUse', field => field.type === 'Boolean') ?? '';
  return {
    'aws.amplify.models.media.name': name,
    'aws.amplify.models.media.list_query': listQuery,
    ...(url !== null && { 'aws.amplify.models.media.url': url }),
    ...(observationId !== null && { 'aws.amplify.models.media.observation_id': observationId }),
    'aws.amplify.models.media.type': type,
    'aws.amplify.models.media.is_available_for_public_use': isPublic,
  };
}

/** Media belong to an observation and have a URL; an observation has a number. */
function isPair(observation: Model, media: Model): boolean {
  return (
    media !== observation &&
    belongsTo(media, observation) !== null &&
    media.fields.some(({ type }) => type === 'AWSURL') &&
    observation.fields.some(({ type }) => type === 'Int')
  );
}

function belongsTo(media: Model, observation: Model): string | null {
  const field = media.fields.find(({ kind, type }) => kind === 'model' && type === observation.name);
  return typeof field?.targetName === 'string' ? field.targetName : null;
}

function only(names: string[]): string | null {
  return names.length === 1 ? names[0]! : null;
}

function modelsIn(introspection: unknown): Model[] {
  return entriesOf(introspection, 'models').map(model => {
    const plural = String(model.pluralName ?? `${model.name}s`);
    return {
      name: model.name,
      listQuery: `list${plural.charAt(0).toUpperCase()}${plural.slice(1)}`,
      fields: entriesOf(model, 'fields').flatMap(fieldIn),
      indexQueries: new Map(asList(model.attributes).flatMap(indexIn)),
    };
  });
}

function entriesOf(container: unknown, key: string): (Record<string, unknown> & { name: string })[] {
  return Object.values(valueAt(container, key) ?? {}).filter(
    entry => isPlainObject(entry) && typeof entry.name === 'string',
  );
}

function fieldIn({ name, type, isArray, association }: Record<string, unknown> & { name: string }): Field[] {
  if (isArray === true) return [];
  const kind = KINDS.find(key => typeof valueAt(type, key) === 'string') ?? 'scalar';
  const [targetName] = asList(valueAt(association, 'targetNames'));
  return [{ name, type: String(kind === 'scalar' ? type : valueAt(type, kind)), kind, targetName }];
}

function indexIn(attribute: unknown): [unknown, string][] {
  const [first] = asList(valueAt(attribute, 'properties.fields'));
  const query = valueAt(attribute, 'properties.queryField');
  return valueAt(attribute, 'type') === 'key' && typeof query === 'string' ? [[first, query]] : [];
}

const WORDS = {
  image: ['IMAGE', 'PHOTO', 'PICTURE', 'STILL'],
  video: ['VIDEO', 'MOVIE', 'FILM', 'CLIP'],
} as const;

/** The enum's values for photos and videos; null where none, or more than one, could be meant. */
export function mediaTypesIn(values: readonly string[]) {
  const only = (words: readonly string[]) => {
    const matching = values.filter(value => words.includes(value.toUpperCase()));
    return matching.length === 1 ? matching[0]! : null;
  };
  return { image: only(WORDS.image), video: only(WORDS.video) };
}
