import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { chain } from 'stream-chain';
import type { FileRecord } from '../../stages/record.ts';
import { type Stage, stageStream } from '../../stages/stage.ts';

const records = Array.from({ length: 1000 }, (_, index) => ({ id: String(index) }) as FileRecord);

describe('A stage as a stream', () => {
  const ended: string[] = [];
  const passing = (name: string, failsAt?: string): Stage =>
    async function* (incoming) {
      try {
        for await (const record of incoming) {
          if (record.id === failsAt) throw new TypeError(`${name} failed`);
          yield record;
        }
      } finally {
        ended.push(name);
      }
    };
  const drained = async (stages: Stage[], take: (record: FileRecord) => unknown, signal?: AbortSignal) => {
    const stream = chain([Readable.from(records), ...stages.map(stageStream)]);
    const takeAll = async (outgoing: AsyncIterable<FileRecord>) => {
      for await (const record of outgoing) await take(record);
    };
    await pipeline(stream, takeAll, { signal }).catch(error => {
      throw error.cause ?? error;
    });
  };
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => null,
      error => error as Error,
    );

  beforeEach(() => {
    ended.length = 0;
  });

  it('passes every record on, in a chain', async () => {
    const seen: string[] = [];
    await drained([passing('first'), passing('second')], ({ id }) => seen.push(id));
    expect(seen).to.deep.equal(records.map(({ id }) => id));
  });

  it('fails with its own error, and ends the stages before it', async () => {
    const error = await failure(drained([passing('first'), passing('second', '500')], () => {}));
    expect(error).to.be.instanceOf(TypeError).with.property('message', 'second failed');
    await new Promise(setImmediate);
    expect(ended).to.have.members(['first', 'second']);
  });

  it('ends when the chain is given up', async () => {
    const given = new AbortController();
    const take = ({ id }: FileRecord) => id === '20' && given.abort(new Error('enough'));
    const error = await failure(drained([passing('only')], take, given.signal));
    expect(error).to.have.property('message', 'enough');
    await new Promise(setImmediate);
    expect(ended).to.deep.equal(['only']);
  });
});
