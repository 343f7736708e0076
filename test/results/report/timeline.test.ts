import { expect } from 'chai';
import fc from 'fast-check';
import { rateOf, timelineOf } from '../../../src/results/report/timeline.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-03-02T08:12:00Z');
const arrivalsAt = (...minutes: number[]) =>
  minutes.map(minute => ({ at: START + minute * MINUTE, bytes: 600 }));

describe('When files arrived in S3', () => {
  it('is not known where no record says so', () => {
    expect(timelineOf([])).to.equal(null);
  });

  it('is divided where nothing arrived for more than half an hour', () => {
    const { sessions } = timelineOf(arrivalsAt(0, 10, 39, 900, 905))!;
    expect(sessions.map(({ files, startMs, endMs }) => [files, (endMs - startMs) / MINUTE])).to.deep.equal([
      [3, 39],
      [2, 5],
    ]);
  });

  it('does not depend on the order of the records', () => {
    expect(timelineOf(arrivalsAt(39, 900, 0, 905, 10))).to.deep.equal(
      timelineOf(arrivalsAt(0, 10, 39, 900, 905)),
    );
  });

  it('gives the mean rate of a session, and none where all came at one moment', () => {
    expect(rateOf(timelineOf(arrivalsAt(0, 10))!.sessions[0]!)).to.equal(2);
    expect(rateOf(timelineOf(arrivalsAt(0))!.sessions[0]!)).to.equal(null);
  });

  it('counts every file in exactly one interval, and no more intervals than a chart can show', () => {
    const arrival = fc.record({
      at: fc.integer({ min: START, max: START + 8 * 3_600_000 }),
      bytes: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(arrival, { minLength: 1, maxLength: 300 }), arrivals => {
        const { sessions, intervalMs } = timelineOf(arrivals)!;
        const intervals = sessions.flatMap(session => session.intervals);
        expect(intervals.length).to.be.at.most(96);
        expect(intervals.reduce((sum, { files }) => sum + files, 0)).to.equal(arrivals.length);
        expect(intervals.reduce((sum, { bytes }) => sum + bytes, 0)).to.equal(
          arrivals.reduce((sum, { bytes }) => sum + bytes, 0),
        );
        for (const { startMs, endMs, intervals } of sessions) {
          expect(intervals[0]!.startMs).to.be.at.most(startMs);
          expect(intervals.at(-1)!.startMs + intervalMs).to.be.above(endMs);
          expect(intervals[0]!.startMs % intervalMs).to.equal(0);
        }
      }),
      { numRuns: 50 },
    );
  });
});
