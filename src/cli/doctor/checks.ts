/** All checks of `doctor`, in order; those of the configuration, the network and Google. */
import { FileError, RunError } from '../../../stages/errors.ts';
import { FOLDER } from '../../../stages/record.ts';
import { expandTilde } from '../../config/home.ts';
import { readJson } from '../../config/json.ts';
import { KEYS_FOR, requireKeys, storageRegionOf, valueAt } from '../../config/settings.ts';
import { formatCount } from '../../run/text/format.ts';
import { accountOf } from '../../services/drive/http.ts';
import { pingRedis } from '../../services/drive/redis.ts';
import { fetchThroughProxy, proxiesOf, requireUsableProxies } from '../../services/network/proxy.ts';
import { storageAddress } from '../../services/s3/client.ts';
import { AWS_CHECKS } from './aws-checks.ts';
import { type Check, type Finding, NotChecked, type Outcome, type Surroundings } from './check.ts';

/** S3 accepts 15 minutes; Google and Cognito accept less. */
const TOLERATED_MS = 5 * 60_000;
const TIMEOUT_MS = 10_000;

export const CHECKS: readonly Check[] = [
  {
    name: 'config',
    title: 'Configuration',
    async run({ loaded, fault }) {
      if (fault) throw fault;
      requireKeys(loaded.config, [...KEYS_FOR.cognito, ...KEYS_FOR.storage, ...KEYS_FOR.data]);
      return loaded.path;
    },
  },
  /** The addresses of all services; an address must be https or loopback, since tokens are sent to it. */
  {
    name: 'addresses',
    title: 'Addresses',
    keys: KEYS_FOR.cognito,
    async run({ loaded, services }) {
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
  },
  /** The proxy that requests go through. Whether it works is shown by the checks that send requests. */
  {
    name: 'proxy',
    title: 'Proxy',
    async run() {
      requireUsableProxies(process.env);
      const { http, https, except } = proxiesOf(process.env);
      if (!http && !https) return 'none (HTTPS_PROXY is not set)';
      const exceptions = except.length > 0 ? `all addresses except ${except.join(', ')}` : 'all addresses';
      return http === https ? `${https} for ${exceptions}` : `${https} (http: ${http}) for ${exceptions}`;
    },
  },
  /** A Google account is signed in, and the Drive API is enabled for the project. */
  {
    name: 'google_sign_in',
    title: 'Google sign-in',
    async run(at) {
      const [account, project] = await Promise.all([accountAt(at), projectAt(at)]);
      return project ? `${account}, through the Google Cloud project ${project}` : account;
    },
  },
  {
    name: 'folder',
    title: 'Drive folder',
    after: ['google_sign_in'],
    async run(at) {
      const { services, root } = at;
      if (!root) throw new NotChecked('no folder is set; use --folder-id or set google_drive.folder_id');
      const drive = await services.drive();
      const item = await drive.item(root);
      if (!item) {
        const account = await accountAt(at);
        throw new RunError(
          'folder_not_found',
          `${account} has no access to a folder ${root.id}.`,
          'Share the folder with that account, or correct the id: it is the part of the folder\'s address after "/folders/".',
        );
      }
      if (item.mimeType !== FOLDER) {
        throw new RunError(
          'not_a_folder',
          `"${item.name}" (${root.id}) is not a folder.`,
          'Open the folder in the browser and copy the part of its address after "/folders/".',
        );
      }
      let children = 0;
      try {
        for await (const page of drive.children([item])) children += page.length;
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        const remedy = 'Check that the folder is shared with the signed-in Google account.';
        throw new RunError(error.code, error.message, remedy);
      }
      return `"${item.name}", ${formatCount(children, 'entry', 'entries')} directly in it`;
    },
  },
  /** The Redis through which processes share the query rate of Drive. */
  {
    name: 'shared_query_rate',
    title: 'Shared query rate',
    async run({ services }) {
      const { quotaRedis } = services;
      if (!quotaRedis) return 'not used (google_drive.quota_redis_url is not set)';
      return `through Redis at ${await pingRedis(quotaRedis)}`;
    },
  },
  ...AWS_CHECKS,
  /** Compares this computer's clock with AWS: the Date header of the user pool's public key set. */
  {
    name: 'clock',
    title: 'Clock',
    after: ['addresses'],
    keys: KEYS_FOR.cognito,
    async run({ loaded, services }) {
      const { cognito } = loaded.config.aws;
      const endpoint = (await (await services.session()).addresses()).userPool;
      const askedAt = Date.now();
      const date = await dateOf(`${endpoint}/${cognito.user_pool_id}/.well-known/jwks.json`);
      if (Number.isNaN(date)) throw new NotChecked(`${endpoint} sends no date`);
      // The Date header has whole seconds, and was set between request and response.
      const aheadMs = (askedAt + Date.now()) / 2 - (date + 500);
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
  },
];

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

async function accountAt({ loaded, services }: Surroundings): Promise<string> {
  const auth = await services.googleAuth();
  return accountOf(auth, loaded.config.google_drive.api_url);
}

/** The project's id in the credentials file; null if it has none. */
async function projectAt({ loaded, env }: Surroundings): Promise<string | null> {
  const path = expandTilde(loaded.config.google_drive.credentials_path, env);
  const credentials = await readJson(path).catch(() => null);
  const id = valueAt(credentials, 'installed.project_id') ?? valueAt(credentials, 'project_id');
  return typeof id === 'string' ? id : null;
}

/** Runs the checks in order; a failed one skips only those that depend on it. Yields each finding as soon as it is known. */
export async function* examine(checks: readonly Check[], at: Surroundings): AsyncGenerator<Finding> {
  const earlier = new Map<string, Finding>();
  for (const check of checks) {
    const { name, title } = check;
    const finding: Finding = { name, title, ...(await outcomeOf(check, at, earlier)) };
    earlier.set(name, finding);
    yield finding;
  }
}

async function outcomeOf(
  { after = [], keys = [], run }: Check,
  at: Surroundings,
  earlier: ReadonlyMap<string, Finding>,
): Promise<Outcome> {
  const missing = keys.find(key => valueAt(at.loaded.config, key) === '');
  if (missing) return { status: 'not_checked', because: `${missing} is not set` };
  const failed = after.map(name => earlier.get(name)!).find(({ status }) => status !== 'ok');
  if (failed) {
    const how = failed.status === 'wrong' ? 'failed' : 'was skipped';
    return { status: 'not_checked', because: `${failed.title} ${how}` };
  }
  try {
    return { status: 'ok', detail: await run(at) };
  } catch (error) {
    if (error instanceof NotChecked) return { status: 'not_checked', because: error.message };
    const { message, code, remedy, name } = error as Error & { code?: unknown; remedy?: unknown };
    // Ctrl-C at a prompt ends the command, not only the check.
    if (name === 'ExitPromptError') throw error;
    return {
      status: 'wrong',
      code: typeof code === 'string' ? code : 'unexpected',
      problem: message,
      remedy: typeof remedy === 'string' ? remedy : 'Run the command again with --verbose and check the log.',
    };
  }
}
