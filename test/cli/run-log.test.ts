import { mock } from 'node:test';
import { expect } from 'chai';
import { pino } from 'pino';
import { Repeats } from '../../src/cli/repeats.ts';
import { RunLog } from '../../src/cli/run-log.ts';
import { RunEvents } from '../../src/run/events.ts';
import { RunProgress } from '../../src/run/progress/run-progress.ts';

describe('the log of a run', () => {
  afterEach(() => mock.timers.reset());

  let lines: Record<string, unknown>[];
  let events: RunEvents;
  let log: RunLog;
  beforeEach(() => {
    lines = [];
    events = new RunEvents();
    log = new RunLog(pino({}, { write: line => void lines.push(JSON.parse(line)) }), events);
  });

  it('has one line for a burst of refusals, with the reason', () => {
    const error = Object.assign(new Error('User Rate Limit Exceeded'), {
      status: 403,
      code: 'userRateLimitExceeded',
    });
    for (let count = 0; count < 5; count += 1)
      log.retry('Google Drive', { error, waitMs: 3_000, throttled: true });
    log.retry('S3', { error: new Error('socket hang up'), waitMs: 0, throttled: false });
    expect(lines).to.have.length(2);
    expect(lines[0]).to.include({ msg: 'throttled', code: 'userRateLimitExceeded', wait_seconds: 3 });
    expect(lines[1]).to.include({ msg: 'retry', service: 'S3', reason: 'socket hang up' });
  });

  it('has a heartbeat a minute until it is stopped', () => {
    mock.timers.enable({ apis: ['setInterval'] });
    const limits = {
      concurrency: 3,
      queriesPerSecond: () => 4,
      mostQueriesPerSecond: 8,
      bytesPerSecondLimit: () => null,
    };
    const progress = new RunProgress(events, limits, () => 0);
    log.start(() => progress.facts());
    events.emit('listed', { id: 'a', name: '1.jpg', size: 5, status: 'pending' }, false);
    mock.timers.tick(120_000);
    log.stop();
    mock.timers.tick(120_000);
    expect(lines).to.have.length(2);
    expect(lines[0]).to.include({
      msg: 'heartbeat',
      files: 0,
      files_total: 1,
      bytes: 0,
      bytes_total: 5,
      bytes_per_second: 0,
      workers: 0,
      workers_allowed: 3,
      queries_per_second: 4,
    });
  });
});

describe('messages that repeat', () => {
  it('are shown once per kind and period, with the number of those between', () => {
    let now = 0;
    const repeats = new Repeats(60_000, () => now);
    expect(repeats.next('exists', '1.jpg')).to.equal(0);
    expect(repeats.next('exists', '2.jpg')).to.equal(null);
    expect(repeats.next('slow', 'S3'), 'another kind').to.equal(0);
    now = 60_000;
    expect(repeats.next('exists', '3.jpg')).to.equal(1);
    expect(repeats.next('exists', '4.jpg')).to.equal(null);
    expect(repeats.rest()).to.deep.equal([['exists', { text: '3.jpg', at: 60_000, leftOut: 1 }]]);
  });
});
