import { expect } from 'chai';
import { estimate } from '../../src/progress/estimate.ts';

describe('The estimate of time', () => {
  it('is the time of the bytes on the line when there are many of them', () => {
    expect(
      estimate({ files: 10, bytes: 125_000_000, bandwidthMbit: 100, queriesPerSecond: 10 }),
    ).to.deep.equal({
      seconds: 10,
      bound: 'bandwidth',
    });
  });

  it('is the time of the queries when files are small', () => {
    expect(estimate({ files: 20_000, bytes: 1000, bandwidthMbit: 100, queriesPerSecond: 10 })).to.deep.equal({
      seconds: 2000,
      bound: 'queries',
    });
  });

  it('is nothing for nothing', () => {
    const nothing = estimate({ files: 0, bytes: 0, bandwidthMbit: 100, queriesPerSecond: 10 });
    expect(nothing.seconds).to.equal(0);
  });
});
