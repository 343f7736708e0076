import { expect } from 'chai';
import fc from 'fast-check';
import { type PartBuffer, PartBuffers } from '../../src/storage/part-buffers.ts';
import { settled } from '../stages/flow.ts';

/** Memory into which everything has come that was to come. */
async function full(buffers: PartBuffers, size: number): Promise<PartBuffer> {
  const buffer = await buffers.lend(size, 'part');
  buffer.filled();
  return buffer;
}

describe('the memory for parts', () => {
  it('is lent in just the size that was asked for', async () => {
    const buffers = new PartBuffers(100, 1000);
    for (const size of [0, 1, 99, 100, 350]) {
      const buffer = await buffers.lend(size, 'part');
      expect(buffer.bytes).to.have.length(size);
      expect(buffers.usedBytes).to.equal(size);
      buffer.release();
    }
    expect(buffers.usedBytes).to.equal(0);
  });

  it('is used again, and never by two at a time', async () => {
    const buffers = new PartBuffers(100, 1000);
    const first = await buffers.lend(100, 'part');
    const second = await buffers.lend(100, 'part');
    expect(second.bytes.buffer).not.to.equal(first.bytes.buffer);
    first.release();
    expect((await buffers.lend(80, 'part')).bytes.buffer).to.equal(first.bytes.buffer);
  });

  it('makes whoever wants more than there is wait, in the order of asking, however little they want', async () => {
    const buffers = new PartBuffers(100, 200);
    const held = [await full(buffers, 100), await full(buffers, 100)];
    const served: string[] = [];
    const wait = (name: string, size: number) =>
      buffers.lend(size, 'part').then(buffer => {
        served.push(name);
        return buffer;
      });
    const large = wait('large', 100);
    void wait('small', 1);
    await settled();
    expect(served).to.deep.equal([]);
    held[0]!.release();
    await settled();
    expect(served).to.deep.equal(['large']);
    (await large).release();
    await settled();
    expect(served).to.deep.equal(['large', 'small']);
  });

  it('lends more than there is in all when nothing else is lent, so that nobody waits for ever', async () => {
    const buffers = new PartBuffers(100, 200);
    const held = await buffers.lend(10, 'part');
    let served = false;
    const huge = buffers.lend(5000, 'part').then(buffer => {
      served = true;
      return buffer;
    });
    await settled();
    expect(served).to.equal(false);
    held.release();
    expect((await huge).bytes).to.have.length(5000);
  });

  it('takes a budget below one part for one part', async () => {
    expect((await new PartBuffers(100, 5).lend(100, 'part')).bytes).to.have.length(100);
  });

  it('comes back once, though it is given back twice', async () => {
    const buffers = new PartBuffers(100, 200);
    const buffer = await full(buffers, 100);
    await full(buffers, 100);
    buffer.release();
    buffer.release();
    expect(buffers.usedBytes).to.equal(100);
    await full(buffers, 100);
    let served = false;
    void full(buffers, 100).then(() => {
      served = true;
    });
    await settled();
    expect(served).to.equal(false);
  });

  it('serves everybody in the end, within the budget, whatever is asked for and given back', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 500 }), async (wanted, budget) => {
        const buffers = new PartBuffers(100, budget);
        const lent = new Set<PartBuffer>();
        let served = 0;
        for (const size of wanted)
          void buffers.lend(size, 'part').then(buffer => {
            served += 1;
            lent.add(buffer);
          });
        while (served < wanted.length || lent.size > 0) {
          await settled();
          const sum = [...lent].reduce((bytes, buffer) => bytes + buffer.bytes.length, 0);
          expect(buffers.usedBytes).to.equal(sum);
          if (lent.size !== 1) expect(buffers.heldBytes).to.be.at.most(Math.max(100, budget));
          // A size above the budget is lent when nothing else is; empty buffers are nothing.
          const holders = [...lent].filter(({ bytes }) => bytes.length > 0);
          if (holders.length > 1) expect(sum).to.be.at.most(Math.max(100, budget));
          const [first] = lent;
          if (!first) throw new Error(`${served} of ${wanted.length} served, and nothing is lent`);
          lent.delete(first);
          first.release();
        }
      }),
      { numRuns: 50 },
    );
  });

  it('fills only half at a time, so that one half comes while the other one goes', async () => {
    const buffers = new PartBuffers(100, 400);
    const first = await buffers.lend(100, 'part');
    const second = await buffers.lend(100, 'part');
    const served: string[] = [];
    for (const name of ['third', 'fourth']) void buffers.lend(100, 'part').then(() => served.push(name));
    await settled();
    expect(served).to.deep.equal([]);
    first.filled();
    first.filled();
    await settled();
    expect(served).to.deep.equal(['third']);
    second.release();
    await settled();
    expect(served).to.deep.equal(['third', 'fourth']);
  });

  it('goes to a whole file while parts may not fill more of it', async () => {
    const buffers = new PartBuffers(100, 400);
    await Promise.all([buffers.lend(100, 'part'), buffers.lend(100, 'part')]);
    void buffers.lend(100, 'part');
    expect((await buffers.lend(50, 'whole')).bytes).to.have.length(50);
  });

  it('is used again by pieces of about the same size alone', async () => {
    const buffers = new PartBuffers(100, 1000);
    const large = await full(buffers, 100);
    large.release();
    const small = await full(buffers, 20);
    expect(small.bytes.buffer).not.to.equal(large.bytes.buffer);
    small.release();
    expect((await full(buffers, 15)).bytes.buffer).to.equal(small.bytes.buffer);
    expect((await full(buffers, 90)).bytes.buffer).to.equal(large.bytes.buffer);
  });

  it('goes first to the kind of piece that has less of it', async () => {
    const buffers = new PartBuffers(8, 24);
    const lent = await Promise.all([1, 2, 3].map(() => full(buffers, 8)));
    const order: string[] = [];
    void buffers.lend(8, 'part').then(() => order.push('part'));
    for (const _ of [1, 2])
      void buffers.lend(4, 'whole').then(buffer => {
        order.push('whole');
        buffer.filled();
      });
    lent[0]!.release();
    await settled();
    expect(order).to.deep.equal(['whole', 'whole']);
    lent[1]!.release();
    await settled();
    expect(order).to.deep.equal(['whole', 'whole', 'part']);
  });
});
