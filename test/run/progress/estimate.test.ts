import { expect } from 'chai';
import { estimate } from '../../../src/run/progress/estimate.ts';

const LINE = { bytesPerSecond: 12_500_000, queriesPerSecond: 10 };

describe('The estimate of time', () => {
  for (const [what, work, expected] of [
    ['the bytes', { files: 10, bytes: 1_250_000_000 }, { seconds: 100, bound: 'bandwidth' }],
    ['the queries', { files: 20_000, bytes: 20_000 }, { seconds: 2000, bound: 'queries' }],
    ['nothing', { files: 0, bytes: 0 }, { seconds: 0, bound: null }],
  ] as const) {
    it(`is the time of ${what} where that is more`, () => {
      expect(estimate(work, LINE)).to.deep.equal(expected);
    });
  }
});
