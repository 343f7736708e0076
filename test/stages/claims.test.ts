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
  it('free what a file has had and has no more: other bytes, or no place at all', () => {
    const claims = new Claims();
    claims.hold(located('one', { md5: A }));
    const twin = located('two', { md5: A, key: 'media/obs-1/6602b.jpg' });
    expect(claims.take(twin).status).to.equal('duplicate');
    claims.releaseStale(located('one', { md5: B }));
    expect(claims.take(twin)).to.equal(twin);
    const namesake = located('three', { md5: 'c'.repeat(32) });
    expect(claims.take(namesake).error).to.include({ code: 'key_collision', first: 'one' });
    claims.releaseStale({ ...located('one'), key: undefined });
    expect(claims.take(namesake)).to.equal(namesake);
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
