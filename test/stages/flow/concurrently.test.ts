import { expect } from 'chai';
import { concurrently } from '../../../stages/flow/concurrently.ts';
import { rejection } from '../../config/scratch.ts';
import { all, settled } from '../flow.ts';

async function* numbers(taken: { count: number }): AsyncGenerator<number> {
  for (;;) yield taken.count++;
}

describe('Work done concurrently', () => {
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
