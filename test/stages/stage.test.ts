import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { chain } from 'stream-chain';
import { link } from '../../stages/link.ts';
import { parse } from '../../stages/parse.ts';
import type { FileRecord } from '../../stages/record.ts';
import { resolve } from '../../stages/resolve.ts';
import { type Stage, stageStream } from '../../stages/stage.ts';
import { transfer } from '../../stages/transfer.ts';
import { fileRecord, through } from './flow.ts';

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

describe('Each stage', () => {
  const unasked = new Proxy({} as never, { get: () => () => expect.fail('somebody was asked') });
  const backoff = { retries: 0, baseMs: 0, capMs: 0 };
  const rules = { naming: 'strict', maxRange: 100, prefixes: false } as const;
  const parsing: Stage = async function* (incoming) {
    for await (const record of incoming) yield parse(record, rules);
  };
  const observations = [{ sequentialId: 1, id: 'o' }];
  const stages: [string, Stage, Partial<FileRecord>][] = [
    ['parse', parsing, { sequentialIds: [1], type: 'IMAGE', contentType: 'image/jpeg' }],
    ['resolve', resolve(unasked), { sequentialIds: [1], observations, key: 'media/o/a.jpg' }],
    ['transfer', transfer(unasked, unasked, { concurrency: 3, backoff }), { url: 'https://bucket/x' }],
    ['link', link(unasked, { isAvailableForPublicUse: false }), { status: 'completed' }],
  ];
  for (const [name, stage, done] of stages)
    it(`passes what has stopped, or is done, as the very objects they are, and asks nobody (${name})`, async () => {
      const stopped = (
        ['failed', 'orphan', 'needs_review', 'partial', 'duplicate', 'completed'] as const
      ).map(status => fileRecord({ id: status, status }));
      const given = [...stopped, fileRecord({ id: 'done', ...done })];
      for (const [index, record] of (await through(stage, given)).entries())
        expect(record).to.equal(given[index]);
    });
});
