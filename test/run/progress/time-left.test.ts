import { expect } from 'chai';
import { RunEvents } from '../../../src/run/events.ts';
import type { ProgressFacts } from '../../../src/run/progress/progress-facts.ts';
import { RunProgress } from '../../../src/run/progress/run-progress.ts';
import { simulate, type World } from './simulated-transfer.ts';

const MB = 1_000_000;

/** The same at each call. */
function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const photos = (count: number, seed = 1): number[] => {
  const random = randomness(seed);
  return Array.from({ length: count }, () => Math.round((1 + 9 * random()) * MB));
};
const videos = (count: number, from: number, to: number, seed = 2): number[] => {
  const random = randomness(seed);
  return Array.from({ length: count }, () => Math.round((from + (to - from) * random()) * MB));
};
const shuffled = (sizes: number[], seed = 3): number[] => {
  const random = randomness(seed);
  return sizes
    .map(size => ({ size, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ size }) => size);
};

interface Course {
  total: number;
  told: { at: number; left: number; bottleneck: ProgressFacts['bottleneck'] }[];
}

function courseOf(world: World & { limit?: number }): Course {
  const clock = { ms: 0 };
  const events = new RunEvents();
  const progress = new RunProgress(
    events,
    {
      concurrency: world.workers,
      queriesPerSecond: () => world.queriesPerSecond(clock.ms / 1000),
      mostQueriesPerSecond: world.queriesPerSecond(0),
      bytesPerSecondLimit: () => world.limit ?? null,
    },
    () => clock.ms,
  );
  const told: Course['told'] = [];
  const total = simulate(world, events, clock, at => {
    const { secondsLeft: left, bottleneck } = progress.facts();
    if (left !== null) told.push({ at, left, bottleneck });
  });
  return { total, told };
}

/** Largest share by which it was wrong from `from` on; a few seconds are nobody's matter. */
function worst({ total, told }: Course, from = total / 10, slack = 5): { share: number; at: number } {
  let worst = { share: 0, at: 0 };
  for (const { at, left } of told) {
    if (at < from) continue;
    const truth = total - at;
    const share = Math.max(0, Math.abs(left - truth) - slack) / truth;
    if (share > worst.share) worst = { share, at: at / total };
  }
  return worst;
}

const MIXES = {
  'photos alone': photos(2000),
  'photos, then a folder of videos': [...photos(1500), ...videos(12, 200, 1000)],
  'a folder of videos, then photos': [...videos(12, 200, 1000), ...photos(1500)],
  'photos and videos in any order': shuffled([...photos(1500), ...videos(20, 50, 500)]),
  'small photos, then a few long videos': [
    ...photos(1500).map(size => Math.round(size / 5)),
    ...videos(3, 500, 2000),
  ],
  'videos alone': videos(40, 100, 500),
};

const SLOW: Line = { down: () => 12.5 * MB, queriesPerSecond: () => 10 };
const LINES: Record<string, Line> = {
  'bound by a slow line': SLOW,
  'bound by queries': { down: () => 125 * MB, up: () => 125 * MB, queriesPerSecond: () => 5 },
};
const SLOW_UP: Line = { down: () => 50 * MB, up: () => 10 * MB, queriesPerSecond: () => 10 };

type Line = Pick<World, 'down' | 'up' | 'queriesPerSecond'>;

describe('The time left', () => {
  for (const [line, means] of Object.entries(LINES)) {
    for (const [mix, sizes] of Object.entries(MIXES)) {
      // An average of small files cannot foresee how fast the large ones behind them will go.
      if (line === 'bound by queries' && /then (?:a folder of|a few long) videos/.test(mix)) continue;
      it(`is right within a fifth from the first tenth on: ${mix}, ${line}`, () => {
        const course = courseOf({ sizes, workers: 10, ...means });
        expect(worst(course).share, JSON.stringify(worst(course))).to.be.at.most(0.2);
      });
    }
  }

  for (const mix of ['photos, then a folder of videos', 'a folder of videos, then photos'] as const) {
    it(`is right where the way up is the slow one: ${mix}`, () => {
      const course = courseOf({ sizes: MIXES[mix], workers: 10, ...SLOW_UP });
      expect(worst(course).share).to.be.at.most(0.2);
    });
  }

  it('is right where large files are looked for ahead and go first', () => {
    for (const means of Object.values(LINES)) {
      const sizes = MIXES['photos and videos in any order'];
      expect(worst(courseOf({ sizes, workers: 10, lookAhead: 100, ...means })).share).to.be.at.most(0.2);
    }
  });

  it('is right where answers take long, one connection has a limit, and the line is uneven', () => {
    const random = randomness(7);
    const course = courseOf({
      sizes: MIXES['photos and videos in any order'],
      workers: 10,
      down: () => (60 + 40 * random()) * MB,
      queriesPerSecond: () => 10,
      openingSeconds: 0.5,
      answerSeconds: 0.3,
      fileLimit: 10 * MB,
    });
    // What the last file alone gets is known when it is alone.
    expect(worst(course, course.total / 10, 12).share).to.be.at.most(0.2);
  });

  it('is right in a short run', () => {
    const course = courseOf({ sizes: photos(100), workers: 10, ...SLOW });
    expect(course.total).to.be.below(50);
    expect(worst(course, course.total / 10, 2).share).to.be.at.most(0.2);
  });

  it('is right where files turn out not to have to be moved', () => {
    const sizes = MIXES['photos alone'];
    const course = courseOf({ sizes, workers: 10, ...SLOW, isLeftOut: index => index % 3 === 0 });
    expect(worst(course).share).to.be.at.most(0.2);
  });

  it('does not jump: it goes down with the clock, give or take a few hundredths', () => {
    for (const sizes of [MIXES['photos and videos in any order'], MIXES['a folder of videos, then photos']]) {
      const { told, total } = courseOf({ sizes, workers: 10, ...SLOW });
      for (const [index, { at, left }] of told.entries()) {
        const before = told[index - 1];
        if (!before || at < total / 20) continue;
        const expected = before.left - (at - before.at);
        expect(Math.abs(left - expected), `at ${at}`).to.be.below(1 + 0.03 * left);
      }
    }
  });

  it('shows within three minutes that the line has become slower for good', () => {
    const { total, told } = courseOf({
      sizes: photos(1000),
      workers: 10,
      down: at => (at < 200 ? 12.5 : 4) * MB,
      queriesPerSecond: () => 10,
    });
    for (const { at, left } of told) {
      if (at > 350) expect(left, `at ${at}`).to.be.within((total - at) * 0.8 - 10, (total - at) * 1.2 + 10);
    }
  });

  it('is right while the rate falls and recovers because Drive throttles', () => {
    const course = courseOf({
      sizes: photos(3000).map(size => Math.round(size / 10)),
      workers: 10,
      down: () => 125 * MB,
      queriesPerSecond: at => (at < 10 ? 10 : 1.25 + 3.75 * ((at % 40) / 40)),
    });
    expect(worst(course).share, JSON.stringify(worst(course))).to.be.at.most(0.2);
    const named = course.told.filter(({ bottleneck }) => bottleneck === 'queries');
    expect(named.length).to.be.above(course.told.length * 0.9);
  });

  it('names the bandwidth limit where that is what limits', () => {
    const { told } = courseOf({ sizes: photos(300), workers: 10, ...SLOW, limit: 12.5 * MB });
    const named = told.filter(({ bottleneck }) => bottleneck === 'bwlimit');
    expect(named.length).to.be.above(told.length * 0.8);
  });

  it('shows within a minute that Drive allows fewer queries', () => {
    const sizes = photos(3000).map(size => Math.round(size / 10));
    const { total, told } = courseOf({
      sizes,
      workers: 10,
      down: () => 125 * MB,
      queriesPerSecond: at => (at < 60 ? 10 : 5),
    });
    const later = told.filter(({ at }) => at > 120);
    for (const { at, left } of later) {
      expect(left, `at ${at}`).to.be.within((total - at) * 0.8 - 5, (total - at) * 1.2 + 5);
    }
  });
});
