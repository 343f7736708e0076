import { KEYS_FOR } from '../../config/require-keys.ts';
import { type Models, modelsOf } from '../../services/appsync/models.ts';
import { type Check, NotChecked } from './check.ts';

/** AppSync answers the queries that the tool sends. */
export const read: Check = {
  name: 'appsync_read',
  title: 'AppSync',
  after: ['cognito_sign_in'],
  keys: KEYS_FOR.data,
  async run({ loaded, services }) {
    const { readOnce } = await import('../../services/appsync/probe.ts');
    const { api_endpoint, models } = loaded.config.aws.amplify;
    const { isEmpty, unreadable } = await readOnce(
      await services.dataClient(),
      api_endpoint,
      modelsOf(models),
    );
    if (unreadable)
      return `${models.observation.name} can be read, except for the record ${unreadable.name}, which runs leave out: ${unreadable.reason} Correct it in the app`;
    return !isEmpty
      ? `${models.observation.name} can be read`
      : `${models.observation.name} can be read, and is empty: every file would be an orphan`;
  },
};

/** The schema has the models, fields and operations of the configuration. */
export const schema: Check = {
  name: 'appsync_schema',
  title: 'Schema',
  after: ['appsync_read'],
  async run({ loaded, services }) {
    const { fitted, indexQueryIn } = await import('../../services/appsync/schema.ts');
    const { prefix_disambiguation: rules } = loaded.config;
    const names = modelsOf(loaded.config.aws.amplify.models);
    const found = await services.schema();
    const { name, type } = names.media;
    if (!found) {
      const sent = type
        ? ` Media types are sent as ${sentAs(names)}; if the schema has other values, set --media-type-image and --media-type-video with "migrator config".`
        : '';
      throw new NotChecked(`the API does not publish its schema (introspection is off).${sent}`);
    }
    const models = fitted(found, names, rules.enabled ? rules.discriminator_field : null);
    const index = indexQueryIn(found, names.observation);
    const { sequentialId } = names.observation;
    const how = index ? `index ${index}` : `no index on ${sequentialId}; the whole table is read instead`;
    const sent = type ? `; media types ${sentAs(models)}` : '';
    return `${names.observation.name} and ${name} have what is needed; ${how}${sent}`;
  },
};

function sentAs({ media: { types } }: Models): string {
  return `${types.IMAGE ?? 'IMAGE'} (photos) and ${types.VIDEO ?? 'VIDEO'} (videos)`;
}
