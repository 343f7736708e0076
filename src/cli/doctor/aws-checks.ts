/** Checks of Cognito, S3 and AppSync. */
import { randomUUID } from 'node:crypto';
import { RunError } from '../../../stages/errors.ts';
import { KEYS_FOR } from '../../config/settings.ts';
import { type Models, modelsOf } from '../../services/appsync/models.ts';
import { fitted, indexQueryIn } from '../../services/appsync/schema.ts';
import { readOnce } from '../../services/appsync/sweep.ts';
import { MAX_WHOLE_RETRY_MIB } from '../../services/s3/upload.ts';
import { type Check, NotChecked } from './check.ts';

export const AWS_CHECKS: readonly Check[] = [
  {
    name: 'cognito_sign_in',
    title: 'Cognito sign-in',
    keys: KEYS_FOR.cognito,
    async run({ loaded, services }) {
      await (await services.session()).idToken();
      return loaded.config.aws.cognito.username;
    },
  },
  {
    name: 'admins_group',
    title: 'Group',
    after: ['cognito_sign_in'],
    async run({ loaded, services }) {
      const { cognito, amplify } = loaded.config.aws;
      const group = amplify.storage_group;
      const list = await (await services.session()).groups();
      if (list.includes(group)) return list.join(', ');
      throw new RunError(
        'not_in_group',
        `${cognito.username} is not in the group ${group} (${list.join(', ') || 'in no group'}).`,
        `Add the user to ${group} in the Cognito console (User pools, Groups), then "migrator login aws".`,
      );
    },
  },
  /** The identity pool returns credentials of the group's role. */
  {
    name: 'identity_pool_keys',
    title: 'Identity pool',
    after: ['cognito_sign_in'],
    keys: ['aws.cognito.identity_pool_id'],
    async run({ services }) {
      const session = await services.session();
      const { expiration } = await session.credentials();
      const role = session.credentials.user?.()?.role;
      const which = role
        ? `role ${role.slice(role.lastIndexOf('/') + 1)}`
        : 'the role of all signed-in users';
      return `keys of ${which}, until ${expiration.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    },
  },
  {
    name: 'storage_write',
    title: 'Storage',
    after: ['identity_pool_keys'],
    keys: KEYS_FOR.storage,
    async run({ loaded, services }) {
      const { aws, migration } = loaded.config;
      const storage = await services.storage();
      await storage.objects().probe(`media/.migrator-doctor-${randomUUID()}`);
      return `${aws.amplify.storage_bucket} accepts and deletes objects under media/. Files above ${migration.multipart_threshold_mb} MiB, or above ${MAX_WHOLE_RETRY_MIB} MiB after an error, are uploaded in parts: add a lifecycle rule with AbortIncompleteMultipartUpload to delete parts of interrupted uploads`;
    },
  },
  /** AppSync answers the queries that the tool sends. */
  {
    name: 'appsync_read',
    title: 'AppSync',
    after: ['cognito_sign_in'],
    keys: KEYS_FOR.data,
    async run({ loaded, services }) {
      const { models } = loaded.config.aws.amplify;
      const { isEmpty, unreadable } = await readOnce(await services.dataClient(), modelsOf(models));
      const found = `${models.observation.name} can be read`;
      if (unreadable)
        return `${found}, except for the record ${unreadable.name}, which runs leave out: ${unreadable.reason} Correct it in the app`;
      return isEmpty ? `${found}, and is empty: every file would be an orphan` : found;
    },
  },
  /** The schema has the models, fields and operations of the configuration. */
  {
    name: 'appsync_schema',
    title: 'Schema',
    after: ['appsync_read'],
    async run({ loaded, services }) {
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
  },
];

function sentAs({ media: { types } }: Models): string {
  return `${types.IMAGE ?? 'IMAGE'} (photos) and ${types.VIDEO ?? 'VIDEO'} (videos)`;
}
