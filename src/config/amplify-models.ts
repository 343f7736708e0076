/** What `data.model_introspection` of an amplify_outputs.json says about the two models (docs/services.md). */
import { asList, isPlainObject } from './json.ts';
import { mediaTypesIn } from './media-types.ts';
import { type ConfigValues, settingOf, valueAt } from './settings.ts';

/** A type that is no scalar is an object with one of these. */
const KINDS = ['enum', 'model'] as const;

interface Field {
  name: string;
  /** A scalar, or the name of an enum or model. */
  type: string;
  kind: 'scalar' | (typeof KINDS)[number];
  /** Of a BELONGS_TO: the field with the id of what it belongs to. */
  targetName: string | null;
}

interface Model {
  name: string;
  pluralName: string;
  fields: Field[];
  /** Queries of the secondary indexes, by the field that leads the index. */
  indexQueries: Map<string, string>;
}

/**
 * Names of models, fields and queries for the configuration, as far as they are clear: models that are called as
 * `names` says, else the one pair of models in the project that looks like observations and their media. Empty without
 * such a pair, and then `warning` says so. A warning, too, for an enum of the media type whose values are not clear,
 * unless `types` has them already.
 */
export function modelValues(
  introspection: unknown,
  names: { observation: string; media: string; types?: { image: string; video: string } },
): { values: ConfigValues; warning: string | null } {
  const models = modelsIn(introspection);
  if (models.length === 0) return { values: {}, warning: null };
  const named = (name: string) => models.find(model => model.name === name);
  const pairs = models.flatMap(media =>
    models.filter(observation => isPair(observation, media)).map(observation => ({ observation, media })),
  );
  const [observation, media] = [named(names.observation), named(names.media)];
  const pair = observation && media ? { observation, media } : pairs.length === 1 ? pairs[0]! : null;
  if (!pair) {
    return {
      values: {},
      warning: `It is not clear which models hold the observations and their media (there are ${models
        .map(({ name }) => name)
        .join(', ')}); set them with --observation-model and --media-model, then run this again.`,
    };
  }
  const mediaFields = mediaValues(pair);
  const typeField = mediaFields['aws.amplify.models.media.type'];
  const { values, warning } = typeValues(pair.media, typeField, introspection, names.types);
  return { values: { ...observationValues(pair.observation), ...mediaFields, ...values }, warning };
}

/** If the media type is an enum: its values for photos and videos, as far as they are clear. */
function typeValues(
  media: Model,
  field: unknown,
  introspection: unknown,
  known: { image: string; video: string } = { image: '', video: '' },
): { values: ConfigValues; warning: string | null } {
  const type = media.fields.find(({ name, kind }) => name === field && kind === 'enum')?.type;
  const accepted = valueAt(introspection, `enums.${type}.values`);
  if (!Array.isArray(accepted)) return { values: {}, warning: null };
  const found = mediaTypesIn(accepted.filter(value => typeof value === 'string'));
  const values: ConfigValues = {};
  const flags: string[] = [];
  for (const kind of ['image', 'video'] as const) {
    const key = `aws.amplify.models.media.types.${kind}` as const;
    if (accepted.includes(known[kind])) continue;
    if (found[kind] === null) flags.push(`--${settingOf(key).flag}`);
    else values[key] = found[kind];
  }
  const warning = `It is not clear which values of ${type} mean a photo and a video (there are ${accepted.join(', ')}); set ${flags.join(' and ')}.`;
  return { values, warning: flags.length > 0 ? warning : null };
}

function observationValues({ name, pluralName, fields, indexQueries }: Model): ConfigValues {
  const numbers = fields.filter(({ type }) => type === 'Int').map(field => field.name);
  const indexed = numbers.filter(number => indexQueries.has(number));
  const sequentialId =
    only(numbers.filter(number => number === 'sequentialId')) ?? only(indexed) ?? only(numbers);
  const key = 'aws.amplify.models.observation' as const;
  return {
    [`${key}.name`]: name,
    [`${key}.list_query`]: listQueryOf(pluralName),
    ...(sequentialId && {
      [`${key}.sequential_id`]: sequentialId,
      [`${key}.index_query`]: indexQueries.get(sequentialId) ?? '',
    }),
  };
}

function mediaValues({ observation, media }: { observation: Model; media: Model }): ConfigValues {
  const { name, pluralName, fields } = media;
  const fieldOf = (preferred: string, fits: (field: Field) => boolean) => {
    const fitting = fields.filter(fits).map(field => field.name);
    return fitting.includes(preferred) ? preferred : only(fitting);
  };
  const key = 'aws.amplify.models.media' as const;
  const found = {
    url: fieldOf('url', ({ type }) => type === 'AWSURL'),
    observation_id:
      belongsTo(media, observation) ??
      fieldOf('observationId', ({ type, name: id }) => type === 'ID' && id !== 'id'),
    type:
      fieldOf('type', ({ kind }) => kind === 'enum') ??
      fields.find(({ name: field, type }) => field === 'type' && type === 'String')?.name ??
      '',
    is_available_for_public_use: fieldOf('isAvailableForPublicUse', ({ type }) => type === 'Boolean') ?? '',
  };
  return {
    [`${key}.name`]: name,
    [`${key}.list_query`]: listQueryOf(pluralName),
    ...Object.fromEntries(
      Object.entries(found).flatMap(([field, value]) => (value === null ? [] : [[`${key}.${field}`, value]])),
    ),
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
  return field?.targetName ?? null;
}

function listQueryOf(pluralName: string): string {
  return `list${pluralName.charAt(0).toUpperCase()}${pluralName.slice(1)}`;
}

function only(names: string[]): string | null {
  return names.length === 1 ? names[0]! : null;
}

function modelsIn(introspection: unknown): Model[] {
  return entriesOf(introspection, 'models').flatMap(entry => {
    const { name, pluralName, attributes } = entry;
    if (typeof name !== 'string') return [];
    return {
      name,
      pluralName: typeof pluralName === 'string' ? pluralName : `${name}s`,
      fields: entriesOf(entry, 'fields').flatMap(fieldIn),
      indexQueries: new Map(asList(attributes).flatMap(indexIn)),
    };
  });
}

function entriesOf(container: unknown, key: string): Record<string, unknown>[] {
  return Object.values(valueAt(container, key) ?? {}).filter(isPlainObject);
}

function fieldIn({ name, type, isArray, association }: Record<string, unknown>): Field[] {
  if (typeof name !== 'string' || isArray === true) return [];
  const kind = KINDS.find(key => typeof valueAt(type, key) === 'string') ?? 'scalar';
  const [target] = asList(valueAt(association, 'targetNames'));
  const targetName = typeof target === 'string' ? target : null;
  return [{ name, type: String(kind === 'scalar' ? type : valueAt(type, kind)), kind, targetName }];
}

function indexIn(attribute: unknown): [string, string][] {
  const [first] = asList(valueAt(attribute, 'properties.fields'));
  const queryField = valueAt(attribute, 'properties.queryField');
  const isIndex = valueAt(attribute, 'type') === 'key';
  return isIndex && typeof queryField === 'string' && typeof first === 'string' ? [[first, queryField]] : [];
}
