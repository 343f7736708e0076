import { expect } from 'chai';
import fc from 'fast-check';
import { concurrently } from '../../stages/concurrently.ts';
import { rejection } from '../config/scratch.ts';
import { all, given, settled } from './flow.ts';

async function* numbers(taken: { count: number }): AsyncGenerator<number> {
  for (;;) yield taken.count++;
}

describe('Work done concurrently', () => {
  it('gives every result once, whatever the limit and the order in which the work ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ turns: fc.nat(4), dropped: fc.boolean() }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        async (jobs, limit) => {
          let active = 0;
          let most = 0;
          const stage = concurrently(
            () => limit,
            async (job: { index: number; turns: number; dropped: boolean }) => {
              most = Math.max(most, ++active);
              for (let turn = 0; turn < job.turns; turn += 1) await null;
              active -= 1;
              return job.dropped ? undefined : job.index;
            },
          );
          const results = await all(stage(given(jobs.map((job, index) => ({ ...job, index })))));
          const kept = jobs.flatMap(({ dropped }, index) => (dropped ? [] : [index]));
          expect(results.toSorted((a, b) => a - b)).to.deep.equal(kept);
          expect(most).to.be.at.most(limit);
        },
      ),
    );
  });

  it('closes its input when the consumer has had enough', async () => {
    let closed = false;
    const input = (async function* () {
      try {
        for (let item = 0; ; item += 1) yield item;
      } finally {
        closed = true;
      }
    })();
    for await (const _ of concurrently(
      () => 2,
      async (item: number) => item + 1,
    )(input))
      break;
    expect(closed).to.equal(true);
  });

  it('fails when a piece of work fails, and reads no more input', async () => {
    const taken = { count: 0 };
    const results = concurrently(
      () => 2,
      async (item: number) => {
        if (item === 1) throw new Error('broken');
        return item;
      },
    )(numbers(taken));
    expect((await rejection(all(results))).message).to.equal('broken');
    const { count } = taken;
    await settled();
    expect(taken.count).to.equal(count);
  });

  it('fails when its input fails, after giving what was done before', async () => {
    const input = (async function* () {
      yield 1;
      throw new Error('no more');
    })();
    const results = concurrently(
      () => 2,
      async (item: number) => item,
    )(input);
    expect((await results.next()).value).to.equal(1);
    expect((await rejection(results.next())).message).to.equal('no more');
  });
});
