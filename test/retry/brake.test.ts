import { expect } from 'chai';
import { Brake } from '../../src/retry/brake.ts';

describe('the brake', () => {
  const options = { slowest: 1 / 8, step: 1 / 4, successesAStep: 3 };
  const succeed = (brake: Brake, times: number) => {
    for (let i = 0; i < times; i += 1) brake.succeeded();
  };

  it('lets everything through until it is pulled', () => {
    const brake = new Brake(options);
    expect(brake.succeeded()).to.equal(false);
    expect(brake.share).to.equal(1);
  });

  it('halves at once, and takes refusals within a second for one', () => {
    const brake = new Brake(options);
    expect([0, 10, 999].map(now => brake.refused(now))).to.deep.equal([true, false, false]);
    expect(brake.share).to.equal(0.5);
    expect(brake.refused(1000)).to.equal(true);
    expect(brake.share).to.equal(0.25);
  });

  it('never falls below its slowest', () => {
    const brake = new Brake(options);
    for (let second = 0; second < 20; second += 1) brake.refused(second * 1000);
    expect(brake.share).to.equal(1 / 8);
  });

  it('rises by a step after enough successes in a row, and not above all', () => {
    const brake = new Brake(options);
    brake.refused(0);
    succeed(brake, 2);
    expect(brake.share).to.equal(0.5);
    succeed(brake, 1);
    expect(brake.share).to.equal(0.75);
    succeed(brake, 30);
    expect(brake.share).to.equal(1);
  });

  it('counts successes anew after every refusal', () => {
    const brake = new Brake(options);
    brake.refused(0);
    succeed(brake, 2);
    brake.refused(500);
    succeed(brake, 2);
    expect(brake.share).to.equal(0.5);
  });
});
