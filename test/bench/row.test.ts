import { expect } from 'chai';
import { leftOut, median, row, tableOf } from '../../bench/row.ts';

describe('A row of the benchmark', () => {
  const measured = { name: 'speed', value: 90, unit: 'MiB/s', bound: 100 };

  it('meets a goal for its ratio to the bound', () => {
    expect(row({ ...measured, goal: { of: 'ratio', atLeast: 0.9 } })).to.include({ ratio: 0.9, met: true });
    expect(row({ ...measured, goal: { of: 'ratio', atLeast: 0.91 } }).met).to.equal(false);
  });

  it('meets a goal for its value, whatever the bound', () => {
    expect(row({ ...measured, goal: { of: 'value', atMost: 90 } }).met).to.equal(true);
    expect(row({ ...measured, goal: { of: 'value', atMost: 89 } }).met).to.equal(false);
  });

  it('does not meet a goal when nothing could be measured', () => {
    expect(row({ ...measured, value: Number.NaN, goal: { of: 'value', atMost: 20 } }).met).to.equal(false);
  });

  it('without a goal is neither met nor missed', () => {
    expect(row({ ...measured, goal: null })).to.include({ goal: null, met: null });
  });

  it('that was left out says why in the table', () => {
    expect(tableOf([leftOut('beside rclone', 'not installed')])).to.match(
      /beside rclone +left out\n +not installed$/,
    );
  });

  it('has the middle of its repetitions, or the mean of the two in the middle', () => {
    expect(median([9, 1, 2])).to.equal(2);
    expect(median([4, 1, 2, 9])).to.equal(3);
  });
});
