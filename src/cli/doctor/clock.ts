import { RunError } from '../../../stages/errors.ts';
import { KEYS_FOR } from '../../config/require-keys.ts';
import { fetchThroughProxy } from '../../services/network/proxy.ts';
import { type Check, NotChecked } from './check.ts';

/** Sign-ins and signed requests are refused beyond this; S3 itself bears 15 minutes, Google and Cognito less. */
const TOLERATED_MS = 5 * 60_000;
const TIMEOUT_MS = 10_000;

/** This machine's clock against that of AWS: the Date of an answer to anybody, the key set of the user pool. */
export const clock: Check = {
  name: 'clock',
  title: 'Clock',
  after: ['addresses'],
  keys: KEYS_FOR.cognito,
  async run({ loaded, services, now }) {
    const { cognito } = loaded.config.aws;
    const endpoint = (await services.session().addresses()).userPool;
    const askedAt = now();
    const date = await dateOf(`${endpoint}/${cognito.user_pool_id}/.well-known/jwks.json`);
    if (Number.isNaN(date)) throw new NotChecked(`${endpoint} does not tell the time`);
    // The Date is cut to the second, and belongs somewhere between question and answer.
    const aheadMs = (askedAt + now()) / 2 - (date + 500);
    const seconds = Math.round(Math.abs(aheadMs) / 1000);
    const off = `${seconds} s ${aheadMs > 0 ? 'ahead' : 'behind'}`;
    if (Math.abs(aheadMs) > TOLERATED_MS) {
      throw new RunError(
        'clock_skew',
        `The clock of this machine is ${off}.`,
        'Set the clock (switch on automatic time); sign-ins and uploads are refused otherwise.',
      );
    }
    return seconds < 2 ? 'right' : `${off}, which does no harm`;
  },
};

async function dateOf(url: string): Promise<number> {
  try {
    const fetch = await fetchThroughProxy();
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await answer.body?.cancel();
    return Date.parse(answer.headers.get('date') ?? '');
  } catch {
    throw new NotChecked(`${new URL(url).origin} does not answer`);
  }
}
