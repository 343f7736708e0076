import { expect } from 'chai';
import fc from 'fast-check';
import { concurrently } from '../../stages/concurrently.ts';
import { rejection } from '../config/scratch.ts';
import { all, given, settled } from './flow.ts';

/** Work that ends when the test says so. */
class Desk {
  readonly open = new Map<
    number,
    { finish: (result: number | undefined) => void; fail: (error: Error) => void }
  >();
  most = 0;

  readonly work = (item: number): Promise<number | undefined> =>
    new Promise((finish, fail) => {
      this.open.set(item, { finish, fail });
      this.most = Math.max(this.most, this.open.size);
    });

  finish(item: number, result: number | undefined = item): void {
    this.open.get(item)!.finish(result);
    this.open.delete(item);
  }
}

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

  it('keeps as many pieces going as the limit allows, and no more', async () => {
    const desk = new Desk();
    const results = concurrently(() => 3, desk.work)(numbers({ count: 0 }));
    const first = results.next();
    await settled();
    expect([...desk.open.keys()]).to.deep.equal([0, 1, 2]);
    desk.finish(1);
    expect((await first).value).to.equal(1);
    const second = results.next();
    await settled();
    expect([...desk.open.keys()]).to.deep.equal([0, 2, 3]);
    expect(desk.most).to.equal(3);
    desk.finish(3);
    await second;
    await results.return(undefined);
  });

  it('lets quick work overtake slow work', async () => {
    const desk = new Desk();
    const results = concurrently(() => 2, desk.work)(given([0, 1, 2]));
    const order: number[] = [];
    const reading = (async () => {
      for await (const result of results) order.push(result);
    })();
    await settled();
    desk.finish(1);
    await settled();
    desk.finish(2);
    await settled();
    desk.finish(0);
    await reading;
    expect(order).to.deep.equal([1, 2, 0]);
  });

  it('takes no more input while nobody takes its results', async () => {
    const taken = { count: 0 };
    const results = concurrently(
      () => 4,
      async (item: number) => item,
    )(numbers(taken));
    await results.next();
    await settled();
    const soFar = taken.count;
    expect(soFar).to.be.at.most(6);
    await settled();
    expect(taken.count).to.equal(soFar);
    await results.return(undefined);
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

  it('fails when a piece of work fails, and closes its input', async () => {
    const desk = new Desk();
    const taken = { count: 0 };
    const results = concurrently(() => 2, desk.work)(numbers(taken));
    const failure = rejection(all(results));
    await settled();
    desk.open.get(0)!.fail(new Error('broken'));
    expect((await failure).message).to.equal('broken');
    expect(taken.count).to.be.at.most(3);
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

  it('ends at once for empty input', async () => {
    expect(
      await all(
        concurrently(
          () => 3,
          async (item: number) => item,
        )(given([])),
      ),
    ).to.deep.equal([]);
  });
});
