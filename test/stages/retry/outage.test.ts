import { expect } from 'chai';
import { FileError, type RunError } from '../../../stages/errors.ts';
import { type Backoff, withRetries } from '../../../stages/retry/backoff.ts';
import { retryPolicyFor } from '../../../stages/retry/faults.ts';
import { Outage } from '../../../stages/retry/service-waits.ts';
import { rejection } from '../../config/scratch.ts';

const refused = () => Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });

/** Requests on a clock that only waits move. */
function setUp() {
  const clock = { ms: 0 };
  const lines: string[] = [];
  const failing = new Set<object>();
  const options = {
    timeoutMs: 600_000,
    failing,
    say: (line: string) => lines.push(line),
    now: () => clock.ms,
  };
  const sleep = async (ms: number) => {
    await new Promise(resolve => setImmediate(resolve));
    clock.ms += ms;
  };
  const outages = { drive: new Outage('Google Drive', options), s3: new Outage('S3', options) };
  const request = (outage: Outage, attempt: () => Promise<string>) => {
    const backoff: Backoff = { retries: 2, baseMs: 5_000, capMs: 60_000, random: () => 1, sleep, outage };
    return withRetries(attempt, retryPolicyFor(), backoff);
  };
  const until = (endMs: number) => async () => {
    if (clock.ms < endMs) throw refused();
    return 'done';
  };
  return { clock, lines, failing, outages, request, until };
}

describe('An outage', () => {
  it('is waited for, also when the retries are used up, and reported', async () => {
    const { lines, failing, outages, request, until } = setUp();
    const { drive, s3 } = outages;
    drive.responded();
    s3.responded();
    const requests = [drive, drive, s3].map(outage => request(outage, until(300_000)));
    expect(await Promise.all(requests)).to.deep.equal(['done', 'done', 'done']);
    expect(lines[0]).to.match(
      /^Google Drive cannot be reached \(ECONNREFUSED\)\. Waiting and trying again, for up to 10 minutes\.$/,
    );
    expect(lines.length).to.be.within(2, 12);
    expect(failing.size).to.equal(0);
  });

  it('ends the run when it lasts too long', async () => {
    const { outages, request, until } = setUp();
    outages.drive.responded();
    const requests = [1, 2, 3].map(() => rejection(request(outages.drive, until(Number.POSITIVE_INFINITY))));
    const errors = (await Promise.all(requests)) as RunError[];
    expect(errors[0]).to.include({ code: 'outage' });
    expect(errors[0]!.message).to.include('10 minutes (ECONNREFUSED)');
  });

  for (const [why, count, hasResponded, error] of [
    ['of a service that never responded', 3, false, refused()],
    ['of few files', 2, true, refused()],
    ['with a response', 3, true, Object.assign(new Error('HTTP 503'), { status: 503 })],
    ['of the file', 3, true, new FileError('md5_mismatch', 'other bytes', { retryable: true })],
  ] as const) {
    it(`is not an error ${why}`, async () => {
      const { clock, outages, request } = setUp();
      if (hasResponded) outages.drive.responded();
      const failed = Array.from({ length: count }, () =>
        rejection(request(outages.drive, () => Promise.reject(error))),
      );
      for (const each of await Promise.all(failed)) expect(each).to.equal(error);
      expect(clock.ms).to.be.below(60_000);
    });
  }
});
