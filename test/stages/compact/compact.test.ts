import { expect } from 'chai';
import fc from 'fast-check';
import { HashIndex, hashOf } from '../../../stages/compact/hash-index.ts';
import { TextSet } from '../../../stages/compact/text-set.ts';
import { TextStore } from '../../../stages/compact/text-store.ts';

describe('A hash index', () => {
  it('finds each text that was added and not removed, also where all have the same few hashes', () => {
    const change = fc.record({ text: fc.nat(60).map(String), remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 300 }), fc.constantFrom(1, 3, 1000), (changes, hashes) => {
        const index = new HashIndex();
        const texts: string[] = [];
        const expected = new Map<string, number>();
        const hash = (text: string) => hashOf(text) % hashes;
        const find = (text: string) => index.find(hash(text), entry => texts[entry] === text);
        for (const { text, remove } of changes) {
          const entry = find(text);
          expect(entry).to.equal(expected.get(text) ?? -1);
          if (remove) {
            index.remove(entry);
            expected.delete(text);
          } else if (entry < 0) {
            index.add(hash(text), texts.push(text) - 1);
            expected.set(text, texts.length - 1);
          }
        }
        expect(index.count).to.equal(expected.size);
        texts.forEach((text, entry) => {
          expect(index.has(entry)).to.equal(expected.get(text) === entry);
        });
      }),
    );
  });

  it('keeps the order of entries with one hash, the latest first, when it grows', () => {
    const index = new HashIndex();
    for (let entry = 0; entry < 5000; entry += 1) index.add(entry % 2500, entry);
    for (let hash = 0; hash < 2500; hash += 1)
      expect([...index.all(hash)]).to.deep.equal([hash + 2500, hash]);
    expect([...index.all(2500)]).to.deep.equal([]);
  });

  it('spreads ids that differ in few places', () => {
    const hashes = new Set(Array.from({ length: 10_000 }, (_, index) => hashOf(`1KjL-${index}`) & 0xffff));
    // 10,000 balls in 65,536 boxes: 9,280 boxes are hit on average.
    expect(hashes.size).to.be.above(9000);
  });
});

describe('A text store', () => {
  it('gives back every text as it was, lone surrogates too', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('\ud800', 'a', '\0') }),
    );
    fc.assert(
      fc.property(fc.array(text), texts => {
        const store = new TextStore();
        const numbers = texts.map(each => store.add(each));
        expect(numbers).to.deep.equal(texts.map((_, index) => index));
        expect(numbers.map(number => store.get(number))).to.deep.equal(texts);
      }),
    );
  });

  it('keeps texts of any length, and more than fit into one block', () => {
    const store = new TextStore();
    const texts = [0, 1, 700_000, 400_000, 1024 * 1024, 3_000_000, 5].map(length => 'x'.repeat(length));
    for (const text of texts) store.add(text);
    texts.forEach((text, number) => {
      expect(store.get(number) === text, `${text.length}`).to.equal(true);
    });
  });
});

describe('A text set', () => {
  it('holds what was added, once', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 3 })), texts => {
        const set = new TextSet();
        const seen = new Set<string>();
        for (const text of texts) {
          expect(set.has(text)).to.equal(seen.has(text));
          expect(set.add(text)).to.equal(!seen.has(text));
          seen.add(text);
        }
      }),
    );
  });
});
