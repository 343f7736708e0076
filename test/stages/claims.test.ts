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
  it('give a free key to the first file that asks, and to that file again', () => {
    const claims = new Claims();
    const record = located('one');
    expect(claims.take(record)).to.equal(record);
    expect(claims.take(record)).to.equal(record);
  });

  it('leave the second of two different files for one key to a person, naming the first', () => {
    const claims = new Claims();
    claims.take(located('one', { md5: A, path: '1-500' }));
    const second = claims.take(located('two', { md5: B }));
    expect(second.status).to.equal('needs_review');
    expect(second.error).to.include({ stage: 'resolve', code: 'key_collision', first: 'one' });
    expect(second.error!.message)
      .to.match(/^6602\.jpg \(two\): /)
      .and.to.contain('1-500/6602.jpg (one)');
  });

  it('take two files without md5 for different ones', () => {
    const claims = new Claims();
    claims.take(located('one', { md5: null }));
    expect(claims.take(located('two', { md5: null })).error).to.include({ code: 'key_collision' });
  });

  it('make a file with the same bytes and the same ids a duplicate, also under another name, naming the survivor', () => {
    const claims = new Claims();
    claims.take(located('one', { md5: A }));
    const second = claims.take(located('two', { md5: A, key: 'media/obs-1/6602 (1).jpg' }));
    expect(second.status).to.equal('duplicate');
    expect(second.error).to.include({ code: 'duplicate', survivor: 'one', retryable: false });
  });

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

  it('hold keys and contents of files that earlier runs let through', () => {
    const claims = new Claims();
    claims.hold(located('old', { md5: A, key: 'media/obs-1/old.jpg' }));
    expect(claims.take(located('new', { md5: A, key: 'media/obs-1/new.jpg' })).status).to.equal('duplicate');
    expect(claims.take(located('other', { md5: B, key: 'media/obs-1/old.jpg' })).status).to.equal(
      'needs_review',
    );
    const old = located('old', { md5: A, key: 'media/obs-1/old.jpg' });
    expect(claims.take(old)).to.equal(old);
  });

  it('hold nothing for a file without key', () => {
    const claims = new Claims();
    claims.hold(fileRecord({ id: 'old', md5: A, sequentialIds: [6602] }));
    expect(claims.take(located('new', { md5: A })).status).to.equal('pending');
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
