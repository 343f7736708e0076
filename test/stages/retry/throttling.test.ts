import { expect } from 'chai';
import type { RunError } from '../../../stages/errors.ts';
import { type Backoff, withRetries } from '../../../stages/retry/backoff.ts';
import { retryPolicyFor } from '../../../stages/retry/faults.ts';
import { Throttling } from '../../../stages/retry/service-waits.ts';
import { rejection } from '../../config/scratch.ts';

const refusal = (retryAfterMs: number | null = null) =>
  Object.assign(new Error('too fast'), { status: 429, retryAfterMs });

const MINUTES = 60_000;

/** Requests on a clock that only waits move. */
function setUp(timeoutMs = 10 * MINUTES) {
  let now = 0;
  const waits: number[] = [];
  const lines: string[] = [];
  const throttling = new Throttling('AppSync', { timeoutMs, say: line => lines.push(line), now: () => now });
  const sleep = async (ms: number) => {
    waits.push(ms);
    now += ms;
  };
  const backoff: Backoff = { retries: 0, baseMs: 1000, capMs: 60_000, random: () => 1, sleep, throttling };
  const refusedTimes = (count: number, error = refusal()) => {
    let left = count;
    return withRetries(
      async () => {
        if (left-- > 0) throw error;
        return 'done';
      },
      retryPolicyFor(),
      backoff,
    );
  };
  return {
    waits,
    lines,
    backoff,
    throttling,
    refusedTimes,
    now: () => now,
    pass: (ms: number) => (now += ms),
  };
}

describe('Throttling', () => {
  it('is waited out slower and slower, and uses up no retries', async () => {
    const { waits, refusedTimes } = setUp();
    expect(await refusedTimes(9)).to.equal('done');
    expect(waits).to.deep.equal([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('is drawn from the upper half of that, so that many do not come back together', async () => {
    const { waits, backoff, refusedTimes } = setUp();
    backoff.random = () => 0;
    await refusedTimes(3);
    expect(waits).to.deep.equal([500, 1000, 2000]);
  });

  it('is told once a minute, and not at all when it is over at once', async () => {
    const brief = setUp();
    await brief.refusedTimes(1);
    expect(brief.lines).to.deep.equal([]);

    const { lines, refusedTimes } = setUp();
    await refusedTimes(9);
    expect(lines[0]).to.equal(
      'AppSync is limiting the request rate (HTTP 429). Waiting and trying again, for up to 10 minutes.',
    );
    // At 1, 63, 123 and 183 s.
    expect(lines).to.have.length(4);
    const paused = setUp();
    await paused.refusedTimes(1, refusal(30_000));
    expect(paused.lines).to.have.length(1);
  });

  it('stops the run when patience is used up, and says what to do', async () => {
    const { waits, refusedTimes, now } = setUp(3 * MINUTES);
    const error = await rejection<RunError>(refusedTimes(1000));
    expect(error).to.include({ code: 'throttled' });
    expect(error.message).to.equal(
      'AppSync is limiting the request rate (HTTP 429). It has accepted no request for 3 minutes.',
    );
    expect(error.remedy).to.include('migrator resume').and.include('throttle_patience_minutes');
    expect(now()).to.equal(3 * MINUTES);
    expect(waits.at(-1)).to.equal(57_000);
  });

  it('stops the run at once when the service asks for more than there is patience', async () => {
    const { waits, refusedTimes } = setUp();
    const error = await rejection<RunError>(refusedTimes(1, refusal(60 * MINUTES)));
    expect(error.message).to.include('It asks to wait 60 minutes.');
    expect(waits).to.deep.equal([]);
  });

  it('goes on as long as other requests to the service succeed', async () => {
    const { throttling, refusedTimes, backoff, now, pass } = setUp(2 * MINUTES);
    const { sleep } = backoff;
    backoff.sleep = async ms => {
      await sleep!(ms);
      throttling.succeeded();
    };
    await refusedTimes(8);
    expect(now()).to.be.greaterThan(2 * MINUTES);
    pass(60 * MINUTES);
    await refusedTimes(1);
    expect((await rejection<RunError>(refusedTimes(100))).code, 'but not for ever').to.equal('throttled');
  });

  it('of an hour ago is forgotten, also if no request has succeeded since', async () => {
    const { backoff, refusedTimes, pass } = setUp();
    const stop = new AbortController();
    const { sleep } = backoff;
    Object.assign(backoff, { signal: stop.signal, sleep: async () => stop.abort() });
    await rejection(refusedTimes(1));
    Object.assign(backoff, { signal: undefined, sleep });
    pass(60 * MINUTES);
    expect(await refusedTimes(1)).to.equal('done');
  });
});
