import { expect } from 'chai';
import { WorkerCount } from '../../../stages/flow/worker-count.ts';

describe('The number of workers', () => {
  it('halves when a service refuses, is never less than one, and grows back with successes', () => {
    const workers = new WorkerCount(8);
    expect(workers.allowed).to.equal(8);
    for (const nowMs of [0, 10, 999]) workers.refused(nowMs);
    expect(workers.allowed).to.equal(4);
    for (let success = 0; success < 8; success += 1) workers.succeeded();
    expect(workers.allowed).to.equal(5);
    const one = new WorkerCount(1);
    for (let second = 0; second < 20; second += 1) one.refused(second * 1000);
    expect(one.allowed).to.equal(1);
    one.succeeded();
    one.refused(30_000);
    one.succeeded();
    expect(one.allowed).to.equal(1);
  });
});
