import { expect } from 'chai';
import { type UndoOptions, undo } from '../../src/results/undo.ts';
import type { ObjectState } from '../../src/services/s3/objects.ts';
import { mediaIdOf } from '../../stages/link.ts';
import type { FileRecord } from '../../stages/record.ts';
import { fileRecord } from '../stages/flow.ts';

const KEY = 'media/obs-1/6602.jpg';
const own = { id: mediaIdOf('obs-1', KEY), observationId: 'obs-1' };
const resolved = (fields: Partial<FileRecord> = {}) => fileRecord({ key: KEY, ...fields });
const OBJECT = {
  url: `https://b/${KEY}`,
  bytes: 3,
  etag: 'e1',
  verified: 'md5' as const,
  storedAt: '2026-03-02T08:30:00.000Z',
};
const completed = (fields: Partial<FileRecord> = {}) =>
  resolved({ ...OBJECT, media: [own], status: 'completed', ...fields });

describe('undo', () => {
  let log: string[];
  let kept: FileRecord[];
  let there: Partial<ObjectState> | null;
  beforeEach(() => {
    log = [];
    kept = [];
    there = { etag: 'e1', fileId: 'file-1' };
  });

  const options = (more: Partial<UndoOptions> = {}): UndoOptions => ({
    objects: {
      find: async key => there && { key, bytes: 3, etag: 'e1', fileId: 'file-1', ...there },
      remove: async (key, etag) => Boolean(log.push(`object ${key} ${etag}`)),
    },
    media: { remove: async ids => void log.push(...ids.map(id => `media ${id}`)) },
    uses: new Map(),
    rewriter: {
      writeTransfers: async records => void log.push(...records.map(({ id }) => `set back ${id}`)),
      writeLink: record => void kept.push(record),
    },
    concurrency: 2,
    stopped: () => false,
    ...more,
  });

  it('removes the media records first, then the object, and keeps the record as it was before transfer', async () => {
    expect(await undo([completed()], options())).to.deep.equal({ media: 1, objects: 1, left: [] });
    expect(log).to.deep.equal([`media ${own.id}`, 'set back file-1', `object ${KEY} e1`]);
    const { media: _, ...unlinked } = completed({ status: 'uploaded' });
    expect(kept).to.deep.equal([{ ...unlinked, removing: [own] }, unlinked, resolved()]);
  });

  it('counts an object that is gone as removed', async () => {
    there = null;
    expect(await undo([completed()], options())).to.deep.equal({ media: 1, objects: 1, left: [] });
    expect(log).to.deep.equal([`media ${own.id}`, 'set back file-1']);
  });

  it('begins no more once it has been stopped, and has written down what it did', async () => {
    const records = Array.from({ length: 60 }, (_, index) => completed({ id: `f${index}` }));
    there = { fileId: undefined };
    await undo(records, options({ stopped: () => kept.length > 0 }));
    expect(kept.filter(({ status }) => status === 'pending')).to.have.length(25);
  });

  it('has written down what it did before the failure of another one ends it', async () => {
    const records = Array.from({ length: 30 }, (_, index) => completed({ id: `f${index}` }));
    let asked = 0;
    const remove = async () => {
      asked += 1;
      if (asked === 2) throw new Error('AppSync is gone');
    };
    const outcome = await undo(records, options({ media: { remove } })).catch(
      (error: Error) => error.message,
    );
    expect(outcome).to.equal('AppSync is gone');
    expect(kept.filter(({ status }) => status === 'pending')).to.have.length(25);
  });
});
