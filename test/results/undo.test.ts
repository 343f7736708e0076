import { expect } from 'chai';
import { isUndoable, type UndoOptions, undo } from '../../src/results/undo.ts';
import type { ObjectState } from '../../src/services/s3/objects.ts';
import { mediaIdOf } from '../../stages/media-id.ts';
import type { FileRecord } from '../../stages/record.ts';
import { fileRecord } from '../stages/flow.ts';

const KEY = 'media/obs-1/6602.jpg';
const own = { id: mediaIdOf('obs-1', KEY), observationId: 'obs-1' };
const foreign = { id: 'random', observationId: 'obs-2' };
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
    dryRun: false,
    concurrency: 2,
    stopped: () => false,
    usedBy: () => undefined,
    setBack: records => void log.push(...records.map(({ id }) => `set back ${id}`)),
    keep: record => void kept.push(record),
    ...more,
  });

  it('removes the media records first, then the object, and keeps the record as it was before transfer', async () => {
    expect(await undo([completed()], options())).to.deep.equal({ media: 1, objects: 1, left: [] });
    expect(log).to.deep.equal([`media ${own.id}`, 'set back file-1', `object ${KEY} e1`]);
    const { media: _, ...unlinked } = completed({ status: 'uploaded' });
    expect(kept).to.deep.equal([{ ...unlinked, removing: [own] }, unlinked, resolved()]);
  });

  it('leaves an object that was replaced or put there by something else, but takes its own links back', async () => {
    for (const other of [{ etag: 'e2' }, { fileId: null }, { fileId: 'file-2' }]) {
      there = other;
      const undone = await undo([completed()], options());
      expect(undone).to.include({ media: 1, objects: 0 });
      expect(undone.left[0]).to.include({ id: 'file-1' });
    }
    expect(log.filter(line => line.startsWith('object'))).to.deep.equal([]);
  });

  it('counts an object that is gone as removed', async () => {
    there = null;
    expect(await undo([completed()], options())).to.deep.equal({ media: 1, objects: 1, left: [] });
    expect(log).to.deep.equal([`media ${own.id}`, 'set back file-1']);
  });

  it('leaves what another tool has made as it is, in the cloud and in the record', async () => {
    const taken = resolved({ url: OBJECT.url, media: [foreign], takenOver: true, status: 'completed' });
    expect(isUndoable(taken)).to.equal(false);
    const found = { ...own, found: true as const };
    expect(isUndoable(resolved({ url: OBJECT.url, media: [found], status: 'completed' }))).to.equal(false);
    const linked = { ...taken, media: [foreign, own] };
    expect(await undo([taken, linked], options())).to.deep.equal({ media: 1, objects: 0, left: [] });
    expect(log).to.deep.equal([`media ${own.id}`, 'set back file-1']);
    expect(kept.at(-1)).to.deep.equal({ ...taken, status: 'uploaded' });
  });

  it('removes nothing, writes nothing and looks all the same when it is only to say what it would do', async () => {
    expect(await undo([completed()], options({ dryRun: true }))).to.deep.equal({
      media: 1,
      objects: 1,
      left: [],
    });
    expect([log, kept]).to.deep.equal([[], []]);
    there = { etag: 'e2' };
    expect((await undo([completed()], options({ dryRun: true }))).left).to.have.length(1);
  });

  it('passes over records of which nothing has been made', async () => {
    expect(await undo([resolved(), fileRecord()], options())).to.deep.equal({
      media: 0,
      objects: 0,
      left: [],
    });
    expect(kept).to.deep.equal([]);
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
