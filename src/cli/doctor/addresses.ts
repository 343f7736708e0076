import { KEYS_FOR } from '../../config/require-keys.ts';
import { storageRegionOf } from '../../config/settings.ts';
import type { Check } from './check.ts';

/** Every service is reached at an address that tokens may be sent to. */
export const addresses: Check = {
  name: 'addresses',
  title: 'Addresses',
  keys: KEYS_FOR.cognito,
  async run({ loaded, services }) {
    const { storageAddress } = await import('../../services/s3/client.ts');
    const { aws, google_drive } = loaded.config;
    const { userPool, identityPool } = await (await services.session()).addresses();
    const used: [string, string][] = [
      ['Drive', new URL(google_drive.api_url).origin],
      ['user pool', userPool],
      ['identity pool', identityPool],
      ['S3', await storageAddress(storageRegionOf(aws))],
    ];
    if (aws.amplify.api_endpoint) used.push(['AppSync', new URL(aws.amplify.api_endpoint).origin]);
    return used.map(([service, address]) => `${service} ${address}`).join(', ');
  },
};
