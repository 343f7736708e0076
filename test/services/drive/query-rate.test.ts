import { expect } from 'chai';
import { QueryRate } from '../../../src/services/drive/query-rate.ts';

describe('the rate of queries', () => {
  let rate: QueryRate;
  beforeEach(() => {
    rate = new QueryRate(1000);
  });
  const answer = (times: number) => {
    for (let i = 0; i < times; i += 1) rate.succeeded();
  };

  it('halves the rate once for refusals of queries that were out at the same time', () => {
    for (const now of [5_000, 5_001, 5_400, 5_999]) rate.throttled(now);
    expect(rate.perSecond).to.equal(500);
  });

  it('halves it again each second that Drive still refuses, down to a thirty-second part', () => {
    rate.throttled(0);
    rate.throttled(1000);
    expect(rate.perSecond).to.equal(250);
    for (let second = 2; second < 60; second += 1) rate.throttled(second * 1000);
    expect(rate.perSecond).to.equal(1000 / 32);
  });

  it('climbs back by a tenth after twenty answers in a row, up to where it was', () => {
    rate.throttled(5_000);
    answer(19);
    expect(rate.perSecond).to.equal(500);
    answer(1);
    expect(rate.perSecond).to.equal(600);
    answer(20 * 10);
    expect(rate.perSecond).to.equal(1000);
  });

  it('starts counting again after a refusal, also one that does not slow it further', () => {
    rate.throttled(5_000);
    answer(19);
    rate.throttled(5_500);
    answer(19);
    expect(rate.perSecond).to.equal(500);
    answer(1);
    expect(rate.perSecond).to.equal(600);
  });

  it('lets queries out one after the other at its rate, and slower once slowed', async () => {
    const time = async (turns: number) => {
      const start = performance.now();
      await Promise.all(Array.from({ length: turns }, () => rate.turn()));
      return performance.now() - start;
    };
    rate = new QueryRate(200);
    expect(await time(21)).to.be.within(95, 1000);
    rate.throttled(5_000);
    rate.throttled(6_000);
    expect(await time(11)).to.be.at.least(190);
  });
});
