import { expect } from 'chai';
import { QueryQuota } from '../../src/drive/quota.ts';

describe('the quota of queries', () => {
  let quota: QueryQuota;
  beforeEach(() => {
    quota = new QueryQuota(1000);
  });
  const answer = (times: number) => {
    for (let i = 0; i < times; i += 1) quota.answered();
  };

  it('halves the rate once for refusals of queries that were out at the same time', () => {
    for (const now of [5_000, 5_001, 5_400, 5_999]) quota.throttled(now);
    expect(quota.rate).to.equal(500);
  });

  it('halves it again when Drive still refuses a second later', () => {
    quota.throttled(5_000);
    quota.throttled(6_000);
    quota.throttled(7_000);
    expect(quota.rate).to.equal(125);
  });

  it('never falls below a thirty-second part', () => {
    for (let second = 0; second < 60; second += 1) quota.throttled(second * 1000);
    expect(quota.rate).to.equal(1000 / 32);
  });

  it('climbs back by a tenth after twenty answers in a row, up to where it was', () => {
    quota.throttled(5_000);
    answer(19);
    expect(quota.rate).to.equal(500);
    answer(1);
    expect(quota.rate).to.equal(600);
    answer(20 * 10);
    expect(quota.rate).to.equal(1000);
  });

  it('begins to count anew after a refusal, also one that does not slow it further', () => {
    quota.throttled(5_000);
    answer(19);
    quota.throttled(5_500);
    answer(19);
    expect(quota.rate).to.equal(500);
    answer(1);
    expect(quota.rate).to.equal(600);
  });

  it('lets queries out one after the other at its rate, and slower once slowed', async () => {
    const time = async (turns: number) => {
      const start = performance.now();
      await Promise.all(Array.from({ length: turns }, () => quota.turn()));
      return performance.now() - start;
    };
    quota = new QueryQuota(200);
    expect(await time(21)).to.be.within(95, 1000);
    quota.throttled(5_000);
    quota.throttled(6_000);
    expect(await time(11)).to.be.at.least(190);
  });
});
