/**
 * The one list of single values in config.json: by which flag and environment variable each can be given, and what a
 * person is told about it. `prefix_disambiguation` is edited in the file only.
 */

export interface Config {
  google_drive: {
    folder_id: string;
    /** Of a folder that was shared by link long ago; empty for all others. */
    resource_key: string;
    /** Absolute once loaded. */
    credentials_path: string;
    /** Absolute once loaded. */
    token_path: string;
    /** User for whom a service account acts (domain-wide delegation); '' for none. */
    impersonate: string;
    queries_per_second: number;
    api_url: string;
  };
  aws: {
    region: string;
    cognito: { user_pool_id: string; client_id: string; identity_pool_id: string; username: string };
    amplify: {
      api_endpoint: string;
      storage_bucket: string;
      /** '' where it is `aws.region`. */
      storage_region: string;
      /** The user pool group whose role may write to the storage. */
      storage_group: string;
      server_side_encryption: '' | 'AES256' | 'aws:kms' | 'aws:kms:dsse';
      /** '' for the bucket's own. */
      kms_key_id: string;
      models: ModelNames;
    };
  };
  migration: {
    concurrency: number;
    retry_attempts: number;
    retry_delay_seconds: number;
    /** MiB. */
    chunk_size_mb: number;
    /** MiB; larger files go in parts. */
    multipart_threshold_mb: number;
    default_media_public: boolean;
    max_range: number;
    /** A connection on which no byte moves for so long is given up. */
    stall_timeout_seconds: number;
    /** How long a service that limits the request rate is waited for before the run stops. */
    throttle_patience_minutes: number;
    /** A rate or a timetable, see `bandwidth.ts`; empty for no limit. */
    bwlimit: string;
  };
  naming: 'strict' | 'relaxed';
  prefix_disambiguation: {
    enabled: boolean;
    discriminator_field: string;
    /** Letter before the digits ('' for none) to value of the discriminator; `*` is any value no other prefix names. */
    prefixes: Record<string, string>;
  };
}

/**
 * How the Amplify project calls its models and what is in them. An empty query name stands for the one that Amplify
 * makes of the model's name; an empty `index_query` for the one that the schema has, if any.
 */
export interface ModelNames {
  observation: { name: string; sequential_id: string; list_query: string; index_query: string };
  /** `type` and `is_available_for_public_use` are empty in a project whose model has no such field. */
  media: {
    name: string;
    url: string;
    type: string;
    /** The enum's values; empty ones are found in the schema. */
    types: { image: string; video: string };
    observation_id: string;
    is_available_for_public_use: string;
    list_query: string;
    get_query: string;
    create_mutation: string;
    delete_mutation: string;
  };
}

export type ConfigKey =
  | `google_drive.${keyof Config['google_drive']}`
  | 'aws.region'
  | `aws.cognito.${keyof Config['aws']['cognito']}`
  | `aws.amplify.${Exclude<keyof Config['aws']['amplify'], 'models'>}`
  | `aws.amplify.models.observation.${keyof ModelNames['observation']}`
  | `aws.amplify.models.media.${Exclude<keyof ModelNames['media'], 'types'>}`
  | `aws.amplify.models.media.types.${keyof ModelNames['media']['types']}`
  | `migration.${keyof Config['migration']}`
  | 'naming';

export type SettingKind = 'text' | 'path' | 'number' | 'boolean';

export interface Setting {
  key: ConfigKey;
  kind: SettingKind;
  /** Without the two hyphens. */
  flag: string;
  env?: string;
  summary: string;
}

export const SETTINGS: readonly Setting[] = [
  {
    key: 'google_drive.folder_id',
    kind: 'text',
    flag: 'folder-id',
    summary: 'Drive folder to migrate: its id, or its address in the browser',
  },
  {
    key: 'google_drive.resource_key',
    kind: 'text',
    flag: 'resource-key',
    summary: 'resource key of that folder; an address with "resourcekey=" sets it, too',
  },
  {
    key: 'google_drive.credentials_path',
    kind: 'path',
    flag: 'credentials-path',
    env: 'GOOGLE_APPLICATION_CREDENTIALS',
    summary: 'JSON of a Google desktop client, a service-account key, or other Google credentials',
  },
  {
    key: 'google_drive.token_path',
    kind: 'path',
    flag: 'token-path',
    summary: 'file with the Google refresh token',
  },
  {
    key: 'google_drive.impersonate',
    kind: 'text',
    flag: 'impersonate',
    summary: 'user for whom a service account acts (domain-wide delegation)',
  },
  {
    key: 'google_drive.queries_per_second',
    kind: 'number',
    flag: 'queries-per-second',
    summary: 'requests a second to Drive',
  },
  { key: 'google_drive.api_url', kind: 'text', flag: 'drive-api-url', summary: 'address of the Drive API' },
  {
    key: 'aws.region',
    kind: 'text',
    flag: 'region',
    env: 'AWS_REGION',
    summary: 'AWS region, like us-east-1',
  },
  {
    key: 'aws.cognito.user_pool_id',
    kind: 'text',
    flag: 'user-pool-id',
    summary: 'Cognito user pool, like us-east-1_AbCdEfGhI',
  },
  { key: 'aws.cognito.client_id', kind: 'text', flag: 'client-id', summary: "the user pool's app client" },
  {
    key: 'aws.cognito.identity_pool_id',
    kind: 'text',
    flag: 'identity-pool-id',
    summary: 'Cognito identity pool, like us-east-1:01234567-…',
  },
  {
    key: 'aws.cognito.username',
    kind: 'text',
    flag: 'username',
    summary: 'who signs in to the user pool; with Amplify the e-mail address',
  },
  {
    key: 'aws.amplify.api_endpoint',
    kind: 'text',
    flag: 'api-endpoint',
    env: 'AMPLIFY_API_ENDPOINT',
    summary: 'AppSync address, ending in /graphql',
  },
  {
    key: 'aws.amplify.storage_bucket',
    kind: 'text',
    flag: 'storage-bucket',
    summary: 'S3 bucket of Amplify Storage',
  },
  {
    key: 'aws.amplify.storage_region',
    kind: 'text',
    flag: 'storage-region',
    summary: 'AWS region of the bucket, if it is another one',
  },
  {
    key: 'aws.amplify.storage_group',
    kind: 'text',
    flag: 'storage-group',
    summary: 'user pool group that may write to the bucket',
  },
  {
    key: 'aws.amplify.server_side_encryption',
    kind: 'text',
    flag: 'server-side-encryption',
    summary: 'encryption that uploads ask for: AES256, aws:kms or aws:kms:dsse',
  },
  {
    key: 'aws.amplify.kms_key_id',
    kind: 'text',
    flag: 'kms-key-id',
    summary: 'KMS key of that encryption; the default key of the bucket when empty',
  },
  {
    key: 'aws.amplify.models.observation.name',
    kind: 'text',
    flag: 'observation-model',
    summary: 'model that the files belong to',
  },
  {
    key: 'aws.amplify.models.observation.sequential_id',
    kind: 'text',
    flag: 'sequential-id-field',
    summary: 'its field with the number in the file names',
  },
  {
    key: 'aws.amplify.models.observation.list_query',
    kind: 'text',
    flag: 'observation-list-query',
    summary: 'query that lists it; made of its name when empty',
  },
  {
    key: 'aws.amplify.models.observation.index_query',
    kind: 'text',
    flag: 'observation-index-query',
    summary: 'query of the index on that field; looked for when empty',
  },
  {
    key: 'aws.amplify.models.media.name',
    kind: 'text',
    flag: 'media-model',
    summary: 'model of the media records',
  },
  {
    key: 'aws.amplify.models.media.url',
    kind: 'text',
    flag: 'media-url-field',
    summary: 'its field for the address of the object',
  },
  {
    key: 'aws.amplify.models.media.type',
    kind: 'text',
    flag: 'media-type-field',
    summary: 'its field for photo or video; empty if it has none',
  },
  {
    key: 'aws.amplify.models.media.types.image',
    kind: 'text',
    flag: 'media-type-image',
    summary: 'value of that field for photos, like PHOTO; found in the schema when empty',
  },
  {
    key: 'aws.amplify.models.media.types.video',
    kind: 'text',
    flag: 'media-type-video',
    summary: 'value of that field for videos, like VIDEO; found in the schema when empty',
  },
  {
    key: 'aws.amplify.models.media.observation_id',
    kind: 'text',
    flag: 'media-observation-field',
    summary: "its field for the observation's id",
  },
  {
    key: 'aws.amplify.models.media.is_available_for_public_use',
    kind: 'text',
    flag: 'media-public-field',
    summary: 'its yes-or-no field for public use; empty if it has none',
  },
  {
    key: 'aws.amplify.models.media.list_query',
    kind: 'text',
    flag: 'media-list-query',
    summary: 'query that lists it; made of its name when empty',
  },
  {
    key: 'aws.amplify.models.media.get_query',
    kind: 'text',
    flag: 'media-get-query',
    summary: 'query that gets one; made of its name when empty',
  },
  {
    key: 'aws.amplify.models.media.create_mutation',
    kind: 'text',
    flag: 'media-create-mutation',
    summary: 'mutation that creates one; made of its name when empty',
  },
  {
    key: 'aws.amplify.models.media.delete_mutation',
    kind: 'text',
    flag: 'media-delete-mutation',
    summary: 'mutation that deletes one; made of its name when empty',
  },
  {
    key: 'migration.concurrency',
    kind: 'number',
    flag: 'concurrency',
    summary: 'files transferred at a time',
  },
  {
    key: 'migration.retry_attempts',
    kind: 'number',
    flag: 'retry-attempts',
    summary: 'retries after a temporary error',
  },
  {
    key: 'migration.retry_delay_seconds',
    kind: 'number',
    flag: 'retry-delay-seconds',
    summary: 'wait before the first new attempt, in seconds',
  },
  {
    key: 'migration.chunk_size_mb',
    kind: 'number',
    flag: 'chunk-size-mb',
    summary: 'part size of multipart uploads, in MiB',
  },
  {
    key: 'migration.multipart_threshold_mb',
    kind: 'number',
    flag: 'multipart-threshold-mb',
    summary: 'largest file that is sent in one request, in MiB',
  },
  {
    key: 'migration.default_media_public',
    kind: 'boolean',
    flag: 'default-media-public',
    summary: 'isAvailableForPublicUse of the media records',
  },
  {
    key: 'migration.max_range',
    kind: 'number',
    flag: 'max-range',
    summary: 'most ids that one file name may stand for',
  },
  {
    key: 'migration.stall_timeout_seconds',
    kind: 'number',
    flag: 'stall-timeout-seconds',
    summary: 'seconds without a byte after which a connection is given up',
  },
  {
    key: 'migration.throttle_patience_minutes',
    kind: 'number',
    flag: 'throttle-patience-minutes',
    summary: 'minutes to wait for a service that limits the request rate before the run stops',
  },
  {
    key: 'migration.bwlimit',
    kind: 'text',
    flag: 'bwlimit',
    summary: 'bandwidth limit for all files together: a rate a second like 20M or 512k, or a timetable',
  },
  { key: 'naming', kind: 'text', flag: 'naming', summary: 'how file names are read: strict or relaxed' },
];

/** The region of the bucket. */
export function storageRegionOf({ region, amplify }: Config['aws']): string {
  return amplify.storage_region || region;
}

export function settingOf(key: ConfigKey): Setting {
  const setting = SETTINGS.find(candidate => candidate.key === key);
  if (!setting) throw new TypeError(`no setting ${key}`);
  return setting;
}

/** The value under a dotted key; undefined if it or a section above it is missing. */
export function valueAt(values: unknown, key: string): unknown {
  let at: unknown = values;
  for (const name of key.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** Sets a dotted key in place, with the sections above it. A section that is no object is replaced. */
export function setAt(values: Record<string, unknown>, key: string, value: unknown): void {
  const names = key.split('.');
  const last = names.pop()!;
  let at = values;
  for (const name of names) {
    const below = at[name];
    if (typeof below !== 'object' || below === null || Array.isArray(below)) at[name] = {};
    at = at[name] as Record<string, unknown>;
  }
  at[last] = value;
}
