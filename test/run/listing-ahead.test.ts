import { expect } from 'chai';
import { listingAhead } from '../../src/run/listing-ahead.ts';
import type { FileRecord } from '../../stages/record.ts';
import { rejection } from '../config/scratch.ts';
import { all, counted, fileRecord, given, settled } from '../stages/flow.ts';

const LATER_MS = 5_000;

function world(listed: AsyncIterable<FileRecord>) {
  const clock = { ms: 0 };
  const state = { stopped: false, lookedUp: [] as string[] };
  const ahead = listingAhead(
    listed,
    id => {
      state.lookedUp.push(id);
      return fileRecord({ id, note: 'from the manifest' });
    },
    () => state.stopped,
    () => clock.ms,
  );
  return { ...ahead, clock, state, iterator: ahead.records[Symbol.asyncIterator]() };
}

const files = (...ids: string[]) => ids.map(id => fileRecord({ id }));

async function idsOf(records: AsyncIterable<FileRecord>): Promise<string[]> {
  return (await all(records)).map(({ id }) => id);
}

describe('A listing', () => {
  it('stands still while nothing behind it takes its records', async () => {
    const { records, taken } = counted(index => fileRecord({ id: `f${index}` }));
    const { iterator } = world(records);
    await iterator.next();
    await settled();
    expect(taken()).to.equal(1);
  });

  it('does not run ahead in a run that may be over soon', async () => {
    const { records, taken } = counted(index => fileRecord({ id: `f${index}` }));
    const { iterator, fileCameThrough, clock } = world(records);
    await iterator.next();
    clock.ms = LATER_MS - 1;
    fileCameThrough();
    await settled();
    expect(taken()).to.equal(1);
  });

  it('runs to its end once files come through, and gives the rest from the manifest, in order', async () => {
    let done = false;
    const source = (async function* () {
      yield* files('a', 'b', 'c', 'd');
      done = true;
    })();
    const { iterator, fileCameThrough, clock, state } = world(source);
    const first = [await iterator.next(), await iterator.next()].map(({ value }) => value.id);
    clock.ms = LATER_MS;
    fileCameThrough();
    fileCameThrough();
    await settled();
    expect(done).to.equal(true);
    expect(state.lookedUp, 'held in memory').to.deep.equal([]);
    const rest = await all({ [Symbol.asyncIterator]: () => iterator });
    expect([...first, ...rest.map(({ id }) => id)]).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(rest.map(({ note }) => note)).to.deep.equal(['from the manifest', 'from the manifest']);
  });

  it('loses no record if it begins to run ahead while one is being waited for', async () => {
    let arrive = () => {};
    const source = (async function* () {
      yield* files('a');
      await new Promise<void>(resolve => {
        arrive = resolve;
      });
      yield* files('b', 'c');
    })();
    const { iterator, fileCameThrough, clock } = world(source);
    await iterator.next();
    const second = iterator.next();
    await settled();
    clock.ms = LATER_MS;
    fileCameThrough();
    arrive();
    expect((await second).value.id).to.equal('b');
    expect(await idsOf({ [Symbol.asyncIterator]: () => iterator })).to.deep.equal(['c']);
  });

  it('that fails ahead ends the run at once', async () => {
    const source = (async function* () {
      yield* files('a', 'b');
      throw new Error('the disk is full');
    })();
    const { iterator, fileCameThrough, clock } = world(source);
    await iterator.next();
    clock.ms = LATER_MS;
    fileCameThrough();
    await settled();
    expect(await rejection(iterator.next() as Promise<unknown>)).to.have.property(
      'message',
      'the disk is full',
    );
  });

  it('gives nothing more after a shutdown', async () => {
    const { iterator, fileCameThrough, clock, state } = world(given(files('a', 'b', 'c')));
    await iterator.next();
    clock.ms = LATER_MS;
    fileCameThrough();
    await settled();
    state.stopped = true;
    expect((await iterator.next()).done).to.equal(true);
  });
});
