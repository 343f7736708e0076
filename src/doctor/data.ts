import { KEYS_FOR } from '../config/require-keys.ts';
import { modelsOf } from '../data/models.ts';
import { type Check, NotChecked } from './check.ts';

/** AppSync answers the queries that the tool sends. */
export const read: Check = {
  name: 'appsync_read',
  title: 'AppSync',
  after: ['cognito_sign_in'],
  keys: KEYS_FOR.data,
  async run({ loaded, neighbours }) {
    const { readOnce } = await import('../data/schema-check.ts');
    const { api_endpoint, models } = loaded.config.aws.amplify;
    const found = await readOnce(await neighbours.dataClient(), api_endpoint, modelsOf(models));
    return found
      ? `${models.observation.name} can be read`
      : `${models.observation.name} can be read, and is empty: every file would be an orphan`;
  },
};

/** The schema has the models, fields and operations of the configuration. */
export const schema: Check = {
  name: 'appsync_schema',
  title: 'Schema',
  after: ['appsync_read'],
  async run({ loaded, neighbours }) {
    const { readSchema, refuseUnfit } = await import('../data/schema-check.ts');
    const { api_endpoint, models } = loaded.config.aws.amplify;
    const { prefix_disambiguation: rules } = loaded.config;
    const names = modelsOf(models);
    const found = await readSchema(await neighbours.dataClient(), api_endpoint, names);
    if (!found) {
      throw new NotChecked(
        'the API does not tell its schema (introspection is off); what can be read, can be read',
      );
    }
    const index = refuseUnfit(found, names, rules.enabled ? rules.discriminator_field : null);
    const { name, sequentialId } = names.observation;
    const how = index ? `index ${index}` : `no index on ${sequentialId}; the whole table is read instead`;
    return `${name} and ${names.media.name} have what is needed; ${how}`;
  },
};
