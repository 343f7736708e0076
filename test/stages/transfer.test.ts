import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import fc from 'fast-check';
import { FileError, RunError } from '../../stages/errors.ts';
import type { StageEvents } from '../../stages/events.ts';
import { Shutdown } from '../../stages/flow/shutdown.ts';
import type { FileRecord } from '../../stages/record.ts';
import type { Backoff } from '../../stages/retry/backoff.ts';
import { withSendableValues } from '../../stages/sendable.ts';
import { type FileSource, transfer } from '../../stages/transfer.ts';
import { streamOf } from '../byte-stream.ts';
import { CONTENT, drive, FakeStore, located, SlowStore, STORED } from './fake-store.ts';
import {
  all,
  anyRecords,
  counted,
  expectAllAccountedFor,
  fileRecord,
  given,
  one,
  settled,
  through,
} from './flow.ts';

const backoffOf = (retries: number): Backoff => ({ retries, baseMs: 0, capMs: 0, sleep: async () => {} });

const options = { concurrency: 3, backoff: backoffOf(3) };

/** What becomes of a file whose uploads are refused so. */
async function moved(
  refuse: FakeStore['refuse'],
  {
    record = located(),
    source = drive,
    ...more
  }: Partial<Parameters<typeof transfer>[2]> & { record?: FileRecord; source?: FileSource } = {},
) {
  const store = new FakeStore();
  store.refuse = refuse;
  return { store, ended: await one(transfer(source, store, { ...options, ...more }), record) };
}

const throttled = () => new FileError('slow_down', '6602.jpg: S3 asks for a pause.', { retryable: true });

describe('transfer', () => {
  it('stores the bytes under the key, and adds what came of it to all other fields', async () => {
    const record = located({ note: 'mine' });
    const { store, ended } = await moved(() => null, { record });
    expect(ended).to.deep.equal({
      ...record,
      url: 'https://bucket.s3.example.com/media/obs-1/6602.jpg',
      ...STORED,
      status: 'uploaded',
    });
    expect(store.uploads).to.deep.equal([
      {
        key: 'media/obs-1/6602.jpg',
        contentType: 'image/jpeg',
        fileId: 'file-1',
        fileName: '6602.jpg (file-1)',
        size: 8,
        md5: 'a'.repeat(32),
        isRetry: false,
        content: 'one file',
      },
    ]);
  });

  it('leaves to a person what S3 cannot take as the record says, and sends nothing', async () => {
    const wrong: [Partial<FileRecord>, string][] = [
      [{ contentType: 'image/jpeg\r\nx-evil: 1' }, 'bad_content_type'],
      [{ contentType: '' }, 'bad_content_type'],
      [{ size: 2 ** 50 }, 'too_large'],
    ];
    for (const [fields, code] of wrong) {
      const { status, error } = withSendableValues(fileRecord({ key: 'media/1/1.jpg', ...fields }));
      expect([status, error?.code]).to.deep.equal(['needs_review', code]);
    }
    const sendable = fileRecord({ key: 'media/1/a ק.jpg', contentType: 'image/jpeg' });
    expect(withSendableValues(sendable)).to.equal(sendable);
  });

  it('moves half as many files at a time once a service asks for fewer requests', async () => {
    const store = new FakeStore();
    let running = 0;
    const seen: number[] = [];
    const slow: FileSource = {
      download: async () => {
        const bytes = async function* () {
          running += 1;
          seen.push(running);
          for (let turn = 0; turn < 10; turn += 1) await new Promise(resolve => setImmediate(resolve));
          running -= 1;
          for (const piece of CONTENT) yield piece;
        };
        return streamOf(bytes());
      },
    };
    store.refuse = attempt =>
      attempt === 1 ? new FileError('storage_busy', 'slower', { retryable: true, throttled: true }) : null;
    const records = Array.from({ length: 24 }, (_, index) => located({ id: `f${index}` }));
    const ended = await through(transfer(slow, store, { ...options, concurrency: 8 }), records);
    expect(ended.every(({ status }) => status === 'uploaded')).to.equal(true);
    expect(Math.max(...seen.slice(0, 8))).to.equal(8);
    expect(Math.max(...seen.slice(9))).to.be.lessThan(8);
  });

  it('moves as many files at a time as it may, and no more; small ones overtake large ones', async () => {
    const store = new SlowStore();
    const records = ['large', 's1', 's2', 's3'].map(id => located({ id }));
    const order: string[] = [];
    const reading = (async () => {
      for await (const { id } of transfer(drive, store, { ...options, concurrency: 2 })(given(records)))
        order.push(id);
    })();
    for (const id of ['s1', 's2', 's3', 'large']) {
      await settled();
      store.waiting.get(id)!();
    }
    await reading;
    expect(order).to.deep.equal(['s1', 's2', 's3', 'large']);
    expect(store.most).to.equal(2);
  });

  it('begins no new files while nobody takes the finished ones', async () => {
    const input = counted(index => located({ id: `f${index}` }));
    const store = new FakeStore();
    const results = transfer(drive, store, options)(input.records)[Symbol.asyncIterator]();
    await results.next();
    await settled();
    const { length } = store.uploads;
    const taken = input.taken();
    expect(length).to.be.at.most(6);
    expect(taken, 'looked ahead').to.be.at.most(1006);
    await settled();
    expect(store.uploads).to.have.length(length);
    expect(input.taken()).to.equal(taken);
    await results.return?.();
  });

  it('tries again after a temporary error, with a new download, and says which upload was tried before', async () => {
    const error = { stage: 'transfer' as const, code: 'key_taken', message: 'Taken.', retryable: false };
    for (const [record, isRetry] of [
      [located(), [false, true, true]],
      [located({ error }), [true, true, true]],
    ] as const) {
      const { store, ended } = await moved(attempt => (attempt < 3 ? throttled() : null), { record });
      expect(ended).to.include({ status: 'uploaded' }).and.not.to.have.property('error');
      expect(store.uploads.map(({ content }) => content)).to.deep.equal(Array(3).fill('one file'));
      expect(store.uploads.map(upload => upload.isRetry)).to.deep.equal(isRetry);
    }
  });

  it('makes a file failed when the retries are used up, so that the next run tries again', async () => {
    const { store, ended } = await moved(throttled, { backoff: backoffOf(2) });
    expect(store.uploads).to.have.length(3);
    expect(ended).to.include({ status: 'failed' }).and.not.to.have.any.keys('url', 'etag');
    const { code, message } = throttled();
    expect(ended.error).to.deep.equal({ stage: 'transfer', code, message, retryable: true });
  });

  it('does not repeat what will not pass, and gives the file the status that the error asks for', async () => {
    for (const status of ['orphan', 'needs_review', 'failed'] as const) {
      const { store, ended } = await moved(() => new FileError('gone', 'It is gone.', { status }));
      expect(ended.status).to.equal(status);
      expect(ended.error).to.include({ code: 'gone', retryable: false });
      expect(store.uploads).to.have.length(1);
    }
  });

  it('tries again after an error that it does not know, and keeps its words', async () => {
    const message = 'undefined is not a function';
    const { store, ended } = await moved(() => new TypeError(message), { backoff: backoffOf(1) });
    expect(store.uploads).to.have.length(2);
    expect(ended.status).to.equal('failed');
    expect(ended.error).to.include({ code: 'unexpected', message, retryable: true });
  });

  it('takes an error of the download, at the call or in mid-stream, for one of the file', async () => {
    const broken = new FileError('broken', 'The download broke.', { retryable: true });
    const breaking = async function* () {
      yield CONTENT[0]!;
      throw broken;
    };
    for (const download of [() => Promise.reject(broken), async () => streamOf(breaking())]) {
      const { ended } = await moved(() => null, { source: { download } });
      expect(ended.error).to.include({ code: 'broken' });
    }
  });

  it('reports every start, every byte, every attempt that did not count, and the end', async () => {
    const told: string[] = [];
    const events = new EventEmitter<StageEvents>()
      .on('transferStarted', ({ id }) => told.push(`started ${id}`))
      .on('bytesRead', ({ id }, bytes) => told.push(`read ${id} ${bytes}`))
      .on('transferRetried', ({ id }) => told.push(`retried ${id}`))
      .on('transferEnded', ({ id }) => told.push(`ended ${id}`));
    const record = located({ id: 'a' });
    await moved(attempt => (attempt === 1 ? throttled() : null), { record, events });
    const read = ['read a 4', 'read a 4'];
    expect(told).to.deep.equal(['started a', ...read, 'retried a', ...read, 'ended a']);
  });

  it('gives out every record that goes in exactly once, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRecords(),
        fc.infiniteStream(fc.constantFrom('ok', 'ok', 'retry', 'never')),
        fc.integer({ min: 1, max: 4 }),
        async (records, luck, concurrency) => {
          const store = new FakeStore();
          store.refuse = () => {
            const outcome = luck.next().value;
            if (outcome === 'ok') return null;
            return new FileError(outcome, outcome, { retryable: outcome === 'retry' });
          };
          const stage = transfer(drive, store, { concurrency, backoff: backoffOf(1) });
          const results = await through(stage, records);
          expectAllAccountedFor(records, results);
          const isWrong = ({ status, url, key }: FileRecord) => status === 'uploaded' && !url && key;
          expect(results.filter(isWrong)).to.deep.equal([]);
        },
      ),
    );
  });
});

describe('When a file shows that the whole run cannot go on', () => {
  const refusal = new RunError('bucket_gone', 'The bucket is gone.', 'Make it again.');

  it('what is in flight is finished and handed on, and the rest is let go', async () => {
    const store = new SlowStore();
    const shutdown = new Shutdown();
    const records = Array.from({ length: 10 }, (_, index) => located({ id: `f${index}` }));
    const results = all(transfer(drive, store, { ...options, shutdown })(given(records)));
    await settled();
    store.waiting.get('f1')!(refusal);
    await settled();
    expect([...store.waiting.keys()], 'nothing new is begun').to.deep.equal(['f0', 'f2']);
    store.waiting.get('f2')!();
    store.waiting.get('f0')!();
    expect((await results).map(({ id, status }) => `${id} ${status}`)).to.deep.equal([
      'f2 uploaded',
      'f0 uploaded',
    ]);
    expect(shutdown.reason).to.equal(refusal);
  });

  it('records that have stopped earlier are handed on all the same', async () => {
    const shutdown = new Shutdown();
    shutdown.drain(refusal);
    const done = located({ id: 'done', status: 'completed' });
    const results = await through(transfer(drive, new FakeStore(), { ...options, shutdown }), [
      located(),
      done,
    ]);
    expect(results).to.deep.equal([done]);
  });

  it('no other file is tried again either', async () => {
    const shutdown = new Shutdown();
    const refuse = () => {
      shutdown.drain(refusal);
      return throttled();
    };
    const { store, ended } = await moved(refuse, { shutdown });
    expect(ended).to.include({ status: 'failed' });
    expect(store.uploads).to.have.length(1);
  });
});
