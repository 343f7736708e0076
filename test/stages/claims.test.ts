import { expect } from 'chai';
import fc from 'fast-check';
import { byCleanness, Claims } from '../../stages/claims.ts';
import type { FileRecord } from '../../stages/record.ts';
import { fileRecord } from './flow.ts';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);

function located(id: string, fields: Partial<FileRecord> = {}): FileRecord & { key: string } {
  const key = fields.key ?? 'media/obs-1/6602.jpg';
  return {
    ...fileRecord({
      id,
      sequentialIds: [6602],
      observations: [{ sequentialId: 6602, id: 'obs-1' }],
      missing: [],
      ...fields,
    }),
    key,
  };
}

describe('Claims', () => {
  it('keep the same bytes apart under other ids, other order of ids or another prefix', () => {
    const claims = new Claims();
    const others: Partial<FileRecord>[] = [
      { sequentialIds: [6602] },
      { sequentialIds: [6603] },
      { sequentialIds: [6602, 6603] },
      { sequentialIds: [6602], prefix: 'E' },
      { sequentialIds: [66, 2] },
    ];
    others.forEach((fields, index) => {
      const record = located(`f${index}`, { md5: A, key: `media/obs/${index}.jpg`, ...fields });
      expect(claims.take(record)).to.equal(record);
    });
  });

  it('take from a stopped file what it did not get, so that a later run asks again', () => {
    const claims = new Claims();
    claims.take(located('one', { md5: A }));
    const duplicate = claims.take(located('two', { md5: A, note: 'mine' }));
    expect(duplicate).to.include({ note: 'mine' });
    expect(duplicate).to.have.any.keys('observations').and.not.to.have.any.keys('key');
    const collision = claims.take(located('two', { md5: B, note: 'mine' }));
    expect(collision).to.include({ note: 'mine' });
    expect(collision).not.to.have.any.keys('key', 'observations', 'missing');
  });

  it('free what a file has had and has no more: other bytes, or no place at all', () => {
    const claims = new Claims();
    claims.hold(located('one', { md5: A }));
    const twin = located('two', { md5: A, key: 'media/obs-1/6602b.jpg' });
    expect(claims.take(twin).status).to.equal('duplicate');
    claims.giveUp(located('one', { md5: B }));
    expect(claims.take(twin)).to.equal(twin);
    const namesake = located('three', { md5: 'c'.repeat(32) });
    expect(claims.take(namesake).error).to.include({ code: 'key_collision', first: 'one' });
    claims.giveUp({ ...located('one'), key: undefined });
    expect(claims.take(namesake)).to.equal(namesake);
  });

  it('free nothing of a file when another one gives up the same', () => {
    const claims = new Claims();
    claims.hold(located('one', { md5: A }));
    claims.giveUp({ ...located('two', { md5: A }), key: undefined });
    claims.giveUp(located('one', { md5: A }));
    expect(claims.take(located('three', { md5: A })).error).to.include({ survivor: 'one' });
  });
});

describe('The cleanest of several names', () => {
  it('is the shortest one, then the first in order of name, path and id', () => {
    const sorted = [
      fileRecord({ id: '1', name: '6602.jpg', path: '' }),
      fileRecord({ id: '0', name: '6602.jpg', path: 'a' }),
      fileRecord({ id: '2', name: '6602.jpg', path: 'a' }),
      fileRecord({ id: '3', name: '6602.png', path: '' }),
      fileRecord({ id: '4', name: '6602a.jpg' }),
      fileRecord({ id: '5', name: '6602 (1).jpg' }),
      fileRecord({ id: '6', name: '6602 - Copy.jpg' }),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(sorted, { minLength: sorted.length }), shuffled => {
        expect(shuffled.toSorted(byCleanness)).to.deep.equal(sorted);
      }),
    );
  });
});
