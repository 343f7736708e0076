import { expect } from 'chai';
import { estimate } from '../../../src/run/progress/estimate.ts';

const LINE = { bandwidthMbit: 100, queriesPerSecond: 10, concurrency: 10 };

describe('The estimate of time', () => {
  it('is the time of the bytes on the line when there are many of them', () => {
    const { seconds, bound } = estimate({ ...LINE, sizes: Array(10).fill(125_000_000) });
    expect(seconds).to.be.closeTo(100, 1);
    expect(bound).to.equal('bandwidth');
  });

  it('is the time of the queries when files are small', () => {
    const { seconds, bound } = estimate({ ...LINE, sizes: Array(20_000).fill(1) });
    expect(seconds).to.be.closeTo(2000, 1);
    expect(bound).to.equal('queries');
  });

  it('is the sum of both when small files come first and large ones behind them', () => {
    const sizes = [...Array(1000).fill(1000), ...Array(10).fill(125_000_000)];
    expect(estimate({ ...LINE, sizes }).seconds).to.be.closeTo(200, 3);
  });

  it('is one file after the other where only one is moved at a time, and no faster for it', () => {
    const { seconds } = estimate({ ...LINE, concurrency: 1, sizes: [12_500_000, 12_500_000] });
    expect(seconds).to.be.closeTo(2, 0.01);
  });

  it('is nothing for nothing, and nothing bounds it', () => {
    expect(estimate({ ...LINE, sizes: [] })).to.deep.equal({ seconds: 0, bound: null });
  });

  it('does not fail on files without bytes', () => {
    expect(estimate({ ...LINE, sizes: [0, 0] }).seconds).to.be.closeTo(0.1, 0.01);
  });
});
