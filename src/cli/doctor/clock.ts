import { RunError } from '../../../stages/errors.ts';
import { KEYS_FOR } from '../../config/require-keys.ts';
import { fetchThroughProxy } from '../../services/network/proxy.ts';
import { type Check, NotChecked } from './check.ts';

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
    // The Date is cut to the second, and belongs somewhere between question and answer.
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
