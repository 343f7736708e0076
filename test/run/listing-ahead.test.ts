import { Readable } from 'node:stream';
import { expect } from 'chai';
import { RunEvents } from '../../src/run/events.ts';
import { listingAhead } from '../../src/run/listing-ahead.ts';
import type { FileRecord } from '../../stages/record.ts';
import { all, counted, fileRecord, settled } from '../stages/flow.ts';

const LATER_MS = 5_000;
/** More than the streams hold back on their way. */
const MANY = 200;

function world(listed: AsyncIterable<FileRecord> | Iterable<FileRecord>) {
  const clock = { ms: 0 };
  const lookedUp: string[] = [];
  const events = new RunEvents();
  const stop = new AbortController();
  const lookUp = (id: string) => {
    lookedUp.push(id);
    return fileRecord({ id, note: 'from the manifest' });
  };
  const listing = Readable.from(listed);
  const records = listingAhead(listing, events, lookUp, stop.signal, () => clock.ms);
  const fileCameThrough = () => void events.emit('finished', fileRecord({ url: 'https://s3/x' }));
  return { listing, records, fileCameThrough, clock, lookedUp, stop };
}

const files = (count: number) => Array.from({ length: count }, (_, index) => fileRecord({ id: `f${index}` }));

describe('A listing', () => {
  it('does not run ahead while no file has come through, nor in a run that may be over soon', async () => {
    const { records: listed, taken } = counted(index => fileRecord({ id: `f${index}` }));
    const { records, fileCameThrough, clock } = world(listed);
    await records.next();
    clock.ms = LATER_MS - 1;
    fileCameThrough();
    await settled();
    expect(taken()).to.be.below(MANY);
  });

  it('runs to its end once files come through, and gives the rest from the manifest, in order', async () => {
    let isListed = false;
    const listed = (async function* () {
      yield* files(MANY);
      isListed = true;
    })();
    const { records, fileCameThrough, clock, lookedUp } = world(listed);
    const first = (await records.next()).value;
    clock.ms = LATER_MS;
    fileCameThrough();
    fileCameThrough();
    for (let turn = 0; turn < MANY && !isListed; turn += 1) await settled();
    expect(isListed).to.equal(true);
    expect(lookedUp, 'held in memory').to.deep.equal([]);
    const came = [first, ...(await all(records))];
    expect(came.map(({ id }) => id)).to.deep.equal(files(MANY).map(({ id }) => id));
    expect(came.at(-1)!.note).to.equal('from the manifest');
  });

  it('loses no record if it begins to run ahead while one is being waited for', async () => {
    let arrive = () => {};
    const listed = (async function* () {
      yield* files(1);
      await new Promise<void>(resolve => {
        arrive = resolve;
      });
      yield* files(3).slice(1);
    })();
    const { records, fileCameThrough, clock } = world(listed);
    await records.next();
    const second = records.next();
    await settled();
    clock.ms = LATER_MS;
    fileCameThrough();
    arrive();
    expect((await second).value.id).to.equal('f1');
    expect((await all(records)).map(({ id }) => id)).to.deep.equal(['f2']);
  });

  it('takes the rest of the listing, and gives nothing more, after a shutdown', async () => {
    const { listing, records, fileCameThrough, clock, stop } = world(files(MANY));
    await records.next();
    clock.ms = LATER_MS;
    fileCameThrough();
    stop.abort();
    expect(await all(records)).to.have.length.below(MANY);
    expect(listing.readableEnded).to.equal(true);
  });

  it('ends with its reader, also when it has run ahead', async () => {
    for (const isAhead of [false, true]) {
      let hasEnded = false;
      const listed = (async function* () {
        try {
          for (let index = 0; ; index += 1) yield fileRecord({ id: `f${index}` });
        } finally {
          hasEnded = true;
        }
      })();
      const { records, fileCameThrough, clock } = world(listed);
      await records.next();
      clock.ms = LATER_MS;
      if (isAhead) fileCameThrough();
      await records.next();
      await records.return(undefined);
      await settled();
      expect(hasEnded, `ahead: ${isAhead}`).to.equal(true);
    }
  });
});
