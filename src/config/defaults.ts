import { join } from 'node:path';
import type { Config, ModelNames } from './settings.ts';

/** What holds where nothing else is said. Empty text means "not set". Paths lie in the given home folder. */
export function defaultConfig(home: string): Config {
  return {
    google_drive: {
      folder_id: '',
      resource_key: '',
      credentials_path: join(home, 'google_credentials.json'),
      token_path: join(home, 'google_token.json'),
      impersonate: '',
      queries_per_second: 10,
      api_url: 'https://www.googleapis.com',
    },
    aws: {
      region: '',
      cognito: { user_pool_id: '', client_id: '', identity_pool_id: '', username: '' },
      amplify: {
        api_endpoint: '',
        storage_bucket: '',
        storage_region: '',
        storage_group: 'ADMINS',
        server_side_encryption: '',
        kms_key_id: '',
        models: defaultModelNames(),
      },
    },
    migration: {
      concurrency: 10,
      retry_attempts: 3,
      retry_delay_seconds: 5,
      chunk_size_mb: 8,
      multipart_threshold_mb: 200,
      default_media_public: false,
      max_range: 100,
      stall_timeout_seconds: 60,
      throttle_patience_minutes: 10,
      bwlimit: '',
    },
    naming: 'strict',
    prefix_disambiguation: { enabled: false, discriminator_field: '', prefixes: {} },
  };
}

/** The MECO project's. */
export function defaultModelNames(): ModelNames {
  return {
    observation: { name: 'Observation', sequential_id: 'sequentialId', list_query: '', index_query: '' },
    media: {
      name: 'Media',
      url: 'url',
      type: 'type',
      types: { image: '', video: '' },
      observation_id: 'observationId',
      is_available_for_public_use: 'isAvailableForPublicUse',
      list_query: '',
      get_query: '',
      create_mutation: '',
      delete_mutation: '',
    },
  };
}
