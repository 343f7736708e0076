import { expect } from 'chai';
import { type Backoff, pause, waitMs, withRetries } from '../../../stages/retry/backoff.ts';
import type { RetryPolicy } from '../../../stages/retry/faults.ts';
import { rejection } from '../../config/scratch.ts';

const BACKOFF: Backoff = { retries: 3, baseMs: 100, capMs: 1000, random: () => 1 };

const always: RetryPolicy = () => ({ again: true, afterMs: null });

/** Fails as often as it is told, each time with an error of its own. */
function failing(times: number): { attempt: (retry: number) => Promise<string>; attempts: number[] } {
  const attempts: number[] = [];
  const attempt = async (retry: number) => {
    attempts.push(retry);
    if (attempts.length <= times) throw new Error(`failure ${attempts.length}`);
    return 'done';
  };
  return { attempt, attempts };
}

function recording(more: Partial<Backoff> = {}): { backoff: Backoff; waits: number[] } {
  const waits: number[] = [];
  const sleep = async (ms: number) => void waits.push(ms);
  return { backoff: { ...BACKOFF, sleep, ...more }, waits };
}

describe('The wait before another attempt', () => {
  it('doubles each time, up to the cap', () => {
    const waits = [0, 1, 2, 3, 4, 50].map(retry => waitMs(BACKOFF, retry, null));
    expect(waits).to.deep.equal([100, 200, 400, 800, 1000, 1000]);
  });

  it('is drawn from nothing up to that, so that many do not come back together', () => {
    expect(waitMs({ ...BACKOFF, random: () => 0 }, 2, null)).to.equal(0);
    expect(waitMs({ ...BACKOFF, random: () => 0.5 }, 2, null)).to.equal(200);
    expect(waitMs({ ...BACKOFF, random: () => 0.5 }, 50, null)).to.equal(500);
  });

  it('is never shorter than the service asks for, even beyond the cap', () => {
    expect(waitMs({ ...BACKOFF, random: () => 0 }, 0, 90_000)).to.equal(90_000);
    expect(waitMs(BACKOFF, 0, 10)).to.equal(100);
  });

  it('is ten minutes at most, whatever the service asks for', () => {
    for (const asked of [11 * 60_000, 2 ** 31, Number.POSITIVE_INFINITY]) {
      expect(waitMs(BACKOFF, 0, asked)).to.equal(600_000);
    }
  });
});

describe('An attempt with retries', () => {
  it('is repeated after growing waits until it succeeds, and told how often', async () => {
    const { backoff, waits } = recording();
    const { attempt, attempts } = failing(3);
    expect(await withRetries(attempt, always, backoff)).to.equal('done');
    expect(attempts).to.deep.equal([0, 1, 2, 3]);
    expect(waits).to.deep.equal([100, 200, 400]);
  });

  it('fails at once with an error that is not worth another try', async () => {
    const { backoff, waits } = recording();
    const { attempt, attempts } = failing(99);
    const policy: RetryPolicy = error => ({ again: (error as Error).message === 'failure 1', afterMs: null });
    expect((await rejection(withRetries(attempt, policy, backoff))).message).to.equal('failure 2');
    expect(attempts).to.have.length(2);
    expect(waits).to.have.length(1);
  });

  it('is not repeated once it has been called off, before the wait or in it', async () => {
    const before = failing(99);
    await rejection(withRetries(before.attempt, always, recording().backoff, AbortSignal.abort()));
    expect(before.attempts).to.have.length(1);

    const during = failing(99);
    const switchOff = new AbortController();
    const sleep = async () => switchOff.abort();
    const { backoff } = recording({ sleep });
    const error = await rejection(withRetries(during.attempt, always, backoff, switchOff.signal));
    expect(during.attempts).to.have.length(1);
    expect(error.message).to.equal('failure 1');
  });

  it('is not waited for once it has been called off', async () => {
    const switchOff = new AbortController();
    const endless = withRetries(
      () => new Promise<never>(() => {}),
      always,
      recording().backoff,
      switchOff.signal,
    );
    switchOff.abort(new Error('interrupted'));
    expect((await rejection(endless)).message).to.equal('interrupted');
  });
});

describe('A pause', () => {
  it('ends at once when it is called off, before it or in it, and leaves no timer behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
    await new Promise(resolve => setImmediate(resolve));
    const before = timers();
    await pause(1_000_000, AbortSignal.abort());
    const switchOff = new AbortController();
    const paused = pause(1_000_000, switchOff.signal);
    switchOff.abort();
    await paused;
    expect(timers()).to.equal(before);
  });
});
