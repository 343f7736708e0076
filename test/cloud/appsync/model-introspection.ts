/** What Amplify's tools write about the two models into amplify_outputs.json (`data.model_introspection`). */
import { MEDIA_TYPES } from './appsync.ts';

const RULES = [
  { provider: 'userPools', allow: 'groups', groupClaim: 'cognito:groups', groups: ['ADMINS'] },
  { provider: 'userPools', allow: 'private', operations: ['read'] },
];

const BY_SEQUENTIAL_ID = {
  type: 'key',
  properties: {
    name: 'observationsBySequentialId',
    queryField: 'listObservationBySequentialId',
    fields: ['sequentialId'],
  },
};

/** The introspection of Observation and Media, with or without the index on `sequentialId` (docs/services.md, outputs). */
export function modelIntrospection(
  index: boolean,
  mediaTypes: readonly string[] | null = MEDIA_TYPES,
): Record<string, unknown> {
  return {
    version: 1,
    models: {
      Observation: model(
        'Observation',
        'Observations',
        [
          field('sequentialId', 'Int', true),
          field('countryId', 'ID'),
          field('species', 'String'),
          {
            ...field('media', { model: 'Media' }),
            isArray: true,
            isArrayNullable: true,
            association: { connectionType: 'HAS_MANY', associatedWith: ['observationId'] },
          },
        ],
        index ? [BY_SEQUENTIAL_ID] : [],
      ),
      Media: model('Media', 'Media', [
        field('url', 'AWSURL', true),
        field('type', mediaTypes ? { enum: 'MediaType' } : 'String'),
        field('observationId', 'ID', true),
        {
          ...field('observation', { model: 'Observation' }),
          association: { connectionType: 'BELONGS_TO', targetNames: ['observationId'] },
        },
        field('isAvailableForPublicUse', 'Boolean', true),
      ]),
    },
    enums: mediaTypes ? { MediaType: { name: 'MediaType', values: mediaTypes } } : {},
    nonModels: {},
  };
}

interface Field {
  name: string;
  [property: string]: unknown;
}

function field(name: string, type: string | Record<string, string>, isRequired = false): Field {
  return { name, isArray: false, type, isRequired, attributes: [] };
}

function model(
  name: string,
  pluralName: string,
  own: Field[],
  keys: unknown[] = [],
): Record<string, unknown> {
  const times = ['createdAt', 'updatedAt'].map(time => ({ ...field(time, 'AWSDateTime'), isReadOnly: true }));
  const fields = [field('id', 'ID', true), ...own, ...times];
  return {
    name,
    fields: Object.fromEntries(fields.map(each => [each.name, each])),
    syncable: true,
    pluralName,
    attributes: [{ type: 'model', properties: {} }, ...keys, { type: 'auth', properties: { rules: RULES } }],
    primaryKeyInfo: { isCustomPrimaryKey: false, primaryKeyFieldName: 'id', sortKeyFieldNames: [] },
  };
}
