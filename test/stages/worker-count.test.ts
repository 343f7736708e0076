import { expect } from 'chai';
import { WorkerCount } from '../../stages/worker-count.ts';

const CHUNK = 64 * 1024;

/** Workers on a line that gives each of them no more than its share, for so long; gives the numbers allowed over time. */
function run(
  workers: WorkerCount,
  clock: { ms: number },
  line: { perWorker: number; inAll: (ms: number) => number },
  minutes: number,
): number[] {
  const counts: number[] = [];
  let owed = 0;
  for (const end = clock.ms + minutes * 60_000; clock.ms < end; clock.ms += 100) {
    owed += Math.min(line.perWorker * workers.allowed, line.inAll(clock.ms)) / 10;
    for (; owed >= CHUNK; owed -= CHUNK) workers.moved(CHUNK);
    counts.push(workers.allowed);
  }
  return counts;
}

function setUp(ceiling: number) {
  const clock = { ms: 0 };
  return { clock, workers: new WorkerCount(ceiling, () => clock.ms) };
}

const MB = 1_000_000;
const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

describe('The number of workers', () => {
  it('begins at the ceiling', () => {
    expect(setUp(10).workers.allowed).to.equal(10);
  });

  it('stays there while each of them makes it faster', () => {
    const { clock, workers } = setUp(10);
    const counts = run(workers, clock, { perWorker: 2 * MB, inAll: () => 100 * MB }, 60);
    expect(mean(counts)).to.be.above(9.9);
  });

  it('goes down to what fills the line, and no further', () => {
    const { clock, workers } = setUp(10);
    const line = { perWorker: 2 * MB, inAll: () => 10 * MB };
    run(workers, clock, line, 30);
    const counts = run(workers, clock, line, 30);
    expect(mean(counts)).to.be.within(4.8, 6);
  });

  it('rises again when the line gets faster', () => {
    const { clock, workers } = setUp(10);
    run(workers, clock, { perWorker: 2 * MB, inAll: () => 8 * MB }, 60);
    expect(workers.allowed).to.be.below(7);
    run(workers, clock, { perWorker: 2 * MB, inAll: () => 100 * MB }, 240);
    expect(workers.allowed).to.be.at.least(9);
  });

  it('is not deceived by a line that slows down on its own', () => {
    const { clock, workers } = setUp(10);
    const slowing = (ms: number) => 100 * MB * 0.5 ** (ms / 3_600_000);
    const counts = run(workers, clock, { perWorker: 2 * MB, inAll: slowing }, 60);
    expect(mean(counts)).to.be.above(9.8);
  });

  it('keeps at least three, and never more than the ceiling', () => {
    const { clock, workers } = setUp(8);
    const counts = run(workers, clock, { perWorker: 10 * MB, inAll: () => MB }, 120);
    expect(Math.min(...counts)).to.equal(3);
    expect(Math.max(...counts)).to.equal(8);
    const one = setUp(1);
    expect(run(one.workers, one.clock, { perWorker: MB, inAll: () => MB }, 10))
      .to.include(1)
      .and.not.include(2);
  });

  it('halves at once when a service refuses, and climbs back with successes', () => {
    const { clock, workers } = setUp(8);
    clock.ms = 5_000;
    workers.refused();
    expect(workers.allowed).to.equal(4);
    for (let success = 0; success < 8; success += 1) workers.succeeded();
    expect(workers.allowed).to.equal(5);
  });
});
