import { expect } from 'chai';
import { RunError } from '../../stages/errors.ts';
import { type ExistingMedia, mediaIndex, withExistingMedia } from '../../stages/existing-media.ts';
import { Shutdown } from '../../stages/flow/shutdown.ts';
import type { FileRecord } from '../../stages/record.ts';
import { expectAllAccountedFor, fileRecord, one, through } from './flow.ts';

const URL = 'https://bucket/media/obs-1/1-2.jpg';
const resolved = (fields: Partial<FileRecord> = {}) =>
  fileRecord({
    key: 'media/obs-1/1-2.jpg',
    observations: [
      { sequentialId: 1, id: 'obs-1' },
      { sequentialId: 2, id: 'obs-2' },
    ],
    ...fields,
  });

class Table {
  sweeps = 0;
  readonly #items: ExistingMedia[];
  constructor(...items: ExistingMedia[]) {
    this.#items = items;
  }
  async *sweep() {
    this.sweeps += 1;
    for (const item of this.#items) yield [item];
  }
}

const urlOf = (key: string) => `https://bucket/${key}`;
const looking = (
  table: Table,
  appliesTo: (record: FileRecord) => boolean = () => true,
  shutdown?: Shutdown,
) =>
  withExistingMedia(
    mediaIndex(() => table.sweep()),
    { appliesTo, urlOf, shutdown },
  );

describe('media that somebody else has made', () => {
  const both = [
    { id: 'x1', url: URL, observationId: 'obs-1' },
    { id: 'x2', url: URL, observationId: 'obs-2' },
  ];

  it('for every observation of a file make its transfer and its links superfluous', async () => {
    const record = resolved();
    expect(await one(looking(new Table(...both)), record)).to.deep.equal({
      ...record,
      media: [
        { id: 'x1', observationId: 'obs-1', found: true },
        { id: 'x2', observationId: 'obs-2', found: true },
      ],
      url: URL,
      status: 'uploaded',
    });
  });

  it('for some of the observations leave the rest to be linked, and the object to be stored', async () => {
    const record = resolved();
    expect(await one(looking(new Table(both[1]!)), record)).to.deep.equal({
      ...record,
      media: [{ id: 'x2', observationId: 'obs-2', found: true }],
    });
  });

  it('are known whatever is percent-encoded in their addresses', async () => {
    const record = resolved({
      key: 'media/obs-1/1 (ü).jpg',
      observations: [{ sequentialId: 1, id: 'obs-1' }],
    });
    for (const name of ['1%20(%C3%BC).jpg', '1%20%28ü%29.jpg', '1 (ü).jpg']) {
      const table = new Table({ id: 'x', url: `https://bucket/media/obs-1/${name}`, observationId: 'obs-1' });
      expect((await one(looking(table), record)).media, name).to.have.length(1);
    }
    const broken = new Table({ id: 'x', url: 'https://bucket/%', observationId: 'obs-1' });
    expect(await one(looking(broken), record)).to.equal(record);
  });

  it('are asked for once, and only when a record is concerned that lacks a link', async () => {
    const table = new Table(...both);
    const media = both.map(({ id, observationId }) => ({ id, observationId }));
    const stage = looking(table, ({ note }) => note === 'mine');
    const untouched = [
      resolved({ id: 'a' }),
      resolved({ id: 'b', note: 'mine', status: 'orphan' }),
      resolved({ id: 'c', note: 'mine', key: undefined }),
      resolved({ id: 'd', note: 'mine', media }),
    ];
    expect(await through(stage, untouched)).to.deep.equal(untouched);
    expect(table.sweeps).to.equal(0);
    const concerned = ['e', 'f'].map(id => resolved({ id, note: 'mine' }));
    const results = await through(stage, concerned);
    expectAllAccountedFor(concerned, results);
    expect(table.sweeps).to.equal(1);
  });

  it('shut the run down when they cannot be read: no file is linked while that is not known', async () => {
    const refusal = new RunError('appsync_unreachable', 'No answer.', 'Try later.');
    const table = new Table();
    table.sweep = async function* () {
      yield [];
      throw refusal;
    };
    const shutdown = new Shutdown();
    expect(
      await through(
        looking(table, () => true, shutdown),
        [resolved({ id: 'a' }), resolved({ id: 'b' })],
      ),
    ).to.deep.equal([]);
    expect(shutdown.reason).to.equal(refusal);
  });
});
