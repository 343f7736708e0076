/** Checks of the network: addresses, proxy, the shared query rate, and the clock. */
import { RunError } from '../../../stages/errors.ts';
import { KEYS_FOR } from '../../config/require-keys.ts';
import { storageRegionOf } from '../../config/settings.ts';
import { fetchThroughProxy, proxiesOf, requireUsableProxies } from '../../services/network/proxy.ts';
import { type Check, NotChecked } from './check.ts';

/** The addresses of all services; an address must be https or loopback, since tokens are sent to it. */
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

/** The proxy that requests go through. Whether it works is shown by the checks that send requests. */
export const proxy: Check = {
  name: 'proxy',
  title: 'Proxy',
  async run() {
    requireUsableProxies(process.env);
    const { http, https, except } = proxiesOf(process.env);
    if (!http && !https) return 'none (HTTPS_PROXY is not set)';
    const exceptions = except.length > 0 ? `all addresses except ${except.join(', ')}` : 'all addresses';
    return http === https ? `${https} for ${exceptions}` : `${https} (http: ${http}) for ${exceptions}`;
  },
};

/** The Redis through which processes share the query rate of Drive. */
export const quota: Check = {
  name: 'shared_query_rate',
  title: 'Shared query rate',
  async run({ services }) {
    const { quotaRedis } = services;
    if (!quotaRedis) return 'not used (google_drive.quota_redis_url is not set)';
    const { pingRedis } = await import('../../services/drive/shared-limiter.ts');
    return `through Redis at ${await pingRedis(quotaRedis)}`;
  },
};

/** S3 accepts 15 minutes; Google and Cognito accept less. */
const TOLERATED_MS = 5 * 60_000;
const TIMEOUT_MS = 10_000;

/** Compares this computer's clock with AWS: the Date header of the user pool's public key set. */
export const clock: Check = {
  name: 'clock',
  title: 'Clock',
  after: ['addresses'],
  keys: KEYS_FOR.cognito,
  async run({ loaded, services, now }) {
    const { cognito } = loaded.config.aws;
    const endpoint = (await (await services.session()).addresses()).userPool;
    const askedAt = now();
    const date = await dateOf(`${endpoint}/${cognito.user_pool_id}/.well-known/jwks.json`);
    if (Number.isNaN(date)) throw new NotChecked(`${endpoint} sends no date`);
    // The Date header has whole seconds, and was set between request and response.
    const aheadMs = (askedAt + now()) / 2 - (date + 500);
    const seconds = Math.round(Math.abs(aheadMs) / 1000);
    const off = `${seconds} s ${aheadMs > 0 ? 'ahead' : 'behind'}`;
    if (Math.abs(aheadMs) > TOLERATED_MS) {
      throw new RunError(
        'clock_skew',
        `The clock of this computer is ${off}.`,
        'Turn on automatic time; AWS and Google refuse requests otherwise.',
      );
    }
    return seconds < 2 ? 'accurate' : `${off}, within the tolerance`;
  },
};

async function dateOf(url: string): Promise<number> {
  try {
    const fetch = await fetchThroughProxy();
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await answer.body?.cancel();
    return Date.parse(answer.headers.get('date') ?? '');
  } catch {
    throw new NotChecked(`${new URL(url).origin} does not respond`);
  }
}
