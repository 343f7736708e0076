import { expect } from 'chai';
import fc from 'fast-check';
import { chain } from 'stream-chain';
import { runToEnd, sourceOf } from '../../src/run/pipeline.ts';
import { RunError } from '../../stages/errors.ts';
import { Shutdown } from '../../stages/flow/shutdown.ts';
import type { ObservationTable } from '../../stages/observation-finder.ts';
import type { FileRecord } from '../../stages/record.ts';
import { type ResolveOptions, resolve } from '../../stages/resolve.ts';
import { stageStream } from '../../stages/stage.ts';
import { rejection } from '../config/scratch.ts';
import { anyRecords, counted, expectAllAccountedFor, fileRecord, one, through } from './flow.ts';
import { obs, parsed, tableOf } from './observed.ts';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);

function refusing(error: Error): ObservationTable {
  return {
    index: async () => null,
    sweep: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }),
  };
}

const TABLE = [obs(6000), obs(6001), obs(6602)];

function resolved(fields: Partial<FileRecord>, options: ResolveOptions = {}): Promise<FileRecord> {
  return one(resolve(tableOf(...TABLE), options), parsed(fields));
}

describe('resolve', () => {
  it('adds observations, what is missing, and the key, and passes on all other fields', async () => {
    const given = { name: '6000-6002.jpg', sequentialIds: [6000, 6001, 6002], note: 'mine' };
    expect(await resolved(given)).to.deep.equal({
      ...parsed(given),
      observations: [
        { sequentialId: 6000, id: 'obs-6000' },
        { sequentialId: 6001, id: 'obs-6001' },
      ],
      missing: [6002],
      key: 'media/obs-6000/6000-6002.jpg',
    });
  });

  it('keeps the order of the name', async () => {
    const record = await resolved({ name: '6001+6000.jpg', sequentialIds: [6001, 6000] });
    expect(record.observations!.map(({ sequentialId }) => sequentialId)).to.deep.equal([6001, 6000]);
    expect(record.key).to.equal('media/obs-6001/6001+6000.jpg');
  });

  it('makes a file without any observation an orphan that has no key', async () => {
    const record = await resolved({ name: '1-2.jpg', sequentialIds: [1, 2] });
    expect(record).to.deep.include({ status: 'orphan', observations: [], missing: [1, 2] });
    expect(record).not.to.have.property('key');
    expect(record.error).to.include({ stage: 'resolve', code: 'no_observation', retryable: false });
    expect(record.error!.message).to.contain('1, 2').and.to.contain('--retry-orphans');
  });

  it('leaves a file to a person when one of its ids has several observations, with the candidates', async () => {
    const twins = [
      { id: 'x', sequentialId: 6000 },
      { id: 'y', sequentialId: 6000 },
    ];
    const stage = resolve(tableOf(...twins, obs(6001)));
    const record = await one(stage, parsed({ name: '6000-6001.jpg', sequentialIds: [6000, 6001] }));
    expect(record.status).to.equal('needs_review');
    expect(record).not.to.have.any.keys('key', 'observations');
    expect(record.error).to.deep.include({ code: 'several_observations', candidates: twins });
  });

  it('takes the observation that a person wrote down, and asks nobody', async () => {
    const table = tableOf(...TABLE);
    const given = parsed({ observations: [{ sequentialId: 6602, id: 'by-hand' }] });
    const record = await one(resolve(table), given);
    expect(record).to.deep.equal({ ...given, key: 'media/by-hand/6602.jpg' });
    expect(table.sweeps).to.equal(0);
  });

  it('goes on with a file that it had stopped once a person has written down its observation', async () => {
    const orphan = await resolved({ name: '1.jpg', sequentialIds: [1] });
    const answered = { ...orphan, observations: [{ sequentialId: 1, id: 'by-hand' }] };
    const record = await one(resolve(tableOf(...TABLE)), answered);
    expect(record)
      .to.include({ status: 'pending', key: 'media/by-hand/1.jpg' })
      .and.not.to.have.property('error');
  });

  it('keeps a key that is set already', async () => {
    const record = await resolved({ key: 'media/elsewhere/6602.jpg' });
    expect(record).to.include({ key: 'media/elsewhere/6602.jpg', status: 'pending' });
    expect(record.observations).to.have.length(1);
  });

  it('counts the bytes of a key, not its characters: 1,024 are allowed, one more is not', async () => {
    const room = 1024 - 'media/obs-6602/.jpg'.length;
    const fits = await resolved({ name: `${'é'.repeat(Math.floor(room / 2))}${'a'.repeat(room % 2)}.jpg` });
    expect(fits.status).to.equal('pending');
    expect(Buffer.byteLength(fits.key!)).to.equal(1024);
    const tooLong = await resolved({ name: `a${fits.name}` });
    expect(tooLong.error).to.include({ code: 'name_too_long' });
    expect(tooLong.status).to.equal('needs_review');
  });

  it('asks once for a thousand records, and gives them out in their order', async () => {
    const table = tableOf(...Array.from({ length: 3000 }, (_, id) => obs(id)));
    const records = Array.from({ length: 2500 }, (_, index) =>
      parsed({ id: `f${index}`, name: `${index}.jpg`, sequentialIds: [index] }),
    );
    const results = await through(resolve(table), records);
    expect(results.map(({ key }) => key)).to.deep.equal(
      records.map(({ name }, index) => `media/obs-${index}/${name}`),
    );
    expect(table.sweeps).to.equal(1);
  });

  it('takes no more than one batch of input while nobody takes its output', async () => {
    const input = counted(index => parsed({ id: `f${index}`, name: `${index}.jpg`, sequentialIds: [6602] }));
    const results = resolve(tableOf(...TABLE))(input.records)[Symbol.asyncIterator]();
    await results.next();
    expect(input.taken()).to.equal(1000);
    await results.return?.();
  });

  it('gives out every record that goes in exactly once, and no key twice', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords(), async records => {
        const results = await through(
          resolve(tableOf(obs(1), obs(2), obs(3), { id: 'x', sequentialId: 3 })),
          records,
        );
        expectAllAccountedFor(records, results);
        const keys = results.filter(({ status }) => status === 'pending').flatMap(({ key }) => key ?? []);
        expect(new Set(keys).size).to.equal(keys.length);
      }),
    );
  });
});

describe('Two files that resolve brings together', () => {
  const twin = (id: string, name: string, more: Partial<FileRecord> = {}) =>
    parsed({ id, name, md5: A, path: 'x', ...more });

  it('of which one is a copy with an equal name in another folder: the survivor does not depend on the order', async () => {
    const copies = ['c', 'a', 'b'].map((path, index) => twin(`f${index}`, '6602.jpg', { path }));
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(copies, { minLength: 3 }), async records => {
        const results = await through(resolve(tableOf(...TABLE)), records);
        const survivors = results.filter(({ status }) => status === 'pending');
        expect(survivors.map(({ path }) => path)).to.deep.equal(['a']);
        for (const { key, status, error } of results.filter(({ path }) => path !== 'a'))
          expect([key, status, error?.survivor]).to.deep.equal([undefined, 'duplicate', survivors[0]!.id]);
      }),
    );
  });

  it('that show different observations: both go on, though their bytes are the same', async () => {
    const results = await through(resolve(tableOf(...TABLE)), [
      twin('one', '6602.jpg'),
      twin('two', '6000.jpg', { sequentialIds: [6000] }),
    ]);
    expect(results.every(({ status }) => status === 'pending')).to.equal(true);
  });

  it('of which one has its key from an earlier run: that one keeps it, however unclean its name', async () => {
    const earlier = twin('old', '6602 - Copy.jpg', { key: 'media/obs-6602/6602 - Copy.jpg' });
    const stage = () => resolve(tableOf(...TABLE), { claimed: [earlier] });
    expect(await one(stage(), twin('new', '6602.jpg'))).to.include({ status: 'duplicate' });
    expect(await one(stage(), twin('other', '6602 - Copy.jpg', { md5: B }))).to.include({
      status: 'needs_review',
    });
  });
});

describe('When the observations cannot be asked for', () => {
  const refusal = new RunError('data_refused', 'AppSync has had enough.', 'Come back tomorrow.');
  const record = (index: number) => parsed({ id: `f${index}`, sequentialIds: [index] });

  it('the run is shut down, and what waits stays as it is for the next run', async () => {
    const shutdown = new Shutdown();
    const done = fileRecord({ id: 'done', status: 'completed' });
    const results = await through(resolve(refusing(refusal), { shutdown }), [done, record(1), record(2)]);
    expect(results).to.deep.equal([done]);
    expect(shutdown.reason).to.equal(refusal);
  });

  it('the stream of records comes to an end, however many there are', async () => {
    const shutdown = new Shutdown();
    let read = 0;
    const records = (function* () {
      for (; read < 2500; read += 1) yield record(read);
    })();
    let came = 0;
    const stream = chain([sourceOf(records), stageStream(resolve(refusing(refusal), { shutdown }))]);
    const take = () => {
      came += 1;
    };
    await runToEnd(stream, take, shutdown);
    expect([read, came]).to.deep.equal([2500, 0]);
    expect(shutdown.reason).to.equal(refusal);
  });

  it('the error is thrown where there is no switch, or where it is a surprise', async () => {
    expect(await rejection(through(resolve(refusing(refusal)), [record(1)]))).to.equal(refusal);
    const surprise = new TypeError('what?');
    const shutdown = new Shutdown();
    expect(await rejection(through(resolve(refusing(surprise), { shutdown }), [record(1)]))).to.equal(
      surprise,
    );
  });
});
